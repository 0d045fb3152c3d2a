//! Sleepers, alarms and the end of time slices, on the machine's one timer.
//!
//! A switch of tasks moves the hardware's deadline only to an earlier time, never to a later one: a deadline that has
//! become moot costs one interrupt that finds nothing to do, at most one a slice, where reprogramming the hardware would
//! cost an access to the APIC at each switch.

use super::{cpu, park};
use alloc::collections::BTreeMap;
use alloc::sync::{Arc, Weak};
use core::sync::atomic::{AtomicU64, Ordering};
use threadbare_machine::irq;
use threadbare_machine::sync::SpinLock;
use threadbare_machine::task::{self, Task};
use threadbare_machine::time::{self, Nanoseconds};

/// What is called when its time has come.
pub trait Alarm: Send + Sync {
    /// In interrupt context, with no lock held: a few instructions that neither wait nor touch user memory. It may come
    /// early, when a clock was set: whoever waits for a time looks at the clock.
    fn expired(self: Arc<Self>);
}

/// Names an entry of [`call_at`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlarmId(Nanoseconds, u64);

/// What happens at a deadline.
enum Due {
    Wake(Arc<Task>),
    Call(Weak<dyn Alarm>),
}

impl Due {
    fn happen(self) {
        match self {
            Due::Wake(task) => park::unpark(&task),
            Due::Call(alarm) => {
                if let Some(alarm) = alarm.upgrade() {
                    alarm.expired();
                }
            }
        }
    }
}

struct Timers {
    /// What is due when; the number tells what has one deadline apart.
    due: BTreeMap<(Nanoseconds, u64), Due>,
    next_number: u64,
}

static TIMERS: SpinLock<Timers> = SpinLock::new(Timers {
    due: BTreeMap::new(),
    next_number: 0,
});

/// For when the hardware is set, in nanoseconds.
static ARMED: AtomicU64 = AtomicU64::new(u64::MAX);

/// Remembers to unpark `task` at `deadline`; the number is for [`remove`].
pub(super) fn add(deadline: Nanoseconds, task: Arc<Task>) -> u64 {
    insert(deadline, Due::Wake(task))
}

fn insert(deadline: Nanoseconds, due: Due) -> u64 {
    let mut timers = TIMERS.lock();
    let number = timers.next_number;
    timers.next_number += 1;
    timers.due.insert((deadline, number), due);
    not_later_than(deadline);
    number
}

/// Lets `alarm` be called once when `deadline` comes, or soon if it has passed, unless it is gone by then.
pub fn call_at(deadline: Nanoseconds, alarm: Weak<dyn Alarm>) -> AlarmId {
    AlarmId(deadline, insert(deadline, Due::Call(alarm)))
}

/// Takes an entry of [`call_at`] back. If the alarm is being called already, that goes on.
pub fn cancel(AlarmId(deadline, number): AlarmId) {
    remove(deadline, number);
}

/// Wakes all sleepers and calls all alarms before their time, because a clock was set.
pub fn look_at_clocks() {
    let all = core::mem::take(&mut TIMERS.lock().due);
    for due in all.into_values() {
        due.happen();
    }
}

/// Forgets a sleeper, if it has not been woken.
pub(super) fn remove(deadline: Nanoseconds, number: u64) {
    let _removed = TIMERS.lock().due.remove(&(deadline, number)); // dropped when the lock is free
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
    let next = loop {
        let mut timers = TIMERS.lock();
        match timers.due.first_entry() {
            Some(first) if first.key().0 <= now => {
                let due = first.remove();
                drop(timers);
                due.happen();
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
    if let Some(deadline) = next {
        not_later_than(deadline);
    }
}
