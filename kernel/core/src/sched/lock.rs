//! [`Mutex`]: a lock whose waiters sleep.

use super::WaitQueue;
use core::fmt;
use core::ops::{Deref, DerefMut};
use threadbare_machine::sync::{SpinGuard, SpinLock};

/// A lock that may be held while waiting for other things. Not for interrupt handlers.
///
/// The value moves into the guard and back, so that the lock needs no unsafe code: an absent value means "held".
pub struct Mutex<T> {
    value: SpinLock<Option<T>>,
    queue: WaitQueue,
}

/// Access to the value of a held [`Mutex`].
#[must_use]
pub struct MutexGuard<'a, T> {
    mutex: &'a Mutex<T>,
    /// Present until the guard is dropped.
    value: Option<T>,
}

impl<T> Mutex<T> {
    /// An unlocked lock.
    pub const fn new(value: T) -> Self {
        Mutex {
            value: SpinLock::new(Some(value)),
            queue: WaitQueue::new(),
        }
    }

    /// Waits for the lock.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        let value = self.queue.wait(|| self.free().take());
        MutexGuard {
            mutex: self,
            value: Some(value),
        }
    }

    /// Takes the lock if it is free.
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        let value = self.free().take()?;
        Some(MutexGuard {
            mutex: self,
            value: Some(value),
        })
    }

    fn free(&self) -> SpinGuard<'_, Option<T>> {
        self.value.lock()
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_ref().expect("a guard holds the value")
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_mut().expect("a guard holds the value")
    }
}

impl<T> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        *self.mutex.free() = self.value.take();
        self.mutex.queue.wake_one();
    }
}

impl<T> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mutex").finish_non_exhaustive()
    }
}
