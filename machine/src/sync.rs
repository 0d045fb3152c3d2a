//! Locks and once-cells for kernel code that may run in interrupts.
//!
//! Rule: no lock of this module is held across a switch of tasks. Holding one disables interrupts, hence preemption.

use crate::irq;
use core::cell::UnsafeCell;
use core::fmt;
use core::mem::MaybeUninit;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// A spin lock that keeps interrupts disabled while it is held.
pub struct SpinLock<T> {
    locked: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: the lock hands the value to one holder at a time, so sending the lock's reference sends at most the value.
unsafe impl<T: Send> Sync for SpinLock<T> {}
// SAFETY: owning the lock is owning the value.
unsafe impl<T: Send> Send for SpinLock<T> {}

impl<T> SpinLock<T> {
    /// An unlocked lock.
    pub const fn new(value: T) -> Self {
        SpinLock {
            locked: AtomicBool::new(false),
            value: UnsafeCell::new(value),
        }
    }

    /// Waits for the lock with interrupts disabled. A CPU that waits for a lock which it holds itself hangs for ever;
    /// with one CPU that is certain, and reported.
    ///
    /// # Panics
    /// When the only CPU waits for itself.
    #[inline]
    pub fn lock(&self) -> SpinGuard<'_, T> {
        self.take(irq::disable())
    }

    /// As [`lock`](SpinLock::lock), for who has disabled interrupts already.
    ///
    /// # Panics
    /// As [`lock`](SpinLock::lock).
    #[inline]
    pub fn lock_within<'a>(&'a self, interrupts: &'a irq::Disabled) -> SpinGuard<'a, T> {
        self.take(interrupts.nested())
    }

    #[inline]
    fn take(&self, interrupts: irq::Disabled) -> SpinGuard<'_, T> {
        // Acquire pairs with the guard's release: the last holder's writes are seen.
        while self
            .locked
            .compare_exchange_weak(false, true, Ordering::Acquire, Ordering::Relaxed)
            .is_err()
        {
            #[cfg(target_os = "none")]
            assert!(
                irq::cpus_online() > 1,
                "a spin lock is taken twice by the only CPU"
            );
            crate::cpu::relax();
        }
        SpinGuard {
            lock: self,
            _interrupts: interrupts,
        }
    }
}

impl<T> SpinLock<T> {
    /// Takes the lock if it is free.
    pub fn try_lock(&self) -> Option<SpinGuard<'_, T>> {
        let interrupts = irq::disable();
        let taken = self
            .locked
            .compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed)
            .is_ok();
        taken.then_some(SpinGuard {
            lock: self,
            _interrupts: interrupts,
        })
    }
}

impl<T: Default> Default for SpinLock<T> {
    fn default() -> Self {
        SpinLock::new(T::default())
    }
}

impl<T> fmt::Debug for SpinLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpinLock").finish_non_exhaustive()
    }
}

/// Access to the value of a held [`SpinLock`]; neither sent nor shared, for the interrupt state belongs to one CPU.
#[must_use]
pub struct SpinGuard<'a, T> {
    lock: &'a SpinLock<T>,
    _interrupts: irq::Disabled,
}

impl<T> Deref for SpinGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the guard is the one holder.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for SpinGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard is the one holder, borrowed exclusively.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for SpinGuard<'_, T> {
    fn drop(&mut self) {
        self.lock.locked.store(false, Ordering::Release);
    }
}

impl<T> fmt::Debug for SpinGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpinGuard").finish_non_exhaustive()
    }
}

const EMPTY: u8 = 0;
const RUNNING: u8 = 1;
const READY: u8 = 2;

/// A value that is set once and then only read. Readers pay one load.
pub struct Once<T> {
    state: AtomicU8,
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: the value is written once, before `READY` is published with release, and only shared after.
unsafe impl<T: Send + Sync> Sync for Once<T> {}

impl<T> Once<T> {
    /// An empty cell.
    pub const fn new() -> Self {
        Once {
            state: AtomicU8::new(EMPTY),
            value: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }

    /// The value, if it has been set.
    #[inline]
    pub fn get(&self) -> Option<&T> {
        // Acquire pairs with the release in `get_or_init`.
        // SAFETY: READY says that the value has been written, for good.
        (self.state.load(Ordering::Acquire) == READY)
            .then(|| unsafe { (*self.value.get()).assume_init_ref() })
    }

    /// The value; the first caller makes it, others wait for that.
    ///
    /// # Panics
    /// When `make` asks for the value that it is making on the only CPU.
    #[inline]
    pub fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
        match self.get() {
            Some(value) => value,
            None => self.initialise(make),
        }
    }

    #[cold]
    fn initialise(&self, make: impl FnOnce() -> T) -> &T {
        if self
            .state
            .compare_exchange(EMPTY, RUNNING, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
        {
            let value = make();
            // SAFETY: only one caller ever gets from EMPTY to RUNNING, and nobody reads before READY.
            unsafe { (*self.value.get()).write(value) };
            self.state.store(READY, Ordering::Release);
        }
        loop {
            if let Some(value) = self.get() {
                return value;
            }
            crate::cpu::relax();
        }
    }
}

impl<T> Default for Once<T> {
    fn default() -> Self {
        Once::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for Once<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Once").field(&self.get()).finish()
    }
}
