//! Stopping and going on: job control's half of the life of a process (`signal(7)`, "Stop" and "Cont").

use super::children::Event;
use super::table::Process;
use super::{end, tree};
use crate::sched::WaitQueue;
use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use threadbare_machine::sync::SpinLock;

/// What a parent may be told by `wait(2)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Stopped by this signal.
    Stopped(u8),
    /// Goes on.
    Continued,
}

/// How many processes are stopped.
static STOPPED: AtomicUsize = AtomicUsize::new(0);

/// Whether any process is stopped.
pub(super) fn any() -> bool {
    STOPPED.load(Ordering::Relaxed) != 0
}

/// Whether a process is stopped.
#[derive(Default)]
pub(super) struct Stop {
    /// The signal that has stopped it; 0 while it runs.
    signal: AtomicU8,
    /// What its parent has not been told yet.
    untold: SpinLock<Option<Change>>,
    /// Woken when it goes on.
    goes_on: WaitQueue,
}

impl Stop {
    pub(super) fn is_stopped(&self) -> bool {
        self.signal.load(Ordering::Relaxed) != 0
    }

    /// It is stopped no longer; whether it was.
    pub(super) fn clear(&self) -> bool {
        let was = self.signal.swap(0, Ordering::Relaxed) != 0;
        if was {
            STOPPED.fetch_sub(1, Ordering::Relaxed);
        }
        was
    }

    /// What there is to tell, of what is asked for; told only once unless `keep`.
    pub(super) fn untold(&self, stopped: bool, continued: bool, keep: bool) -> Option<Change> {
        let mut untold = self.untold.lock();
        let wanted = match (*untold)? {
            Change::Stopped(_) => stopped,
            Change::Continued => continued,
        };
        if !wanted {
            None
        } else if keep {
            *untold
        } else {
            untold.take()
        }
    }
}

impl Process {
    /// Stops all its threads before they return to ring 3; its parent is told. An ending process does not stop.
    pub fn stop(&self, signal: u8) {
        let before = self.stop.signal.swap(signal, Ordering::Relaxed);
        if before != 0 {
            return;
        }
        STOPPED.fetch_add(1, Ordering::Relaxed);
        if self.status().is_some() {
            return;
        }
        *self.stop.untold.lock() = Some(Change::Stopped(signal));
        self.wake_threads(); // those that wait in a system call leave it, to wait as stopped ones
        end::tell_parent(self, Event::Stopped(signal));
    }

    /// Lets it go on if it is stopped; its parent is told.
    pub fn resume(&self) {
        if !self.stop.clear() {
            return;
        }
        *self.stop.untold.lock() = Some(Change::Continued);
        self.stop.goes_on.wake_all();
        end::tell_parent(self, Event::Continued);
    }

    /// Whether its threads shall not run.
    pub fn is_stopped(&self) -> bool {
        self.stop.is_stopped()
    }

    /// Waits while it is stopped and does not end. What ends or continues a process wakes its threads.
    pub(super) fn wait_while_stopped(&self) {
        let goes = || (!self.is_stopped() || self.status().is_some()).then_some(());
        self.stop.goes_on.wait(goes);
    }
}

/// Whether stopping the group of `process` from the keyboard makes sense: somebody could continue it.
pub fn may_stop_from_terminal(process: &Process) -> bool {
    !tree::is_orphaned_group(process.group())
}
