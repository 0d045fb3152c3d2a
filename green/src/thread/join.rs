//! The end of a thread: its result, and who waits for it.
//!
//! States of `done`:
//!
//! ```text
//!     RUNNING ── join ──▶ the joiner's number ── finish ──▶ DONE   the thread wakes the joiner, who takes the result
//!        ├────────────────────────── finish ──────────────▶ DONE   the result waits for the handle
//!        └── handle dropped ──▶ DETACHED ── finish ───────▶ DONE   the thread drops the result
//! ```
//!
//! Invariants:
//! 1. `result` is written by the thread before `finish`, and touched afterwards by the handle only, or, when detached, by the
//!    thread only.
//! 2. The result is dropped before the thread is counted as ended in its scope, unless its handle, which cannot outlive the
//!    scope, still has it.

#![allow(
    unsafe_code,
    reason = "fenced: the result crosses between threads through a cell"
)]

use std::cell::UnsafeCell;
use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::Result;

use super::header::{Header, Thread};
use super::scope::ScopeData;
use crate::rt::{State, Waiter, sim};

const RUNNING: usize = 0;
const DONE: usize = 1;
/// No waiter has this number: they are addresses of at least 8, with tags of 2 or 4.
const DETACHED: usize = 3;

/// A thread's handle and its result.
#[repr(C)]
pub(super) struct Shared<T> {
    header: Header,
    done: AtomicUsize,
    scope: Option<Arc<ScopeData>>,
    result: UnsafeCell<Option<Result<T>>>,
}

impl<T> Shared<T> {
    /// With two references: the thread's and the handle's.
    pub(super) fn new(name: Option<Box<str>>, scope: Option<Arc<ScopeData>>) -> NonNull<Shared<T>> {
        /// # Safety
        /// The header begins a `Shared<T>` made by the box below.
        unsafe fn free<T>(header: NonNull<Header>) {
            // SAFETY: the caller's promise; a `Shared` begins with its header (`repr(C)`).
            drop(unsafe { Box::from_raw(header.cast::<Shared<T>>().as_ptr()) });
        }
        NonNull::from(Box::leak(Box::new(Shared {
            header: Header::new(2, free::<T>, name),
            done: AtomicUsize::new(RUNNING),
            scope,
            result: UnsafeCell::new(None),
        })))
    }

    /// The thread's last act on it: stores the result and returns the joiner to wake. Gives up the thread's reference.
    ///
    /// # Safety
    /// Called once, by the thread, which owns a reference.
    pub(super) unsafe fn finish(this: NonNull<Shared<T>>, result: Result<T>) -> Option<Waiter> {
        // SAFETY: the thread's reference keeps it alive until `release` below.
        let shared = unsafe { this.as_ref() };
        let scope = shared.scope.clone();
        // SAFETY: invariant 1: nobody else touches the result before `done` says so.
        unsafe { *shared.result.get() = Some(result) };
        // Release publishes the result; acquire sees what a detaching handle did.
        let found = shared.done.swap(DONE, Ordering::AcqRel);
        let mut waiter = None;
        match found {
            RUNNING => {}
            DETACHED => {
                // SAFETY: invariant 1: the handle is gone.
                unsafe { shared.drop_result() };
            }
            joiner => waiter = Some(Waiter::from_bits(joiner)),
        }
        // SAFETY: the thread's own reference.
        unsafe { Header::release(this.cast()) };
        if let Some(scope) = scope {
            scope.thread_ended();
        }
        waiter
    }

    /// # Safety
    /// The caller is the one that may touch the result now.
    unsafe fn drop_result(&self) {
        // SAFETY: the caller's promise.
        let result = unsafe { (*self.result.get()).take() };
        if let (Some(Err(_)), Some(scope)) = (&result, &self.scope) {
            scope.panic_was_not_joined();
        }
        // As std: a result that panics when dropped leaves nobody to tell.
        if catch_unwind(AssertUnwindSafe(|| drop(result))).is_err() {
            eprintln!("threadbare: a thread's result panicked when it was dropped");
            std::process::abort();
        }
    }
}

/// The owned permission to take a thread's result.
pub(super) struct Join<T> {
    /// Owns one reference.
    shared: NonNull<Shared<T>>,
    owns: PhantomData<Shared<T>>,
}

// SAFETY: as std's handles, for any `T`: the result is taken by value by whoever joins, and `spawn` demands `T: Send`.
unsafe impl<T> Send for Join<T> {}
// SAFETY: a shared reference gives the handle of the thread only.
unsafe impl<T> Sync for Join<T> {}

impl<T> Join<T> {
    /// # Safety
    /// Takes over one reference, the only one with this purpose.
    pub(super) unsafe fn new(shared: NonNull<Shared<T>>) -> Join<T> {
        Join {
            shared,
            owns: PhantomData,
        }
    }

    fn shared(&self) -> &Shared<T> {
        // SAFETY: this value owns a reference.
        unsafe { self.shared.as_ref() }
    }

    pub(super) fn thread(&self) -> &Thread {
        // SAFETY: a `Thread` is one pointer to a header, and so is this field: `Shared` begins with its header. The handle that is
        // lent is never dropped, and lives no longer than our reference.
        unsafe { &*std::ptr::from_ref(&self.shared).cast::<Thread>() }
    }

    pub(super) fn is_finished(&self) -> bool {
        sim::point("looks for a thread's end");
        self.shared().done.load(Ordering::Acquire) == DONE
    }

    #[inline(always)]
    pub(super) fn join(self) -> Result<T> {
        let shared = self.shared();
        if !self.is_finished() {
            // Returns at once if the thread has finished meanwhile.
            let waiter = Waiter::current();
            waiter.note_subject(usize::try_from(shared.header.id.number()).unwrap_or(0));
            waiter.wait_in(&shared.done, RUNNING, State::Joining);
            // Acquire pairs with the release in `finish`.
            let _done = shared.done.load(Ordering::Acquire);
        }
        // SAFETY: invariant 1: `done` says that the thread is finished, and we are its handle.
        let result = unsafe { (*shared.result.get()).take() };
        result.expect("a finished thread has left its result")
    }
}

impl<T> Drop for Join<T> {
    fn drop(&mut self) {
        let shared = self.shared();
        // A look first: after `join` there is nothing to exchange.
        let finished = self.is_finished()
            || shared
                .done
                .compare_exchange(RUNNING, DETACHED, Ordering::AcqRel, Ordering::Acquire)
                .is_err();
        if finished {
            // SAFETY: the thread is finished, so the result is ours (nothing is left of it after `join`).
            unsafe { shared.drop_result() };
        }
        // SAFETY: our own reference, given up.
        unsafe { Header::release(self.shared.cast()) };
    }
}

/// The owned permission to wait for a thread's end and take its result. As [`std::thread::JoinHandle`].
pub struct JoinHandle<T>(pub(super) Join<T>);

impl<T> JoinHandle<T> {
    /// The thread's handle.
    #[must_use]
    pub fn thread(&self) -> &Thread {
        self.0.thread()
    }

    /// Waits for the thread to end and returns its result.
    ///
    /// # Errors
    /// The payload of the thread's panic.
    #[inline]
    pub fn join(self) -> Result<T> {
        self.0.join()
    }

    /// Whether the thread's main function has returned.
    pub fn is_finished(&self) -> bool {
        self.0.is_finished()
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("JoinHandle").finish_non_exhaustive()
    }
}
