//! Virtual time, and random numbers for whoever asks the system for some.
//!
//! `Instant::now`, `SystemTime::now` and the keys of `HashMap` come from the C library, by the symbols `clock_gettime` and
//! `getrandom`. With the feature `sim` a program finds ours first: std's types stay std's, and crates that know
//! nothing of this one see the same clock. To callers outside of a run they do what the system does.
//!
//! Invariants:
//! 1. The functions run at any place: in signal handlers, in a thread's first steps, under any lock. So they take no lock, allocate
//!    nothing, and read only thread-locals without initialisation.
//! 2. Virtual clocks begin at [`ORIGIN`], later than any real one, so that a deadline of the one kind is never taken for one of the other
//!    kind that is near.

#![allow(unsafe_code, reason = "fenced: stands in for functions of the C library")]

use std::sync::atomic::{AtomicUsize, Ordering};

use super::Sim;
use crate::rt::current;

/// What the monotonic clock says at a run's start, in seconds: 136 years.
const ORIGIN: u64 = 1 << 32;

/// What the calendar says at a run's start: the first of January 2030.
const CALENDAR: u64 = 1_893_456_000;

/// How many runs there are now: while there is none, nobody looks further.
static RUNS: AtomicUsize = AtomicUsize::new(0);

/// A run, to these functions.
pub(super) struct Running;

impl Running {
    pub(super) fn enter() -> Running {
        RUNS.fetch_add(1, Ordering::Relaxed);
        // Referred to, so that the linker has them before it looks into the C library.
        std::hint::black_box(clock_gettime as *const ());
        std::hint::black_box(getrandom as *const ());
        Running
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The run that the caller is a part of.
#[inline]
pub(super) fn current_run() -> Option<&'static Sim> {
    if RUNS.load(Ordering::Relaxed) == 0 {
        return None;
    }
    current::worker()?.simulation()
}

fn virtual_time(clock: libc::clockid_t) -> Option<libc::timespec> {
    let origin = match clock {
        libc::CLOCK_REALTIME | libc::CLOCK_REALTIME_COARSE | libc::CLOCK_TAI => CALENDAR,
        libc::CLOCK_MONOTONIC
        | libc::CLOCK_MONOTONIC_COARSE
        | libc::CLOCK_MONOTONIC_RAW
        | libc::CLOCK_BOOTTIME => ORIGIN,
        // Processor time is real.
        _ => return None,
    };
    let now = current_run()?.now();
    Some(libc::timespec {
        tv_sec: i64::try_from(origin + now / 1_000_000_000).unwrap_or(i64::MAX),
        tv_nsec: libc::c_long::try_from(now % 1_000_000_000).unwrap_or(0),
    })
}

/// clock_gettime(2).
///
/// # Safety
/// As clock_gettime(2): `time` is valid for writing.
#[unsafe(no_mangle)]
unsafe extern "C" fn clock_gettime(clock: libc::clockid_t, time: *mut libc::timespec) -> libc::c_int {
    if let Some(now) = virtual_time(clock) {
        // SAFETY: the caller's promise.
        unsafe { time.write(now) };
        return 0;
    }
    // SAFETY: the caller's promise.
    let result = unsafe { libc::syscall(libc::SYS_clock_gettime, clock, time) };
    libc::c_int::try_from(result).unwrap_or(-1)
}

/// getrandom(2).
///
/// # Safety
/// As getrandom(2): `buffer` is valid for writing `length` bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn getrandom(buffer: *mut libc::c_void, length: usize, flags: libc::c_uint) -> isize {
    let Some(run) = current_run() else {
        // SAFETY: the caller's promise.
        let result = unsafe { libc::syscall(libc::SYS_getrandom, buffer, length, flags) };
        return isize::try_from(result).unwrap_or(-1);
    };
    for index in 0..length {
        let byte = run.entropy().to_le_bytes()[0];
        // SAFETY: the caller's promise: below `length`.
        unsafe { buffer.cast::<u8>().add(index).write(byte) };
    }
    length.cast_signed()
}
