//! The current thread's handle.

#![allow(unsafe_code, reason = "fenced: makes handles of borrowed headers")]

use std::cell::OnceCell;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::sync::atomic::Ordering;

use super::header::{Header, Thread};
use crate::rt::{Control, current};

std::thread_local! {
    /// The handle of an operating-system thread, made when it is first asked for.
    static OUTSIDE: OnceCell<Thread> = const { OnceCell::new() };
}

/// A handle to the calling thread: a green one, or an operating-system thread. As [`std::thread::current`].
#[must_use]
pub fn current() -> Thread {
    with_current(Thread::clone)
}

/// Calls `user` with the calling thread's handle.
#[inline(always)]
pub(super) fn with_current<R>(user: impl FnOnce(&Thread) -> R) -> R {
    match current::get() {
        Some(control) => {
            // SAFETY: the calling thread owns a reference to its own header until it ends, and `ManuallyDrop` keeps the
            // handle from giving it up.
            let thread = unsafe { ManuallyDrop::new(Thread::from_reference(header_of(control))) };
            user(&thread)
        }
        None => user(&outside_current()),
    }
}

/// The handle of the calling operating-system thread.
#[cold]
fn outside_current() -> Thread {
    let kept = OUTSIDE.try_with(|cell| cell.get_or_init(outside).clone());
    // After the destruction of thread-locals there is no handle to keep: one for this call.
    kept.unwrap_or_else(|_| outside())
}

fn header_of(control: &'static Control) -> NonNull<Header> {
    NonNull::new(control.header.load(Ordering::Relaxed)).expect("a running thread has a header")
}

/// A handle for an operating-system thread, with the name that it has in std.
fn outside() -> Thread {
    /// # Safety
    /// Made by the box below.
    unsafe fn free(header: NonNull<Header>) {
        // SAFETY: the caller's promise.
        drop(unsafe { Box::from_raw(header.as_ptr()) });
    }
    let name = std::thread::current().name().map(Box::from);
    let header = Box::leak(Box::new(Header::new(1, free, name)));
    // SAFETY: the one reference goes to the handle.
    unsafe { Thread::from_reference(NonNull::from(header)) }
}
