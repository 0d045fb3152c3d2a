//! The machine's terminal: its keys and its screen are the host's, through the link.
//!
//! A task of the kernel's own serves what comes from the host: keys, a new size, signals for the program, and the news that
//! there is room on the screen. Output is sent by whoever makes it, as far as there is room, and by that task later.
//!
//! Keys are asked for whenever they could be taken, not only when a program reads: an interrupt is for those who do not.

use super::terminal::{Far, Terminal};
use super::{devices, numbers, session, slave};
use crate::error::Errno;
use crate::host;
use crate::process::{self, Process};
use crate::sched;
use crate::signal::{Signal, SignalInfo};
use crate::vfs::{Credentials, Descriptor, OpenFlags};
use alloc::sync::Arc;
use alloc::vec::Vec;
use linux_raw_sys::general::{IUTF8, O_RDWR};
use threadbare_link::{Console, WindowSize};
use threadbare_machine::sync::Once;
use threadbare_machine::task::Registers;
use threadbare_tty::Settings;

/// Bytes sent to the screen at once, and keys asked for.
const CHUNK: usize = 2048;

static CONSOLE: Once<Arc<Terminal>> = Once::new();

/// The machine's terminal, if it has one.
pub(super) fn get() -> Option<Arc<Terminal>> {
    CONSOLE.get().cloned()
}

/// Makes the machine's terminal: it controls the first process, and is its standard input, output and error.
///
/// # Errors
/// `ENOMEM`.
pub fn open(process: &Process, console: Console, window: WindowSize) -> Result<(), Errno> {
    let mut settings = Settings::COOKED;
    if console.utf8 {
        settings.iflag |= IUTF8;
    }
    let terminal = numbers::create(settings, devices::attributes_of(0), Far::Host)?;
    terminal.with(|state| state.window = window);
    CONSOLE.get_or_init(|| terminal.clone());
    session::begin(&terminal, process);
    let flags = OpenFlags::internal(O_RDWR);
    let file = slave::open_file(&terminal, &process.fs, &Credentials::root(), flags)?;
    let limit = process.limits.lock().open_files();
    for fd in 0..3 {
        let descriptor = Descriptor {
            file: file.clone(),
            close_on_exec: false,
        };
        process.files.lock().replace(descriptor, fd, limit)?;
    }
    Ok(())
}

/// Starts the task that serves what comes from the host; with `keyboard`, keys too.
///
/// # Errors
/// `ENOMEM`.
pub fn serve(keyboard: bool) -> Result<(), Errno> {
    sched::spawn("host", sched::KernelData::default(), Registers::None, move || {
        let mut keys = Keys {
            wanted: keyboard,
            taken: 0,
            waiting: Vec::new(),
        };
        loop {
            host::console::wait(|| keys.work());
        }
    })
    .map_err(|_| Errno::ENOMEM)?;
    Ok(())
}

/// Keys that have come and found no room yet.
struct Keys {
    /// Whether there are keys, and they have not come to an end.
    wanted: bool,
    waiting: Vec<u8>,
    /// How many of those have been taken.
    taken: usize,
}

impl Keys {
    /// Does one thing, if there is something to do.
    fn work(&mut self) -> Option<()> {
        if let Some(signal) = host::console::take_signal() {
            pass(signal);
            return Some(());
        }
        if let Some(window) = host::console::take_window() {
            resize(window);
            return Some(());
        }
        let terminal = get()?;
        self.type_on(&terminal)
    }

    fn type_on(&mut self, terminal: &Terminal) -> Option<()> {
        if terminal.with(|state| state.discipline.has_output()) && host::console::room() > 0 {
            send_output(terminal);
        }
        if !self.wanted || !terminal.with(|state| state.discipline.can_receive()) {
            return None;
        }
        if self.taken == self.waiting.len() {
            match host::console::take_keys(CHUNK)? {
                Ok(keys) if !keys.is_empty() => {
                    self.waiting = keys;
                    self.taken = 0;
                }
                // The host's terminal is gone.
                _ => {
                    self.wanted = false;
                    terminal.hang_up();
                    return Some(());
                }
            }
        }
        let keys = self.waiting.get(self.taken..).unwrap_or_default();
        self.taken += terminal.receive(keys);
        Some(())
    }
}

/// Passes a signal on, as the host's terminal or user sends it: to the group of the first process.
fn pass(number: u8) {
    if let (Some(first), Ok(signal)) = (process::first_process(), Signal::new(usize::from(number))) {
        process::send_to_group(first.group(), SignalInfo::from_kernel(signal));
    }
}

fn resize(window: WindowSize) {
    match get() {
        Some(terminal) => terminal.set_window(window),
        None if host::set_window(window) => pass(Signal::SIGWINCH.number()),
        None => {}
    }
}

/// Sends what there is for the screen, as far as there is room.
pub(super) fn send_output(terminal: &Terminal) {
    let mut buffer = [0; CHUNK];
    loop {
        // Under the lock of the state, so that what leaves it first arrives first.
        let more = terminal.with(|state| {
            let room = host::console::room().min(CHUNK);
            let bytes = buffer.get_mut(..room).unwrap_or_default();
            let count = state.take_output(bytes);
            let sent = count > 0 && host::console::show(bytes.get(..count).unwrap_or_default());
            sent && state.discipline.has_output()
        });
        if !more {
            return;
        }
    }
}

/// Waits until the screen has shown what it can: before the machine ends. What was stopped by a key stays behind.
pub fn finish() {
    if let Some(terminal) = get() {
        let shown = || (!terminal.with(|state| state.discipline.has_output())).then_some(());
        host::console::wait(|| {
            send_output(&terminal);
            shown()
        });
    }
}

/// There is room for keys again.
pub(super) fn there_is_room() {
    host::console::look_again();
}
