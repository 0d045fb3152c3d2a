//! The life of a thread: ring 3 until it traps, serve the trap, again.

use super::end;
use super::exec::{Program, execute};
use super::table::ExitStatus;
use super::thread::Thread;
use crate::error::Errno;
use crate::mm::CurrentMemory;
use crate::report;
use crate::sched::{self, KernelData};
use crate::signal;
use crate::syscall;
use crate::syscall::memory::UserMemory;
use alloc::sync::Arc;
use core::ops::ControlFlow;
use core::sync::atomic::Ordering;
use threadbare_machine::memory::OutOfMemory;
use threadbare_machine::paging::SpaceHandle;
use threadbare_machine::task::{self, Registers};
use threadbare_machine::user::{self, Trap, UserContext};

/// Starts a thread by executing `program` in it. An error of the execution ends the process with status 127 or 126,
/// as a shell would.
///
/// # Errors
/// No memory for its task.
pub fn start_thread(thread: &Arc<Thread>, program: Program) -> Result<(), OutOfMemory> {
    let own = thread.clone();
    let data = KernelData::serving(thread);
    let task = sched::spawn("program", data, Registers::Initial, move || {
        match execute(&own, program) {
            Ok(context) => live(&own, context),
            Err(failure) => {
                report::log_failure(&failure);
                own.process.end(ExitStatus::Exited(failure.status()));
            }
        }
        end::leave(&own);
    })?;
    thread.set_task(&task);
    Ok(())
}

/// What a cloned thread does before it lives.
pub(super) struct FirstSteps {
    pub(super) space: SpaceHandle,
    pub(super) context: UserContext,
    pub(super) fs_base: Option<u64>,
    pub(super) set_child_tid: usize,
    pub(super) clear_child_tid: usize,
}

/// Starts a cloned thread, with the vector registers and segment bases of the thread that calls.
pub(super) fn start(thread: &Arc<Thread>, first: FirstSteps) -> Result<(), OutOfMemory> {
    thread
        .clear_child_tid
        .store(first.clear_child_tid, Ordering::Relaxed);
    let own = thread.clone();
    let data = KernelData::serving(thread);
    let task = sched::spawn("program", data, Registers::Inherited, move || {
        task::set_space(first.space);
        if let Some(base) = first.fs_base {
            user::set_fs_base(base);
        }
        if first.set_child_tid != 0 {
            // A bad address is the program's own affair, as on Linux.
            let tid = own.tid().to_le_bytes();
            let _ = CurrentMemory::new(&own.process).write_bytes(first.set_child_tid, &tid);
        }
        live(&own, first.context);
        end::leave(&own);
    })?;
    thread.set_task(&task);
    Ok(())
}

/// Runs the program until the thread ends.
fn live(thread: &Thread, mut context: UserContext) {
    let leaves = syscall::leaves();
    let mut interrupted = None;
    loop {
        if (thread.signals.has_attention() || interrupted.is_some())
            && attend(thread, &mut context, interrupted).is_break()
        {
            return;
        }
        interrupted = None;
        match context.run_with(leaves, thread) {
            Trap::SystemCall => interrupted = syscall::serve(thread, &mut context).err(),
            Trap::PageFault { address, access } => report::page_fault(thread, &mut context, address, access),
            Trap::Exception { vector, .. } => report::exception(thread, &mut context, vector),
            Trap::Interrupt => {}
        }
        if task::wants_reschedule() {
            sched::preempt();
        }
    }
}

/// Does what there is to do before ring 3, if that is to be entered again.
#[inline(never)]
fn attend(thread: &Thread, context: &mut UserContext, mut interrupted: Option<Errno>) -> ControlFlow<()> {
    while thread.signals.take_attention() || interrupted.is_some() {
        if thread.is_ending() {
            return ControlFlow::Break(());
        }
        signal::deliver_pending(thread, context, &mut interrupted);
        thread.process.wait_while_stopped();
    }
    ControlFlow::Continue(())
}
