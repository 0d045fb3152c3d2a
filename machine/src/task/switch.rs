//! The switch between tasks.

use super::handle::{FINISHED, RUNNING, SUSPENDED, Scheduler, Task};
use crate::cpu::local::local;
use crate::irq;
use crate::memory::PhysAddr;
use crate::paging::{SpaceHandle, kernel};
use crate::sync::SpinLock;
use alloc::sync::Arc;
use core::marker::PhantomData;
use core::sync::atomic::Ordering;
use threadbare_context::switch;

static SCHEDULER: SpinLock<Option<&'static dyn Scheduler>> = SpinLock::new(None);

/// Sets the policy.
pub fn set_scheduler(scheduler: &'static dyn Scheduler) {
    *SCHEDULER.lock() = Some(scheduler);
}

fn scheduler() -> Option<&'static dyn Scheduler> {
    *SCHEDULER.lock()
}

/// The running task.
///
/// # Panics
/// Before the first task runs.
pub fn current() -> Arc<Task> {
    with_current(|task| {
        // SAFETY: tasks are made in an `Arc`, of which the CPU holds one count while `task` is shown; this makes another.
        unsafe {
            Arc::increment_strong_count(task);
            Arc::from_raw(task)
        }
    })
}

/// Shows the running task to `action`, without taking a count of it as [`current`] does.
///
/// # Panics
/// Before the first task runs.
pub fn with_current<R>(action: impl FnOnce(&Task) -> R) -> R {
    let task = local().current.get();
    assert!(!task.is_null(), "no task runs yet");
    // SAFETY: the CPU holds a count of its current task, so the task that executes this lives until it is left for good;
    // then nothing of `action` is executed any more. If it is moved to another CPU meanwhile, that one holds the count.
    action(unsafe { &*task })
}

/// Suspends the running task and resumes `next`; returns when somebody switches back.
///
/// The caller has arranged for that: a suspended task that nobody holds is never resumed, and its stack is lost.
///
/// # Panics
/// When `next` is not suspended, or an interrupt-disabling lock other than the caller's is held.
pub fn switch_to(next: Arc<Task>) {
    let _interrupts = irq::disable();
    let current = local().current.get();
    if core::ptr::eq(current, Arc::as_ptr(&next)) {
        return;
    }
    leave_for(next, SUSPENDED);
}

/// Saves what the CPU holds for the current task, takes what `next` needs, and switches stacks. The state
/// `left_as` is published for the current task once its stack is no longer in use.
fn leave_for(next: Arc<Task>, left_as: u8) {
    // Acquire pairs with the release in `publish_previous`: the stack pointer and all that `next` did are visible.
    let claimed = next
        .state
        .compare_exchange(SUSPENDED, RUNNING, Ordering::Acquire, Ordering::Relaxed);
    assert!(
        claimed.is_ok(),
        "task {:?} is resumed while it runs or after its end",
        next.name()
    );
    let cpu = local();
    assert!(!cpu.in_leaf.get(), "a leaf call waits");
    let current = cpu.current.get();
    // SAFETY: both tasks are in state RUNNING on this CPU alone, so their registers are ours; interrupts are disabled.
    unsafe {
        if let Some(registers) = &mut *(*current).registers.get() {
            registers.save();
        }
        if let Some(registers) = &*next.registers.get() {
            registers.load();
        }
    }
    // The space is set before the task runs, or by itself: nobody changes it while it is suspended.
    let root = next.root.load(Ordering::Relaxed);
    #[cfg(all(target_os = "none", feature = "vm-tests"))]
    let root = if crate::tests::breaks::NO_CR3_WRITE.load(Ordering::Relaxed) {
        0
    } else {
        root
    };
    if root != 0 {
        kernel::enter(PhysAddr(root)); // a task without a space leaves the old one loaded: it touches none
    }
    let to = next.stack_pointer.get();
    cpu.current.set(Arc::into_raw(next));
    cpu.previous.set(current);
    // SAFETY: `next` was suspended and is claimed by us alone; its stack lives with the task, of which the CPU now
    // holds a count. The current task's stack pointer is written before any CPU can claim it.
    let other_left_as = unsafe { switch((*current).stack_pointer.as_ptr(), to, usize::from(left_as)) };
    // Possibly on another CPU, certainly another day.
    publish_previous(other_left_as);
}

/// Publishes the state of the task that this CPU ran before.
fn publish_previous(left_as: usize) {
    let previous = local().previous.replace(core::ptr::null());
    if previous.is_null() {
        return;
    }
    // SAFETY: `previous` carries the count that the CPU held while it ran that task.
    let previous = unsafe { Arc::from_raw(previous) };
    let state = if left_as == usize::from(FINISHED) {
        FINISHED
    } else {
        SUSPENDED
    };
    previous.state.store(state, Ordering::Release);
}

/// The first function on every task's stack.
pub(super) unsafe extern "sysv64" fn begin(_argument: usize, transfer: usize) -> ! {
    first_steps(transfer);
    finish()
}

fn first_steps(left_as: usize) {
    publish_previous(left_as);
    let entry = current().entry.lock().take();
    irq::enable();
    if let Some(entry) = entry {
        entry();
    }
}

/// Ends the running task.
fn finish() -> ! {
    core::mem::forget(irq::disable());
    let next = scheduler()
        .expect("a scheduler is set before a task ends")
        .after_end();
    leave_for(next, FINISHED);
    unreachable!("a finished task was resumed")
}

/// Sets the running task's address space and loads it.
pub fn set_space(space: SpaceHandle) {
    let root = space.0.address();
    let _interrupts = irq::disable();
    current().set_space(Some(space));
    kernel::enter(root);
}

/// Takes the running task's address space from it; if nobody else holds that, its memory is free on return.
pub fn leave_space() {
    current().set_space(None);
}

/// A number that the running task's address space has for itself as long as it exists; 0 without one.
pub fn space_number() -> u64 {
    with_current(|current| current.root.load(Ordering::Relaxed))
}

/// Asks for a switch at the next chance: the end of an interrupt in ring 0, or the kernel's next look before ring 3.
pub fn reschedule_soon() {
    local().reschedule.set(true);
}

/// Whether a switch was asked for; the question takes the wish back.
#[inline]
pub fn wants_reschedule() -> bool {
    let wish = &local().reschedule;
    wish.get() && wish.replace(false)
}

/// While it lives, interrupts do not switch this CPU to another task. Tied to the CPU, so it is not sent.
#[derive(Debug)]
#[must_use]
pub struct NoPreemption(PhantomData<*mut ()>);

/// Disables preemption until the guard is dropped. Nests.
pub fn disable_preemption() -> NoPreemption {
    let count = &local().preemption_disabled;
    count.set(count.get() + 1);
    NoPreemption(PhantomData)
}

impl Drop for NoPreemption {
    fn drop(&mut self) {
        let count = &local().preemption_disabled;
        count.set(count.get() - 1);
    }
}

/// At the end of an interrupt in ring 0: lets the policy switch, if that was asked for and is allowed.
#[cfg(target_os = "none")]
pub(crate) fn preempt_if_wanted() {
    let cpu = local();
    let allowed = cpu.preemption_disabled.get() == 0 && cpu.interrupt_depth.get() == 0;
    if allowed && cpu.reschedule.get() {
        if let Some(scheduler) = scheduler() {
            cpu.reschedule.set(false);
            scheduler.preempt();
        }
    }
}

/// Makes the boot code's end: runs `main` as the first task, on a guarded stack.
///
/// # Safety
/// 1. Called once per CPU at boot, with interrupts disabled; the boot stack is abandoned.
#[cfg(target_os = "none")]
pub(crate) unsafe fn boot_into(task: Arc<Task>) -> ! {
    let claimed = task
        .state
        .compare_exchange(SUSPENDED, RUNNING, Ordering::Acquire, Ordering::Relaxed);
    assert!(claimed.is_ok(), "the first task is new");
    let to = task.stack_pointer.get();
    local().current.set(Arc::into_raw(task));
    let mut abandoned = threadbare_context::StackPointer(0);
    // SAFETY: the task is new and claimed; `abandoned` is written and never used.
    unsafe { switch(&raw mut abandoned, to, usize::from(SUSPENDED)) };
    unreachable!("the boot stack was resumed")
}
