//! A dump when a signal asks for one.
//!
//! The handler only leaves a request; the monitor prints, where it may allocate and lock. It looks every few milliseconds while
//! threads run, and within a second when all sleep.

#![allow(unsafe_code, reason = "fenced: installs a signal handler")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::{io, ptr};

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Installs the handler for `signal`.
///
/// # Errors
/// When there is no such signal, or it cannot be caught.
pub(super) fn install(signal: i32) -> io::Result<()> {
    // SAFETY: the function stores one atomic.
    unsafe { handle(signal, request) }
}

/// Lets `signal` call `handler`, on the alternate stack, and system calls go on after it.
///
/// # Errors
/// When there is no such signal, or it cannot be caught.
///
/// # Safety
/// `handler` is async-signal-safe (signal-safety(7)).
pub(super) unsafe fn handle(signal: i32, handler: extern "C" fn(libc::c_int)) -> io::Result<()> {
    // SAFETY: the action is complete; of its function the caller answers.
    let result = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as *const () as usize;
        // On the alternate stack: green threads' own are small.
        action.sa_flags = libc::SA_ONSTACK | libc::SA_RESTART;
        libc::sigemptyset(&raw mut action.sa_mask);
        libc::sigaction(signal, &raw const action, ptr::null_mut())
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

extern "C" fn request(_signal: libc::c_int) {
    REQUESTED.store(true, Ordering::Relaxed);
}

/// Whether a dump was asked for and not made yet.
pub(super) fn is_requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}

/// Takes the request, if there is one.
pub(super) fn take_request() -> bool {
    is_requested() && REQUESTED.swap(false, Ordering::Relaxed)
}
