//! Round robin with time slices.

use super::park::KernelData;
use super::{queue, timer};
use alloc::boxed::Box;
use alloc::sync::Arc;
use threadbare_machine::memory::OutOfMemory;
use threadbare_machine::sync::Once;
use threadbare_machine::task::{self, Scheduler, Task};
use threadbare_machine::time::Nanoseconds;
use threadbare_machine::{cpu, irq};

/// How long a task runs while others wait.
pub(super) const SLICE: Nanoseconds = Nanoseconds(4_000_000);

struct RoundRobin;

static IDLE: Once<Arc<Task>> = Once::new();

impl Scheduler for RoundRobin {
    fn after_end(&self) -> Arc<Task> {
        next()
    }

    fn preempt(&self) {
        yield_now();
    }
}

/// Sets the policy and makes the calling task the idle task: it is resumed when no other is ready.
pub fn initialise() {
    IDLE.get_or_init(task::current);
    task::set_scheduler(&RoundRobin);
}

/// Starts a kernel thread. With `runs_programs` it has program registers of its own.
///
/// # Errors
/// No memory for its stack.
pub fn spawn(
    name: &str,
    data: KernelData,
    runs_programs: bool,
    entry: impl FnOnce() + Send + 'static,
) -> Result<Arc<Task>, OutOfMemory> {
    let task = Task::new(name, Box::new(data), runs_programs, entry)?;
    make_ready(task.clone());
    Ok(task)
}

/// Puts a task into the queue, and sees to it that the running one does not keep it waiting longer than a slice.
pub(super) fn make_ready(task: Arc<Task>) {
    queue::push(task);
    timer::limit_slice(SLICE);
}

/// Whom to run next: the first in the queue, else the idle task.
pub(super) fn next() -> Arc<Task> {
    take_ready().unwrap_or_else(|| IDLE.get().expect("the scheduler is initialised").clone())
}

/// Takes the first in the queue. If others are left, its time is limited.
fn take_ready() -> Option<Arc<Task>> {
    let next = queue::pop()?;
    if !queue::is_empty() {
        timer::limit_slice(SLICE);
    }
    Some(next)
}

/// Lets the others that are ready run first.
pub fn yield_now() {
    let _interrupts = irq::disable();
    if let Some(next) = queue::pop() {
        let current = task::current();
        if !IDLE.get().is_some_and(|idle| Arc::ptr_eq(idle, &current)) {
            queue::push(current);
        }
        if !queue::is_empty() {
            timer::limit_slice(SLICE);
        }
        task::switch_to(next);
    }
}

/// The life of the idle task: halts this CPU whenever nobody is ready.
pub fn idle() -> ! {
    loop {
        let interrupts = irq::disable();
        match take_ready() {
            Some(next) => task::switch_to(next),
            None => cpu::wait_for_interrupt(), // enables interrupts and halts in one step
        }
        drop(interrupts);
        irq::enable();
    }
}
