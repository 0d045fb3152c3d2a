//! Sleepers and the end of time slices, on the machine's one timer.

use super::park;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use threadbare_machine::sync::SpinLock;
use threadbare_machine::task::{self, Task};
use threadbare_machine::time::{self, Nanoseconds};

struct Timers {
    /// Who sleeps until when; the number tells sleepers with one deadline apart.
    sleepers: BTreeMap<(Nanoseconds, u64), Arc<Task>>,
    next_number: u64,
    /// When the running task has had its slice, if others wait.
    slice_end: Option<Nanoseconds>,
}

static TIMERS: SpinLock<Timers> = SpinLock::new(Timers {
    sleepers: BTreeMap::new(),
    next_number: 0,
    slice_end: None,
});

/// Remembers to unpark `task` at `deadline`; the number is for [`remove`].
pub(super) fn add(deadline: Nanoseconds, task: Arc<Task>) -> u64 {
    let mut timers = TIMERS.lock();
    let number = timers.next_number;
    timers.next_number += 1;
    timers.sleepers.insert((deadline, number), task);
    arm(&timers);
    number
}

/// Forgets a sleeper, if it has not been woken.
pub(super) fn remove(deadline: Nanoseconds, number: u64) {
    TIMERS.lock().sleepers.remove(&(deadline, number));
}

/// Lets the running task run for at most `slice` from now on, unless its end is set already.
pub(super) fn limit_slice(slice: Nanoseconds) {
    let mut timers = TIMERS.lock();
    if timers.slice_end.is_none() {
        timers.slice_end = Some(Nanoseconds(time::now().0 + slice.0));
        arm(&timers);
    }
}

fn arm(timers: &Timers) {
    let sleeper = timers.sleepers.keys().next().map(|&(deadline, _)| deadline);
    if let Some(deadline) = sleeper.into_iter().chain(timers.slice_end).min() {
        time::set_timer(deadline, expired);
    }
}

/// In interrupt context: something is due.
fn expired() {
    let now = time::now();
    loop {
        let mut timers = TIMERS.lock();
        match timers.sleepers.first_entry() {
            Some(first) if first.key().0 <= now => {
                let sleeper = first.remove();
                drop(timers);
                park::unpark(&sleeper);
            }
            _ => break,
        }
    }
    let mut timers = TIMERS.lock();
    if timers.slice_end.is_some_and(|end| end <= now) {
        timers.slice_end = None;
        task::reschedule_soon();
    }
    arm(&timers);
}
