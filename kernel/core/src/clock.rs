//! What time it is.

use core::sync::atomic::{AtomicU64, Ordering};
use threadbare_machine::time;

/// The wall clock at boot, in nanoseconds since 1970-01-01 UTC.
static REALTIME_AT_BOOT: AtomicU64 = AtomicU64::new(0);

/// Nanoseconds since boot (`CLOCK_MONOTONIC`).
pub fn monotonic() -> u64 {
    time::now().0
}

/// Nanoseconds since 1970-01-01 UTC (`CLOCK_REALTIME`).
pub fn realtime() -> u64 {
    REALTIME_AT_BOOT
        .load(Ordering::Relaxed)
        .saturating_add(monotonic())
}

/// How often the wall clock has been set since boot.
static TIMES_SET: AtomicU64 = AtomicU64::new(0);

/// Sets the wall clock; whoever waits for a time by it looks again.
pub fn set_realtime(now: u64) {
    REALTIME_AT_BOOT.store(now.saturating_sub(monotonic()), Ordering::Relaxed);
    TIMES_SET.fetch_add(1, Ordering::Relaxed);
    crate::time::vdso::realtime_was_set();
    crate::sched::look_at_clocks();
}

/// How often the wall clock has been set since boot.
pub fn times_set() -> u64 {
    TIMES_SET.load(Ordering::Relaxed)
}

/// The wall clock as it was at boot, or would have been had it been set then.
pub fn realtime_at_boot() -> u64 {
    REALTIME_AT_BOOT.load(Ordering::Relaxed)
}

/// Sets the wall clock as it was at boot.
pub fn set_realtime_at_boot(nanoseconds: u64) {
    REALTIME_AT_BOOT.store(nanoseconds, Ordering::Relaxed);
    crate::time::vdso::realtime_was_set();
}
