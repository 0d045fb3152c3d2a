//! Sleepers and the end of time slices, on the machine's one timer.
//!
//! A switch of tasks moves the hardware's deadline only to an earlier time, never to a later one: a deadline that has
//! become moot costs one interrupt that finds nothing to do, at most one a slice, where reprogramming the hardware would
//! cost an access to the APIC at each switch.

use super::{cpu, park};
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};
use threadbare_machine::irq;
use threadbare_machine::sync::SpinLock;
use threadbare_machine::task::{self, Task};
use threadbare_machine::time::{self, Nanoseconds};

struct Timers {
    /// Who sleeps until when; the number tells sleepers with one deadline apart.
    sleepers: BTreeMap<(Nanoseconds, u64), Arc<Task>>,
    next_number: u64,
}

static TIMERS: SpinLock<Timers> = SpinLock::new(Timers {
    sleepers: BTreeMap::new(),
    next_number: 0,
});

/// For when the hardware is set, in nanoseconds.
static ARMED: AtomicU64 = AtomicU64::new(u64::MAX);

/// Remembers to unpark `task` at `deadline`; the number is for [`remove`].
pub(super) fn add(deadline: Nanoseconds, task: Arc<Task>) -> u64 {
    let mut timers = TIMERS.lock();
    let number = timers.next_number;
    timers.next_number += 1;
    timers.sleepers.insert((deadline, number), task);
    not_later_than(deadline);
    number
}

/// Forgets a sleeper, if it has not been woken.
pub(super) fn remove(deadline: Nanoseconds, number: u64) {
    TIMERS.lock().sleepers.remove(&(deadline, number));
}

/// Sees to it that the timer expires at `deadline` at the latest.
pub(super) fn not_later_than(deadline: Nanoseconds) {
    if deadline.0 < ARMED.load(Ordering::Relaxed) {
        let _interrupts = irq::disable();
        ARMED.store(deadline.0, Ordering::Relaxed);
        time::set_timer(deadline, expired);
    }
}

/// In interrupt context: something is due.
fn expired() {
    ARMED.store(u64::MAX, Ordering::Relaxed);
    let now = time::now();
    let next_sleeper = loop {
        let mut timers = TIMERS.lock();
        match timers.sleepers.first_entry() {
            Some(first) if first.key().0 <= now => {
                let sleeper = first.remove();
                drop(timers);
                park::unpark(&sleeper);
            }
            first => break first.map(|first| first.key().0),
        }
    };
    let mut cpu = cpu::own();
    if cpu.tick(now.0) {
        task::reschedule_soon();
    }
    let slice_end = cpu.slice_end();
    drop(cpu);
    if slice_end != u64::MAX {
        not_later_than(Nanoseconds(slice_end));
    }
    if let Some(deadline) = next_sleeper {
        not_later_than(deadline);
    }
}
