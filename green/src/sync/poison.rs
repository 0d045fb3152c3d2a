//! Whether a lock was held by a thread that panicked.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LockResult, PoisonError};

/// The lock's flag.
pub(super) struct Flag(AtomicBool);

/// What a guard remembers: whether its thread was panicking already when it locked.
pub(super) struct Entry {
    panicking: bool,
}

impl Flag {
    pub(super) const fn new() -> Flag {
        Flag(AtomicBool::new(false))
    }

    pub(super) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn clear(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn enter(&self) -> Entry {
        Entry {
            panicking: std::thread::panicking(),
        }
    }

    /// The lock is given up: by a panic that began while it was held?
    #[inline]
    pub(super) fn leave(&self, entry: &Entry) {
        if !entry.panicking && std::thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    /// `guard`, as an error if the lock is poisoned.
    #[inline]
    pub(super) fn check<G>(&self, guard: G) -> LockResult<G> {
        if self.get() {
            Err(PoisonError::new(guard))
        } else {
            Ok(guard)
        }
    }
}
