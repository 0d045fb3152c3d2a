//! What happens how often.

use super::counts;
use crate::host;
use crate::process::{self, Thread};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use threadbare_link::{GuestMessage, Statistics};
use threadbare_machine::memory::{self, PAGE_SIZE};
use threadbare_machine::{paging, time};

/// Something that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A page of fresh memory was brought in.
    FreshPage,
    /// A shared page was copied for the one who writes to it.
    Copy,
    /// A page of a file was brought in.
    FilePage,
    /// A page was there, and nobody shared it any more: only its rights changed.
    Unshared,
    /// A signal was delivered.
    Signal,
}

static EVENTS: [AtomicU64; 5] = [const { AtomicU64::new(0) }; 5];
static VOLUNTARY: AtomicU64 = AtomicU64::new(0);
static PREEMPTED: AtomicU64 = AtomicU64::new(0);
static BEGAN: AtomicU64 = AtomicU64::new(0);

struct Calls {
    number_of: AtomicU64,
    failed: AtomicU64,
    ticks: AtomicU64,
}

static CALLS: [Calls; 512] = [const {
    Calls {
        number_of: AtomicU64::new(0),
        failed: AtomicU64::new(0),
        ticks: AtomicU64::new(0),
    }
}; 512];

pub(super) fn begin() {
    BEGAN.store(time::tsc(), Relaxed);
}

/// Counts one more.
#[inline]
pub(crate) fn count(event: Event) {
    if super::is_on() {
        EVENTS[event as usize].fetch_add(1, Relaxed);
    }
}

pub(super) fn count_call(number: u32, failed: bool, ticks: u64) {
    let Some(calls) = CALLS.get(number as usize) else {
        return;
    };
    calls.number_of.fetch_add(1, Relaxed);
    calls.failed.fetch_add(u64::from(failed), Relaxed);
    calls.ticks.fetch_add(ticks, Relaxed);
}

pub(super) fn add_switches(thread: &Thread) {
    let (voluntary, involuntary) = thread.scheduling.switches();
    VOLUNTARY.fetch_add(voluntary, Relaxed);
    PREEMPTED.fetch_add(involuntary, Relaxed);
}

/// Tells the host, if it wants to know. The threads that have not ended count too.
pub(crate) fn send() {
    if !counts() {
        return;
    }
    for process in process::all() {
        for thread in process.threads() {
            add_switches(&thread);
        }
    }
    let event = |event: Event| EVENTS[event as usize].load(Relaxed);
    let statistics = Statistics {
        voluntary_switches: VOLUNTARY.load(Relaxed),
        preemptions: PREEMPTED.load(Relaxed),
        space_switches: paging::space_loads(),
        faults: [Event::FreshPage, Event::Copy, Event::FilePage, Event::Unshared].map(event),
        signals: event(Event::Signal),
        memory_peak: (memory::most_used() * PAGE_SIZE) as u64,
        ticks: time::tsc().wrapping_sub(BEGAN.load(Relaxed)),
        calls: calls(),
    };
    host::send(&GuestMessage::Statistics(Box::new(statistics)));
}

fn calls() -> Vec<(u32, u64, u64, u64)> {
    let rows = (0u32..).zip(&CALLS).map(|(number, calls)| {
        let load = |counter: &AtomicU64| counter.load(Relaxed);
        (
            number,
            load(&calls.number_of),
            load(&calls.failed),
            load(&calls.ticks),
        )
    });
    let made = rows.filter(|row| row.1 > 0);
    let mut list = Vec::new();
    if list.try_reserve_exact(CALLS.len()).is_ok() {
        list.extend(made);
    }
    list
}
