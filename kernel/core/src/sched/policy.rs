//! Leaving the running task, starting tasks, and the idle task.

use super::attributes::Attributes;
use super::cpu::{self, Leave};
use super::park::KernelData;
use super::scheduling::Scheduling;
use crate::process::Thread;
use alloc::boxed::Box;
use alloc::sync::Arc;
use threadbare_machine::memory::OutOfMemory;
use threadbare_machine::sync::Once;
use threadbare_machine::task::{self, Registers, Scheduler, Task};
use threadbare_machine::{cpu as processor, irq};

struct Queues;

static IDLE: Once<Arc<Task>> = Once::new();

impl Scheduler for Queues {
    fn after_end(&self) -> Arc<Task> {
        let interrupts = irq::disable();
        cpu::with_running(|current| next(current, &interrupts))
    }

    fn preempt(&self) {
        preempt();
    }
}

/// Sets the policy and makes the calling task the idle task: it is resumed when no other is ready.
pub fn initialise() {
    IDLE.get_or_init(task::current);
    task::set_scheduler(&Queues);
}

/// Starts a kernel thread.
///
/// # Errors
/// No memory for its stack, or for its place in the queues.
pub fn spawn(
    name: &'static str,
    data: KernelData,
    registers: Registers,
    entry: impl FnOnce() + Send + 'static,
) -> Result<Arc<Task>, OutOfMemory> {
    cpu::own().reserve(KernelData::count())?;
    let task = Task::new(name, Box::new(data), registers, entry)?;
    cpu::own().enter(task.clone());
    Ok(task)
}

/// What a new thread of the running one starts with.
pub fn child_of_current() -> Scheduling {
    cpu::with_running(|current| current.map(Scheduling::child).unwrap_or_default())
}

/// Whom to run when the running task cannot go on: the first in the queue, else the idle task.
pub(super) fn next(current: Option<&Scheduling>, interrupts: &irq::Disabled) -> Arc<Task> {
    let next = cpu::own_within(interrupts).leave(current, Leave::Wait);
    next.unwrap_or_else(|| IDLE.get().expect("the scheduler is initialised").clone())
}

/// Lets others run first that are ready and not of lower priority.
pub fn yield_now() {
    make_place(Leave::Yield);
}

/// Lets another run that is more urgent, or whose turn it is.
pub fn preempt() {
    make_place(Leave::Preempt);
}

fn make_place(why: Leave) {
    let interrupts = irq::disable();
    let next = cpu::with_running(|current| cpu::own_within(&interrupts).leave(current, why));
    if let Some(next) = next {
        task::switch_to(next);
    }
}

/// Puts a task that has waited into the queue; if it is urgent, the running one makes place at the next chance.
pub(super) fn make_ready(task: Arc<Task>, interrupts: &irq::Disabled) {
    if cpu::own_within(interrupts).wake(task) {
        task::reschedule_soon();
    }
}

/// Schedules `thread` by `attributes` from now on.
pub fn set_attributes(thread: &Thread, attributes: Attributes) {
    let scheduling = &thread.scheduling;
    let was_real_time = scheduling.is_real_time();
    let task = thread.task();
    let mut cpu = cpu::own();
    let queued = task.and_then(|task| cpu.remove(&task));
    scheduling.apply(attributes);
    if was_real_time && !scheduling.is_real_time() {
        scheduling.set_virtual_time(scheduling.virtual_time().max(cpu.floor()));
    }
    if let Some(task) = queued {
        cpu.put_back(task);
    }
    drop(cpu);
    task::reschedule_soon(); // either of the two may be more urgent now
}

/// The life of the idle task: halts this CPU whenever nobody is ready.
pub fn idle() -> ! {
    loop {
        let interrupts = irq::disable();
        let next = cpu::own().leave(None, Leave::Preempt);
        match next {
            Some(next) => task::switch_to(next),
            None => processor::wait_for_interrupt(), // enables interrupts and halts in one step
        }
        drop(interrupts);
        irq::enable();
    }
}
