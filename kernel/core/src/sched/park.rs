//! Parking and unparking.
//!
//! | state | meaning | `park` | `unpark` |
//! |---|---|---|---|
//! | `READY` | runs, or is in a queue | becomes `PARKED`, switches away | becomes `TOKEN` |
//! | `TOKEN` | runs, and was unparked meanwhile | becomes `READY`, returns at once | stays |
//! | `PARKED` | waits | — | becomes `READY`, enters a queue |

use super::{policy, timer};
use crate::process::Thread;
use alloc::sync::{Arc, Weak};
use core::sync::atomic::{AtomicU8, Ordering};
use threadbare_machine::irq;
use threadbare_machine::task::{self, Task};
use threadbare_machine::time::{self, Nanoseconds};

const READY: u8 = 0;
const TOKEN: u8 = 1;
const PARKED: u8 = 2;

/// The park state of a task.
#[derive(Debug, Default)]
pub struct Parker(AtomicU8);

/// What the kernel attaches to each task.
#[derive(Debug, Default)]
pub struct KernelData {
    parker: Parker,
    /// The program's thread that the task serves, if it serves one.
    pub(crate) thread: Weak<Thread>,
}

impl KernelData {
    /// For a task that serves `thread`.
    pub fn serving(thread: &Arc<Thread>) -> KernelData {
        KernelData {
            parker: Parker::default(),
            thread: Arc::downgrade(thread),
        }
    }
}

fn parker(task: &Task) -> Option<&Parker> {
    task.data().downcast_ref::<KernelData>().map(|data| &data.parker)
}

/// Waits until somebody unparks the running task, or returns at once if that has happened since the last park. May also
/// return for no reason: callers check what they wait for.
pub fn park() {
    let current = task::current();
    let Some(Parker(state)) = parker(&current) else {
        return policy::yield_now();
    };
    let _interrupts = irq::disable();
    if state.swap(PARKED, Ordering::AcqRel) == TOKEN {
        state.store(READY, Ordering::Relaxed);
        return;
    }
    task::switch_to(policy::next());
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
    let Some(Parker(state)) = parker(task) else { return };
    let _interrupts = irq::disable();
    if state.swap(TOKEN, Ordering::AcqRel) == PARKED {
        state.store(READY, Ordering::Relaxed);
        policy::make_ready(task.clone());
    }
}
