//! An atomic `Option<&'static T>`.
//!
//! Control blocks and workers are never freed (`rt::stack`), so links between them are plain `'static` references, and
//! the engine's lists need no unsafe code. This is the one place that turns the pointer back into a reference.

#![allow(unsafe_code, reason = "fenced: pointer back to reference, nothing else")]

use super::shim::{AtomicPtr, Ordering};

/// Invariant: the pointer is null or came from a `&'static T`.
pub(crate) struct AtomicRef<T: 'static>(AtomicPtr<T>);

fn raw<T>(value: Option<&'static T>) -> *mut T {
    value.map_or(std::ptr::null_mut(), |value| std::ptr::from_ref(value).cast_mut())
}

/// # Safety
/// `pointer` is null or came from a `&'static T`.
unsafe fn back<T>(pointer: *mut T) -> Option<&'static T> {
    // SAFETY: the caller's promise; the reference is shared, and `T`'s own types govern what may be done with it.
    unsafe { pointer.as_ref() }
}

impl<T> AtomicRef<T> {
    pub(crate) fn none() -> Self {
        AtomicRef(AtomicPtr::new(std::ptr::null_mut()))
    }

    pub(crate) fn load(&self, order: Ordering) -> Option<&'static T> {
        // SAFETY: the invariant.
        unsafe { back(self.0.load(order)) }
    }

    pub(crate) fn store(&self, value: Option<&'static T>, order: Ordering) {
        self.0.store(raw(value), order);
    }

    pub(crate) fn swap(&self, value: Option<&'static T>, order: Ordering) -> Option<&'static T> {
        // SAFETY: the invariant.
        unsafe { back(self.0.swap(raw(value), order)) }
    }

    /// Weak compare-exchange; the error is what was seen.
    pub(crate) fn exchange(
        &self,
        from: Option<&'static T>,
        to: Option<&'static T>,
        success: Ordering,
        failure: Ordering,
    ) -> Result<(), Option<&'static T>> {
        match self.0.compare_exchange_weak(raw(from), raw(to), success, failure) {
            Ok(_) => Ok(()),
            // SAFETY: the invariant.
            Err(seen) => Err(unsafe { back(seen) }),
        }
    }
}
