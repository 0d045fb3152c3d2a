//! Parking and unparking.
//!
//! | state | meaning | `park` | `unpark` |
//! |---|---|---|---|
//! | `READY` | runs, or is in a queue | becomes `PARKED`, switches away | becomes `TOKEN` |
//! | `TOKEN` | runs, and was unparked meanwhile | becomes `READY`, returns at once | stays |
//! | `PARKED` | waits | — | becomes `READY`, enters a queue |

use super::scheduling::Scheduling;
use super::{policy, timer};
use crate::process::Thread;
use alloc::sync::{Arc, Weak};
use core::sync::atomic::{AtomicU8, AtomicU32, AtomicUsize, Ordering};
use threadbare_machine::irq;
use threadbare_machine::task::{self, Task};
use threadbare_machine::time::{self, Nanoseconds};

const READY: u8 = 0;
const TOKEN: u8 = 1;
const PARKED: u8 = 2;

/// The park state of a task.
#[derive(Debug, Default)]
pub struct Parker(AtomicU8);

/// What the kernel attaches to each task but the idle one.
#[derive(Debug, Default)]
pub struct KernelData {
    parker: Parker,
    pub(super) scheduling: Arc<Scheduling>,
    /// The program's thread that the task serves, if it serves one.
    pub(crate) thread: Weak<Thread>,
    /// Which of the futexes that the task waits for has woken it, from 1; 0 while none has.
    pub(crate) woken_futex: AtomicU32,
    _counted: Counted,
}

impl KernelData {
    /// For a task that serves `thread`.
    pub fn serving(thread: &Arc<Thread>) -> KernelData {
        KernelData {
            parker: Parker::default(),
            scheduling: thread.scheduling.clone(),
            thread: Arc::downgrade(thread),
            woken_futex: AtomicU32::new(0),
            _counted: Counted::new(),
        }
    }

    /// What is attached to `task`.
    pub(crate) fn of(task: &Task) -> Option<&KernelData> {
        task.data_as()
    }

    /// How many there are: no queue can hold more tasks.
    pub(super) fn count() -> usize {
        COUNT.load(Ordering::Relaxed)
    }
}

static COUNT: AtomicUsize = AtomicUsize::new(0);

#[derive(Debug)]
struct Counted;

impl Counted {
    fn new() -> Counted {
        COUNT.fetch_add(1, Ordering::Relaxed);
        Counted
    }
}

impl Default for Counted {
    fn default() -> Counted {
        Counted::new()
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        COUNT.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Waits until somebody unparks the running task, or returns at once if that has happened since the last park. May also
/// return for no reason: callers check what they wait for.
pub fn park() {
    let interrupts = irq::disable();
    let next = task::with_current(|current| {
        let data = KernelData::of(current)?;
        let Parker(state) = &data.parker;
        if state.swap(PARKED, Ordering::AcqRel) == TOKEN {
            state.store(READY, Ordering::Relaxed);
            return None;
        }
        Some(policy::next(Some(&data.scheduling), &interrupts))
    });
    if let Some(next) = next {
        task::switch_to(next);
    }
}

/// As [`park`], but not past `deadline`; `false` when that has come.
pub fn park_until(deadline: Nanoseconds) -> bool {
    if time::now() >= deadline {
        return false;
    }
    let sleeper = timer::add(deadline, task::current());
    park();
    timer::remove(deadline, sleeper);
    time::now() < deadline
}

/// Ends the wait of `task`, or its next one.
pub fn unpark(task: &Arc<Task>) {
    let interrupts = irq::disable(); // between the claim and the queue nobody may take the CPU
    if claim(task) {
        policy::make_ready(task.clone(), &interrupts);
    }
}

/// As [`unpark`], for who has no more use for the task.
pub fn unpark_owned(task: Arc<Task>) {
    let interrupts = irq::disable();
    if claim(&task) {
        policy::make_ready(task, &interrupts);
    }
}

/// Whether `task` waits; it does not any more then, and it is the caller's business to queue it. Otherwise it will not.
fn claim(task: &Task) -> bool {
    let Some(Parker(state)) = KernelData::of(task).map(|data| &data.parker) else {
        return false;
    };
    let waits = state.swap(TOKEN, Ordering::AcqRel) == PARKED;
    if waits {
        state.store(READY, Ordering::Relaxed);
    }
    waits
}
