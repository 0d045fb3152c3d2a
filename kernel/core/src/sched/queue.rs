//! The run queues.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use threadbare_machine::sync::SpinLock;
use threadbare_machine::{cpu, task::Task};

/// How many CPUs there are queues for.
const CPUS: usize = 64;

/// Ready tasks of each CPU, first come first served.
static QUEUES: [SpinLock<VecDeque<Arc<Task>>>; CPUS] = [const { SpinLock::new(VecDeque::new()) }; CPUS];

fn own() -> &'static SpinLock<VecDeque<Arc<Task>>> {
    &QUEUES[cpu::id() % CPUS]
}

/// Puts a task behind the others of this CPU.
pub(super) fn push(task: Arc<Task>) {
    own().lock().push_back(task);
}

/// Takes the task that has waited longest.
pub(super) fn pop() -> Option<Arc<Task>> {
    own().lock().pop_front()
}

/// Whether nobody waits for this CPU.
pub(super) fn is_empty() -> bool {
    own().lock().is_empty()
}
