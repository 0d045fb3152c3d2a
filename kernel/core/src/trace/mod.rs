//! What a run tells about itself when it is asked to (`threadbare run --strace`, `--stats`).
//!
//! Invariants:
//! 1. Off, it costs a system call, a fault or a signal one load and a branch that is not taken.
//! 2. What a program makes it allocate is asked for first; where there is no memory, bytes are left out.
//! 3. It reads the memory of the program as the program itself would, and changes nothing.

mod calls;
mod capture;
mod statistics;

pub(crate) use calls::{observe, tell_ignored, tell_signal, thread_ended};
pub(crate) use statistics::{Event, count, send as send_statistics};

use core::sync::atomic::{AtomicU8, Ordering};
use threadbare_link::Observe;

const CALLS: u8 = 1;
const STATISTICS: u8 = 2;

static MODE: AtomicU8 = AtomicU8::new(0);

/// Takes note of what is asked for, before the first program runs.
pub fn set(observe: Observe) {
    let calls = if observe.calls { CALLS } else { 0 };
    let statistics = if observe.statistics { STATISTICS } else { 0 };
    MODE.store(calls | statistics, Ordering::Relaxed);
    statistics::begin();
}

/// Whether anything is.
#[inline]
pub(crate) fn is_on() -> bool {
    MODE.load(Ordering::Relaxed) != 0
}

fn tells_calls() -> bool {
    MODE.load(Ordering::Relaxed) & CALLS != 0
}

fn counts() -> bool {
    MODE.load(Ordering::Relaxed) & STATISTICS != 0
}
