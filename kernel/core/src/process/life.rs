//! The life of a thread: ring 3 until it traps, serve the trap, again.

use super::exec::{Program, execute};
use super::table::ExitStatus;
use super::thread::Thread;
use crate::report;
use crate::sched::{self, KernelData};
use crate::signal;
use crate::syscall;
use alloc::sync::Arc;
use threadbare_machine::memory::OutOfMemory;
use threadbare_machine::task;
use threadbare_machine::user::{Trap, UserContext};

/// Starts a thread by executing `program` in it. An error of the execution ends the process with status 127 or 126,
/// as a shell would.
///
/// # Errors
/// No memory for its task.
pub fn start_thread(thread: &Arc<Thread>, program: Program) -> Result<(), OutOfMemory> {
    let data = KernelData::serving(thread);
    let own = thread.clone();
    let task = sched::spawn("program", data, true, move || match execute(&own, program) {
        Ok(context) => live(&own, context),
        Err(failure) => {
            report::log_failure(&failure);
            own.process.end(ExitStatus::Exited(failure.status()));
        }
    })?;
    thread.set_task(&task);
    Ok(())
}

/// Runs the program until the thread ends.
fn live(thread: &Thread, mut context: UserContext) {
    while !thread.is_ending() {
        match context.run() {
            Trap::SystemCall => syscall::serve(thread, &mut context),
            Trap::PageFault { address, access } => report::page_fault(thread, &mut context, address, access),
            Trap::Exception { vector, .. } => report::exception(thread, &mut context, vector),
            Trap::Interrupt => {}
        }
        if task::wants_reschedule() {
            sched::yield_now();
        }
        if thread.is_interrupted() {
            signal::deliver_pending(thread, &mut context);
        }
    }
}
