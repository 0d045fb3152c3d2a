//! A lock for a few instructions: taken by one exchange, given back by a store.
//!
//! Nobody switches or waits while holding one, so a holder is at most preempted by the operating system; then the others give up their
//! time slice too.

#![allow(unsafe_code, reason = "fenced: a lock's cell")]

use std::cell::UnsafeCell;
use std::ops::{Deref, DerefMut};

use super::shim::{AtomicBool, Ordering, constant, spin_loop, yield_now};

/// Looks before a waiter gives up its time slice. The tools that try interleavings need none.
const SPINS: u32 = if cfg!(any(miri, test)) { 0 } else { 64 };

/// Data behind a spinning lock.
pub(crate) struct Spin<T> {
    locked: AtomicBool,
    data: UnsafeCell<T>,
}

// SAFETY: the data is reached through one guard at a time.
unsafe impl<T: Send> Sync for Spin<T> {}

/// Access; unlocks on drop.
pub(crate) struct SpinGuard<'a, T> {
    lock: &'a Spin<T>,
    not_send: std::marker::PhantomData<*const ()>,
}

impl<T> Spin<T> {
    constant! {
        pub(crate) fn new(data: T) -> Spin<T> {
            Spin {
                locked: AtomicBool::new(false),
                data: UnsafeCell::new(data),
            }
        }
    }

    #[inline]
    pub(crate) fn lock(&self) -> SpinGuard<'_, T> {
        // Acquire pairs with the release of the holder before.
        while self
            .locked
            .compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed)
            .is_err()
        {
            self.wait();
        }
        SpinGuard {
            lock: self,
            not_send: std::marker::PhantomData,
        }
    }

    /// Waits a little until it looks free.
    #[cold]
    fn wait(&self) {
        let mut looks = SPINS;
        while looks > 0 {
            if !self.locked.load(Ordering::Relaxed) {
                return;
            }
            spin_loop();
            looks -= 1;
        }
        yield_now();
    }
}

impl<T> Deref for SpinGuard<'_, T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the guard has the lock.
        unsafe { &*self.lock.data.get() }
    }
}

impl<T> DerefMut for SpinGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard has the lock, and is borrowed exclusively.
        unsafe { &mut *self.lock.data.get() }
    }
}

impl<T> Drop for SpinGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.lock.locked.store(false, Ordering::Release);
    }
}
