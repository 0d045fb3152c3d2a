//! [`Terminal`]: a state, and who waits for it.

use super::console;
use super::jobs;
use super::state::{Attributes, Changes, State};
use crate::error::Errno;
use crate::sched::WaitQueue;
use crate::signal::Signal;
use crate::vfs::{DeviceNumber, Readiness, Watchers};
use alloc::sync::Arc;
use threadbare_link::WindowSize;
use threadbare_machine::sync::SpinLock;
use threadbare_tty::Settings;

/// A terminal.
#[derive(Debug)]
pub struct Terminal {
    /// Its number among `/dev/pts`.
    pub(super) number: u32,
    pub(super) far: Far,
    state: SpinLock<State>,
    /// Those who read the slave.
    pub(super) readers: WaitQueue,
    /// Those who write the slave, or wait until all is written.
    pub(super) writers: WaitQueue,
    /// Those who poll the slave.
    pub(super) watchers: Watchers,
}

/// Where keys come from and output goes.
#[derive(Debug)]
pub(super) enum Far {
    /// The link to the host.
    Host,
    /// A program that has the master.
    Master(Master),
}

/// Those who wait for the slave's side.
#[derive(Debug, Default)]
pub(super) struct Master {
    pub(super) readers: WaitQueue,
    pub(super) writers: WaitQueue,
    pub(super) watchers: Watchers,
}

impl Terminal {
    /// # Errors
    /// `ENOMEM`.
    pub(super) fn new(
        number: u32,
        far: Far,
        settings: Settings,
        attributes: Attributes,
    ) -> Result<Arc<Terminal>, Errno> {
        Ok(Arc::new(Terminal {
            number,
            far,
            state: SpinLock::new(State::new(settings, attributes)?),
            readers: WaitQueue::new(),
            writers: WaitQueue::new(),
            watchers: Watchers::new(),
        }))
    }

    /// The device number of its slave (`Documentation/admin-guide/devices.txt`: Unix98 PTY slaves).
    pub fn device(&self) -> DeviceNumber {
        DeviceNumber::new(136, self.number)
    }

    /// The process group in its foreground.
    pub fn foreground(&self) -> Option<u32> {
        self.with(|state| state.group)
    }

    /// Whether it has a master that a program holds.
    pub(super) fn master(&self) -> Option<&Master> {
        match &self.far {
            Far::Host => None,
            Far::Master(master) => Some(master),
        }
    }

    /// Does something with its state, and tells those whom that concerns.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock();
        let value = work(&mut state);
        let changes = core::mem::take(&mut state.changes);
        drop(state);
        if changes != Changes::default() {
            self.tell(changes);
        }
        value
    }

    fn tell(&self, changes: Changes) {
        let mut ready = Readiness::NONE;
        if changes.input {
            self.readers.wake_all();
            ready = ready | Readiness::READ | Readiness::HANG_UP;
        }
        if changes.room {
            self.writers.wake_all();
            ready = ready | Readiness::WRITE;
        }
        if !ready.is_none() {
            self.watchers.notify(ready);
        }
        match &self.far {
            Far::Host if changes.output => console::send_output(self),
            Far::Host => {}
            Far::Master(master) => master.tell(changes),
        }
        if changes.key_room && self.master().is_none() {
            console::there_is_room();
        }
    }

    /// Takes keys from the far side, and sends the signals that they are. Returns how many were taken.
    pub(super) fn receive(&self, keys: &[u8]) -> usize {
        let mut taken = 0;
        loop {
            let rest = keys.get(taken..).unwrap_or_default();
            let (count, signal) = self.with(|state| state.receive(rest));
            taken += count;
            match signal {
                Some(signal) => jobs::signal_foreground(self, jobs::signal_of(signal)),
                None => return taken,
            }
        }
    }

    /// Its size.
    pub(super) fn window(&self) -> WindowSize {
        self.with(|state| state.window)
    }

    /// Changes its size; the foreground is told if it is another one.
    pub(super) fn set_window(&self, window: WindowSize) {
        if self.with(|state| core::mem::replace(&mut state.window, window) != window) {
            jobs::signal_foreground(self, Signal::SIGWINCH);
        }
    }

    /// The far side is gone: reads find the end, writes fail, and the session that it controlled is told.
    pub(super) fn hang_up(&self) {
        self.with(|state| {
            state.hung_up = true;
            state.discipline.flush_input();
            state.discipline.flush_output();
            state.changes = Changes::ALL;
        });
        super::session::hung_up(self);
    }
}

impl Master {
    fn tell(&self, changes: Changes) {
        let mut ready = Readiness::NONE;
        if changes.output {
            self.readers.wake_all();
            ready = ready | Readiness::READ | Readiness::HANG_UP | Readiness::PRIORITY;
        }
        if changes.key_room {
            self.writers.wake_all();
            ready = ready | Readiness::WRITE;
        }
        if !ready.is_none() {
            self.watchers.notify(ready);
        }
    }
}
