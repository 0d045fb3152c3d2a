//! Settings and size of a terminal, which its two sides share (`ioctl_tty(2)`).

use super::Terminal;
use super::ioctl::put;
use crate::error::Errno;
use crate::syscall::memory::UserMemory;
use linux_raw_sys::ioctl;
use threadbare_link::WindowSize;
use threadbare_tty::Settings;

/// When new settings count (`tcsetattr(3)`).
#[derive(Clone, Copy)]
enum When {
    Now,
    /// When all output has gone.
    Drained,
    /// Then, and what was typed is forgotten.
    Flushed,
}

/// Whether a request changes settings.
pub(super) fn changes(request: u32) -> bool {
    when(request).is_some()
}

/// When a request's settings count, and whether they are a `struct termios2`.
fn when(request: u32) -> Option<(When, bool)> {
    Some(match request {
        ioctl::TCSETS => (When::Now, false),
        ioctl::TCSETSW => (When::Drained, false),
        ioctl::TCSETSF => (When::Flushed, false),
        ioctl::TCSETS2 => (When::Now, true),
        ioctl::TCSETSW2 => (When::Drained, true),
        ioctl::TCSETSF2 => (When::Flushed, true),
        _ => return None,
    })
}

/// Serves an `ioctl` of either side.
///
/// # Errors
/// As the man page says; `ENOTTY` for what terminals do not have.
pub(super) fn serve(
    terminal: &Terminal,
    request: u32,
    argument: usize,
    memory: &dyn UserMemory,
) -> Result<usize, Errno> {
    if let Some((when, long)) = when(request) {
        return set(terminal, when, long, argument, memory);
    }
    match request {
        ioctl::TCGETS | ioctl::TCGETS2 => {
            let bytes = terminal.with(|state| *state.discipline.settings()).to_bytes();
            let size = if request == ioctl::TCGETS {
                Settings::SIZE
            } else {
                Settings::SIZE_2
            };
            memory.write_bytes(argument, bytes.get(..size).unwrap_or_default())?;
        }
        ioctl::TIOCGWINSZ => memory.write_bytes(argument, &window_bytes(terminal.window()))?,
        ioctl::TIOCSWINSZ => {
            let [rows, columns, width_pixels, height_pixels] = memory.read::<[u16; 4]>(argument)?;
            terminal.set_window(WindowSize {
                rows,
                columns,
                width_pixels,
                height_pixels,
            });
        }
        ioctl::TIOCGETD => return put(memory, argument, 0),
        ioctl::TIOCSETD => {
            if memory.read::<u32>(argument)? != 0 {
                return Err(Errno::EINVAL); // there is no other line discipline
            }
        }
        _ => return Err(Errno::ENOTTY),
    }
    Ok(0)
}

fn set(
    terminal: &Terminal,
    when: When,
    long: bool,
    argument: usize,
    memory: &dyn UserMemory,
) -> Result<usize, Errno> {
    let old = terminal.with(|state| *state.discipline.settings());
    let new = if long {
        Settings::from_bytes(&memory.read(argument)?)
    } else {
        old.from_short_bytes(&memory.read(argument)?)
    };
    if !matches!(when, When::Now) {
        terminal.drain()?;
    }
    terminal.with(|state| {
        if matches!(when, When::Flushed) {
            state.discipline.flush_input();
        }
        state.discipline.set_settings(new);
        // What was no line may be one now, and output may go on.
        state.changes = super::state::Changes::ALL;
    });
    Ok(0)
}

/// `struct winsize`.
pub(crate) fn window_bytes(window: WindowSize) -> [u8; 8] {
    let words = [
        window.rows,
        window.columns,
        window.width_pixels,
        window.height_pixels,
    ];
    let mut bytes = [0; 8];
    for (place, word) in bytes.chunks_exact_mut(2).zip(words) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}
