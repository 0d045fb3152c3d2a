//! Where a running thread is: its worker is interrupted by a signal, whose handler walks the stack.
//!
//! Only those who ask for reports of stuck workers have this. The signal is `SIGURG`, which nobody misses where it is not handled, and
//! system calls go on after it as after any other that is handled (signal(7)).
//!
//! Invariants:
//! 1. One asks at a time: the monitor. The frames are written by the handler while the state is WRITING, and read while it is DONE.
//! 2. The handler allocates nothing and takes no lock. To find the unwind tables takes none with glibc; elsewhere nobody asks.

#![allow(unsafe_code, reason = "fenced: a signal handler that unwinds")]

use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;
use std::{io, ptr};

use super::control::Control;
use super::trace::{DEPTH, Trace};
use super::worker::Worker;
use super::{os, signal, stack};

/// Nobody asks.
const IDLE: u32 = 0;
/// The monitor waits for the handler to begin.
const ASKED: u32 = 1;
/// The handler walks.
const WRITING: u32 = 2;
/// The frames are there.
const DONE: u32 = 3;

/// A thread that does not come to its handler for so long sleeps where signals do not wake it.
const PATIENCE: Duration = Duration::from_secs(1);

static STATE: AtomicU32 = AtomicU32::new(IDLE);
static THREAD: AtomicI32 = AtomicI32::new(0);
static LIMIT: AtomicUsize = AtomicUsize::new(0);
static BASE: AtomicUsize = AtomicUsize::new(0);
static FRAMES: [AtomicUsize; DEPTH] = [const { AtomicUsize::new(0) }; DEPTH];
static COUNT: AtomicUsize = AtomicUsize::new(0);
static INSTALLED: AtomicBool = AtomicBool::new(false);

/// Installs the handler, unless the program has one.
///
/// # Errors
/// Of sigaction(2).
pub(super) fn install() -> io::Result<()> {
    if cfg!(not(target_env = "gnu")) {
        return Ok(());
    }
    // SAFETY: the action of now is only read; the function is async-signal-safe (invariant 2).
    unsafe {
        let mut earlier: libc::sigaction = std::mem::zeroed();
        if libc::sigaction(libc::SIGURG, ptr::null(), &raw mut earlier) != 0 {
            return Err(io::Error::last_os_error());
        }
        if earlier.sa_sigaction != libc::SIG_DFL {
            return Ok(());
        }
        signal::handle(libc::SIGURG, on_signal)?;
    }
    INSTALLED.store(true, Ordering::Relaxed);
    Ok(())
}

/// The calls of a thread that its worker runs. None if the worker does not say, or runs another by now.
pub(super) fn of(worker: &Worker, running: &Control) -> Option<Trace> {
    if !INSTALLED.load(Ordering::Relaxed) {
        return None;
    }
    let thread = worker.thread_id();
    THREAD.store(thread, Ordering::Relaxed);
    LIMIT.store(stack::extent(running).0, Ordering::Relaxed);
    BASE.store(running.stack_base(), Ordering::Relaxed);
    // Release pairs with the handler's acquire: it sees whom we ask about what.
    STATE.store(ASKED, Ordering::Release);
    // SAFETY: no memory is involved, and the handler is installed.
    unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), thread, libc::SIGURG) };
    os::futex_wait(&STATE, ASKED, Some(PATIENCE));
    let given_up = STATE.compare_exchange(ASKED, IDLE, Ordering::Relaxed, Ordering::Relaxed);
    if given_up.is_ok() {
        return None;
    }
    // The handler has begun, and nothing holds it up. Acquire pairs with its release: the frames are there.
    while STATE.load(Ordering::Acquire) != DONE {
        os::futex_wait(&STATE, WRITING, None);
    }
    let frames = &FRAMES[..COUNT.load(Ordering::Relaxed).min(DEPTH)];
    let trace: Trace = frames.iter().map(|frame| frame.load(Ordering::Relaxed)).collect();
    STATE.store(IDLE, Ordering::Relaxed);
    Some(trace).filter(|trace| !trace.is_empty())
}

extern "C" fn on_signal(_signal: libc::c_int) {
    if THREAD.load(Ordering::Relaxed) != os::thread_id() {
        return;
    }
    let asked = STATE.compare_exchange(ASKED, WRITING, Ordering::Acquire, Ordering::Relaxed);
    if asked.is_err() {
        return;
    }
    let stack = LIMIT.load(Ordering::Relaxed)..BASE.load(Ordering::Relaxed);
    let mut count = 0;
    // SAFETY: invariant 2; the unsynchronised part is the lookup of symbols, which is the monitor's.
    unsafe {
        backtrace::trace_unsynchronized(|frame| {
            if stack.contains(&(frame.sp() as usize)) {
                // A return address is one too far for a lookup.
                FRAMES[count].store((frame.ip() as usize).wrapping_sub(1), Ordering::Relaxed);
                count += 1;
            }
            count < DEPTH
        });
    }
    COUNT.store(count, Ordering::Relaxed);
    STATE.store(DONE, Ordering::Release);
    os::futex_wake(&STATE);
}
