//! A value that is made when it is first used.

#![allow(unsafe_code, reason = "fenced: a union that a once guards")]

use std::cell::UnsafeCell;
use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::panic::{RefUnwindSafe, UnwindSafe};

use super::Once;

/// What the cell holds: by the state of the once, `make` before it completes, `value` after, nothing if poisoned.
union Data<T, F> {
    value: ManuallyDrop<T>,
    make: ManuallyDrop<F>,
}

/// A value that is made on first access. As [`std::sync::LazyLock`].
pub struct LazyLock<T, F = fn() -> T> {
    once: Once,
    data: UnsafeCell<Data<T, F>>,
}

// SAFETY: shared references to the value go to many threads; the value and the closure move to one of them.
unsafe impl<T: Sync + Send, F: Send> Sync for LazyLock<T, F> {}
impl<T: RefUnwindSafe + UnwindSafe, F: UnwindSafe> RefUnwindSafe for LazyLock<T, F> {}
impl<T: UnwindSafe, F: UnwindSafe> UnwindSafe for LazyLock<T, F> {}

#[cold]
fn poisoned() -> ! {
    panic!("LazyLock instance has previously been poisoned")
}

impl<T, F: FnOnce() -> T> LazyLock<T, F> {
    /// A value that `make` will make.
    #[inline]
    pub const fn new(make: F) -> LazyLock<T, F> {
        LazyLock {
            once: Once::new(),
            data: UnsafeCell::new(Data {
                make: ManuallyDrop::new(make),
            }),
        }
    }

    /// The value; makes it if need be.
    ///
    /// # Panics
    /// If making it panics, or has panicked before.
    #[inline]
    pub fn force(this: &LazyLock<T, F>) -> &T {
        this.once.call_once_force(|state| {
            if state.is_poisoned() {
                poisoned();
            }
            // SAFETY: inside the once nobody else has access. The closure is there, and moved out once: should it panic, the
            // once is poisoned, and the cell counts as empty.
            unsafe {
                let data = &mut *this.data.get();
                let make = ManuallyDrop::take(&mut data.make);
                data.value = ManuallyDrop::new(make());
            }
        });
        // SAFETY: the once has completed, so the value is there and never changed through a shared reference.
        unsafe { &(*this.data.get()).value }
    }

    /// The value, exclusively; makes it if need be.
    ///
    /// # Panics
    /// As [`force`](Self::force).
    #[inline]
    pub fn force_mut(this: &mut LazyLock<T, F>) -> &mut T {
        if this.once.is_poisoned_mut() {
            poisoned();
        }
        LazyLock::force(this);
        // SAFETY: the once has completed.
        unsafe { &mut this.data.get_mut().value }
    }
}

impl<T, F> LazyLock<T, F> {
    /// The value, if it has been made.
    ///
    /// # Panics
    /// If making it panicked.
    #[inline]
    pub fn get(this: &LazyLock<T, F>) -> Option<&T> {
        if this.once.is_completed() {
            // SAFETY: the once has completed.
            return Some(unsafe { &(*this.data.get()).value });
        }
        if this.once.is_poisoned() {
            poisoned();
        }
        None
    }

    /// The value, exclusively, if it has been made.
    ///
    /// # Panics
    /// If making it panicked.
    #[inline]
    pub fn get_mut(this: &mut LazyLock<T, F>) -> Option<&mut T> {
        if this.once.is_completed_mut() {
            // SAFETY: the once has completed.
            return Some(unsafe { &mut this.data.get_mut().value });
        }
        if this.once.is_poisoned_mut() {
            poisoned();
        }
        None
    }
}

impl<T, F> Drop for LazyLock<T, F> {
    fn drop(&mut self) {
        let data = self.data.get_mut();
        // SAFETY: the state of the once says which part is there; it is dropped here and the cell ends.
        unsafe {
            if self.once.is_completed_mut() {
                ManuallyDrop::drop(&mut data.value);
            } else if !self.once.is_poisoned_mut() {
                ManuallyDrop::drop(&mut data.make);
            }
        }
    }
}

impl<T, F: FnOnce() -> T> Deref for LazyLock<T, F> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        LazyLock::force(self)
    }
}

impl<T, F: FnOnce() -> T> DerefMut for LazyLock<T, F> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        LazyLock::force_mut(self)
    }
}

impl<T: Default> Default for LazyLock<T> {
    fn default() -> LazyLock<T> {
        LazyLock::new(T::default)
    }
}

impl<T: fmt::Debug, F> fmt::Debug for LazyLock<T, F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut output = formatter.debug_tuple("LazyLock");
        if self.once.is_completed() {
            // SAFETY: the once has completed.
            output.field(unsafe { &*(*self.data.get()).value });
        } else {
            output.field(&format_args!("<uninit>"));
        }
        output.finish()
    }
}
