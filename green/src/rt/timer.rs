//! Deadlines of green threads, ordered, one set for each worker.
//!
//! Invariants:
//! 1. An entry points to a claim that lives on the waiting thread's stack, or longer. The waiter removes its entry, under the
//!    lock, before the claim goes; firing happens under the same lock.
//! 2. The right to wake is won on the claim: the timer exchanges `from` for `to`; whoever wakes for another reason
//!    changes it from `from` likewise. Exactly one succeeds.
//! 3. `next` is the earliest deadline, or a little less; it is written under the lock.

#![allow(
    unsafe_code,
    reason = "fenced: timers point to claims on waiting threads' stacks"
)]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use super::control::State;
use super::current;
use super::waiter::Waiter;

/// Nanoseconds since the first use of a timer.
pub(crate) type Tick = u64;

/// No deadline.
pub(crate) const NEVER: Tick = u64::MAX;

fn base() -> Instant {
    static BASE: OnceLock<Instant> = OnceLock::new();
    *BASE.get_or_init(Instant::now)
}

/// The present.
pub(crate) fn now() -> Tick {
    tick_of(Instant::now())
}

fn tick_of(instant: Instant) -> Tick {
    let since = instant.saturating_duration_since(base());
    u64::try_from(since.as_nanos()).unwrap_or(NEVER - 1)
}

/// What a deadline does: see invariant 2.
struct Entry {
    claim: *const AtomicUsize,
    from: usize,
    to: usize,
    waiter: Waiter,
}

// SAFETY: the claim is an atomic that lives while the entry does (invariant 1).
unsafe impl Send for Entry {}

#[derive(Default)]
struct Ordered {
    entries: BTreeMap<(Tick, u64), Entry>,
    serial: u64,
}

/// The deadlines that were set by threads on one worker.
pub(crate) struct Timers {
    next: AtomicU64,
    ordered: Mutex<Ordered>,
}

/// A deadline that was set; removed on drop.
struct Armed<'a> {
    timers: &'a Timers,
    key: (Tick, u64),
}

impl Timers {
    pub(crate) fn new() -> Timers {
        Timers {
            next: AtomicU64::new(NEVER),
            ordered: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Ordered> {
        self.ordered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The earliest deadline. A hint; a new earlier one comes only from the worker itself.
    pub(crate) fn next(&self) -> Tick {
        self.next.load(Ordering::Relaxed)
    }

    fn publish(&self, ordered: &Ordered) {
        let next = ordered.entries.first_key_value().map_or(NEVER, |(key, _)| key.0);
        self.next.store(next, Ordering::Relaxed);
    }

    fn arm(&self, deadline: Tick, entry: Entry) -> Armed<'_> {
        let mut ordered = self.lock();
        ordered.serial += 1;
        let key = (deadline, ordered.serial);
        ordered.entries.insert(key, entry);
        self.publish(&ordered);
        Armed { timers: self, key }
    }

    /// Wakes all whose deadline has come, if any.
    pub(crate) fn fire(&self, now: Tick) {
        if self.next() > now {
            return;
        }
        let mut ordered = self.lock();
        while let Some(first) = ordered.entries.first_entry() {
            if first.key().0 > now {
                break;
            }
            let entry = first.remove();
            // SAFETY: invariant 1: the waiter has not removed its entry, and cannot before we unlock.
            let claim = unsafe { &*entry.claim };
            // AcqRel: the same exchange as any other waker's.
            if claim
                .compare_exchange(entry.from, entry.to, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok()
            {
                entry.waiter.wake();
            }
        }
        self.publish(&ordered);
    }
}

impl Drop for Armed<'_> {
    fn drop(&mut self) {
        let mut ordered = self.timers.lock();
        ordered.entries.remove(&self.key);
        self.timers.publish(&ordered);
    }
}

/// Waits like [`Waiter::wait`], but when `deadline` comes first, exchanges `from` for `to` in `claim` and goes on.
/// Every other waker must win the right to wake on the same claim. `waiter` is the caller.
pub(crate) fn wait_until(
    waiter: Waiter,
    deadline: Instant,
    claim: &AtomicUsize,
    [from, to]: [usize; 2],
    why: State,
) {
    if waiter.is_green() {
        let worker = current::worker().expect("a green thread has a worker");
        let _armed = worker.timers().arm(
            tick_of(deadline),
            Entry {
                claim,
                from,
                to,
                waiter,
            },
        );
        waiter.wait(why);
        return;
    }
    if !waiter.os_wait_until(deadline) {
        if claim
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
        {
            waiter.reset();
        } else {
            // Somebody won the right to wake us and will use it.
            waiter.wait(why);
        }
    }
}
