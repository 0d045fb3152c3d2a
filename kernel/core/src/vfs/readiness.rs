//! [`Readiness`]: what `poll(2)` says of a file; and [`Watchers`]: who is told when that changes.
//!
//! The operations of a file that is not always ready own a [`Watchers`]. Whoever waits enters it, looks at
//! [`FileOperations::poll`](super::FileOperations::poll), and sleeps if that says nothing; whoever changes what `poll`
//! says calls [`Watchers::notify`] afterwards. So each notification is an edge in the sense of `epoll(7)`, and only
//! those are told who asked for what came.
//!
//! Invariants:
//! 1. A change and the `poll` that looks for it take the same lock (or are otherwise in one order). Then a watcher that
//!    was entered before the look is seen by the notification after the change, or the look saw the change.
//! 2. [`Watchers::notify`] is called with no lock held that any `poll` takes, and may be called in interrupts: watchers
//!    neither wait nor allocate nor poll.
//! 3. The lock of a list is held while its watchers are told. A watcher may notify another list (an epoll instance is
//!    itself watched), never one that leads back: `epoll_ctl(2)` keeps such cycles from being made.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::ops::BitOr;
use core::sync::atomic::{AtomicUsize, Ordering};

use linux_raw_sys::general as linux;
use threadbare_machine::sync::SpinLock;

use crate::error::Errno;

/// What is ready, as a set of the `POLL*` bits of `poll(2)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Readiness(u32);

impl Readiness {
    /// Nothing.
    pub const NONE: Readiness = Readiness(0);
    /// A read would not wait.
    pub const READ: Readiness = Readiness(linux::POLLIN | linux::POLLRDNORM);
    /// A write would not wait.
    pub const WRITE: Readiness = Readiness(linux::POLLOUT | linux::POLLWRNORM);
    /// There is something exceptional to read.
    pub const PRIORITY: Readiness = Readiness(linux::POLLPRI);
    /// An error is pending, or nobody reads any more.
    pub const ERROR: Readiness = Readiness(linux::POLLERR);
    /// Nobody writes any more.
    pub const HANG_UP: Readiness = Readiness(linux::POLLHUP);
    /// The other side sends nothing more.
    pub const READ_HANG_UP: Readiness = Readiness(linux::POLLRDHUP);
    /// The descriptor is not open.
    pub const INVALID: Readiness = Readiness(linux::POLLNVAL);
    /// What is told without being asked for.
    pub const ALWAYS: Readiness = Readiness(linux::POLLERR | linux::POLLHUP);
    /// Everything that a file can say.
    pub const ALL: Readiness = Readiness(!linux::POLLNVAL);

    /// The set of these `POLL*` bits.
    pub const fn from_bits(bits: u32) -> Readiness {
        Readiness(bits)
    }

    /// The `POLL*` bits.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether any of `other` is among them.
    pub const fn intersects(self, other: Readiness) -> bool {
        self.0 & other.0 != 0
    }

    /// What is in both.
    #[must_use]
    pub const fn and(self, other: Readiness) -> Readiness {
        Readiness(self.0 & other.0)
    }

    /// Both, as `|` in constants.
    #[must_use]
    pub const fn or(self, other: Readiness) -> Readiness {
        Readiness(self.0 | other.0)
    }

    /// Whether nothing is ready.
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
}

impl BitOr for Readiness {
    type Output = Readiness;

    fn bitor(self, other: Readiness) -> Readiness {
        self.or(other)
    }
}

/// Who wants to know that a file may have become ready.
pub trait Watcher: Send + Sync {
    /// `ready`, or a part of it, may have come true. Returns whether this woke somebody who will look: an exclusive
    /// watcher that did is the only one of its kind to be told.
    ///
    /// Called with the lock of a list held, perhaps in an interrupt: see the invariants of the module.
    fn notified(&self, ready: Readiness) -> bool;
}

/// The watchers of a file.
pub struct Watchers {
    /// How many there are, so that notifying nobody costs one look.
    count: AtomicUsize,
    entries: SpinLock<Vec<Entry>>,
}

struct Entry {
    watcher: Arc<dyn Watcher>,
    interest: Readiness,
    exclusive: bool,
}

impl Watchers {
    /// Nobody.
    pub const fn new() -> Watchers {
        Watchers {
            count: AtomicUsize::new(0),
            entries: SpinLock::new(Vec::new()),
        }
    }

    /// Tells `watcher` from now on what concerns `interest`. Of the exclusive ones, each notification tells one, in
    /// turn. It may be entered several times.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn add(&self, watcher: Arc<dyn Watcher>, interest: Readiness, exclusive: bool) -> Result<(), Errno> {
        let mut entries = self.entries.lock();
        entries.try_reserve(1)?;
        entries.push(Entry {
            watcher,
            interest,
            exclusive,
        });
        self.count.store(entries.len(), Ordering::Relaxed);
        Ok(())
    }

    /// Takes one entry of `watcher` back, if there is one.
    pub fn remove(&self, watcher: &Arc<dyn Watcher>) {
        let mut entries = self.entries.lock();
        let found = entries
            .iter()
            .position(|entry| core::ptr::addr_eq(Arc::as_ptr(&entry.watcher), Arc::as_ptr(watcher)));
        let removed = found.map(|at| entries.remove(at));
        self.count.store(entries.len(), Ordering::Relaxed);
        drop(entries);
        drop(removed);
    }

    /// What poll says has changed: `ready` is what may have come true. Too much only costs time; too little loses
    /// wake-ups. It is no use to tell that something is no longer ready.
    #[inline]
    pub fn notify(&self, ready: Readiness) {
        // Invariant 1 orders this load: who entered before a look that missed the change is counted.
        if self.count.load(Ordering::Relaxed) != 0 {
            self.tell(ready);
        }
    }

    #[cold]
    fn tell(&self, ready: Readiness) {
        let mut entries = self.entries.lock();
        let mut chosen = None;
        for (at, entry) in entries.iter().enumerate() {
            if !entry.interest.intersects(ready) || (entry.exclusive && chosen.is_some()) {
                continue;
            }
            if entry.watcher.notified(ready) && entry.exclusive {
                chosen = Some(at);
            }
        }
        // Next time it is another one's turn.
        if let Some(at) = chosen
            && let Some(rest) = entries.get_mut(at..)
        {
            rest.rotate_left(1);
        }
    }
}

impl Default for Watchers {
    fn default() -> Watchers {
        Watchers::new()
    }
}

impl fmt::Debug for Watchers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watchers").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use std::vec::Vec;

    /// Remembers what it was told.
    #[derive(Default)]
    struct Log(Mutex<Vec<Readiness>>);

    impl Watcher for Log {
        fn notified(&self, ready: Readiness) -> bool {
            self.0.lock().unwrap().push(ready);
            true
        }
    }

    impl Log {
        fn told(&self) -> usize {
            self.0.lock().unwrap().len()
        }
    }

    #[test]
    fn who_asked_for_something_else_is_not_told() {
        let (watchers, reader, writer) = (
            Watchers::new(),
            Arc::new(Log::default()),
            Arc::new(Log::default()),
        );
        watchers.add(reader.clone(), Readiness::READ, false).unwrap();
        watchers.add(writer.clone(), Readiness::WRITE, false).unwrap();
        watchers.notify(Readiness::READ);
        assert_eq!((reader.told(), writer.told()), (1, 0));
    }

    #[test]
    fn exclusive_watchers_take_turns_and_the_others_are_all_told() {
        let watchers = Watchers::new();
        let logs: Vec<_> = (0..4).map(|_| Arc::new(Log::default())).collect();
        for (at, log) in logs.iter().enumerate() {
            watchers.add(log.clone(), Readiness::READ, at > 0).unwrap();
        }
        for _ in 0..3 {
            watchers.notify(Readiness::READ);
        }
        let told: Vec<_> = logs.iter().map(|log| log.told()).collect();
        assert_eq!(told, [3, 1, 1, 1]);
    }

    #[test]
    fn each_entry_is_taken_back_once() {
        let (watchers, log) = (Watchers::new(), Arc::new(Log::default()));
        let watcher: Arc<dyn Watcher> = log.clone();
        watchers.add(watcher.clone(), Readiness::READ, false).unwrap();
        watchers.add(watcher.clone(), Readiness::READ, false).unwrap();
        watchers.remove(&watcher);
        watchers.notify(Readiness::READ);
        watchers.remove(&watcher);
        watchers.notify(Readiness::READ);
        assert_eq!(log.told(), 1);
    }
}
