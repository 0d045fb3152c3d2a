//! Mutual exclusion with the data inside.

#![allow(unsafe_code, reason = "fenced: a lock's cell")]

use std::cell::UnsafeCell;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::{LockResult, TryLockError, TryLockResult};

use super::poison::{Entry, Flag};
use super::raw::RawMutex;

/// Mutual exclusion. As [`std::sync::Mutex`].
pub struct Mutex<T: ?Sized> {
    raw: RawMutex,
    poison: Flag,
    data: UnsafeCell<T>,
}

// SAFETY: the data is reached by one guard at a time, so sharing the mutex only moves access to it between threads.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}
// A panic while the data is changed poisons the mutex.
impl<T: ?Sized> std::panic::UnwindSafe for Mutex<T> {}
impl<T: ?Sized> std::panic::RefUnwindSafe for Mutex<T> {}

/// Access to a mutex's data; unlocks on drop. As [`std::sync::MutexGuard`].
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MutexGuard<'a, T: ?Sized + 'a> {
    lock: &'a Mutex<T>,
    entry: Entry,
    /// A guard stays with its thread, as std's.
    not_send: PhantomData<*const ()>,
}

// SAFETY: a shared guard gives a shared reference to the data.
unsafe impl<T: ?Sized + Sync> Sync for MutexGuard<'_, T> {}

impl<T> Mutex<T> {
    /// An unlocked mutex.
    #[inline]
    pub const fn new(value: T) -> Mutex<T> {
        Mutex {
            raw: RawMutex::new(),
            poison: Flag::new(),
            data: UnsafeCell::new(value),
        }
    }

    /// The data.
    ///
    /// # Errors
    /// If the mutex is poisoned; the error holds the data.
    pub fn into_inner(self) -> LockResult<T> {
        self.poison.check(self.data.into_inner())
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Locks, waiting until nobody else has the lock.
    ///
    /// # Errors
    /// If the mutex is poisoned; the error holds the guard.
    #[inline]
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        self.raw.lock();
        self.guard()
    }

    /// Locks if nobody has the lock.
    ///
    /// # Errors
    /// If somebody has it, or the mutex is poisoned.
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        if self.raw.try_lock() {
            Ok(self.guard()?)
        } else {
            Err(TryLockError::WouldBlock)
        }
    }

    /// The lock was taken just now.
    #[inline]
    fn guard(&self) -> LockResult<MutexGuard<'_, T>> {
        self.poison.check(MutexGuard {
            lock: self,
            entry: self.poison.enter(),
            not_send: PhantomData,
        })
    }

    /// Whether a thread panicked while it had the lock.
    pub fn is_poisoned(&self) -> bool {
        self.poison.get()
    }

    /// Forgets that a thread panicked.
    pub fn clear_poison(&self) {
        self.poison.clear();
    }

    /// The data, without locking: the exclusive borrow shows that nobody has the lock.
    ///
    /// # Errors
    /// If the mutex is poisoned.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        self.poison.check(self.data.get_mut())
    }
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// The mutex that it locks, for conditions.
    pub(super) fn raw(&self) -> &'a RawMutex {
        &self.lock.raw
    }

    pub(super) fn poison(&self) -> &'a Flag {
        &self.lock.poison
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the guard has the lock.
        unsafe { &*self.lock.data.get() }
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard has the lock, and is borrowed exclusively.
        unsafe { &mut *self.lock.data.get() }
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.lock.poison.leave(&self.entry);
        self.lock.raw.unlock();
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MutexGuard<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

impl<T> From<T> for Mutex<T> {
    fn from(value: T) -> Self {
        Mutex::new(value)
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Mutex<T> {
        Mutex::new(T::default())
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut output = formatter.debug_struct("Mutex");
        match self.try_lock() {
            Ok(guard) => output.field("data", &&*guard),
            Err(TryLockError::Poisoned(error)) => output.field("data", &&**error.get_ref()),
            Err(TryLockError::WouldBlock) => output.field("data", &format_args!("<locked>")),
        };
        output
            .field("poisoned", &self.poison.get())
            .finish_non_exhaustive()
    }
}
