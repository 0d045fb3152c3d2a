//! The life of a thread: ring 3 until it traps, serve the trap, again.

use super::exec::{Program, execute};
use super::table::ExitStatus;
use super::thread::Thread;
use crate::mm::memory_is_scarce;
use crate::report;
use crate::sched::{self, KernelData};
use crate::signal;
use crate::syscall;
use alloc::sync::Arc;
use core::sync::atomic::Ordering;
use threadbare_machine::memory::OutOfMemory;
use threadbare_machine::task;
use threadbare_machine::user::{self, Trap, UserContext};

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

/// The most threads that a process may have.
const THREADS_MOST: usize = 4096;

/// Starts another thread in the process of `parent`: with these registers, this FS base if one is given, and the address
/// that is cleared at its end (0 for none).
///
/// # Errors
/// Too many threads, or no memory for its task.
pub fn start_cloned(
    parent: &Thread,
    tid: u32,
    context: UserContext,
    fs_base: Option<u64>,
    clear_child_tid: usize,
) -> Result<(), OutOfMemory> {
    let process = &parent.process;
    if process.threads().len() >= THREADS_MOST || memory_is_scarce() {
        return Err(OutOfMemory);
    }
    let name = *parent.name.lock();
    let thread = Thread::new(
        tid,
        process.clone(),
        name.split(|&byte| byte == 0).next().unwrap_or_default(),
    );
    *thread.signals.mask.lock() = *parent.signals.mask.lock();
    thread.clear_child_tid.store(clear_child_tid, Ordering::Relaxed);
    let space = process.memory.lock().handle();
    let fs_base = fs_base.unwrap_or_else(user::fs_base);
    let own = thread.clone();
    let task = sched::spawn("program", KernelData::serving(&thread), true, move || {
        task::set_space(space);
        user::set_fs_base(fs_base);
        live(&own, context);
    })?;
    thread.set_task(&task);
    Ok(())
}

/// Runs the program until the thread ends.
fn live(thread: &Thread, mut context: UserContext) {
    while !thread.is_ending() {
        let mut interrupted = None;
        match context.run() {
            Trap::SystemCall => interrupted = syscall::serve(thread, &mut context).err(),
            Trap::PageFault { address, access } => report::page_fault(thread, &mut context, address, access),
            Trap::Exception { vector, .. } => report::exception(thread, &mut context, vector),
            Trap::Interrupt => {}
        }
        if task::wants_reschedule() {
            sched::preempt();
        }
        if interrupted.is_some() || thread.is_interrupted() {
            signal::deliver_pending(thread, &mut context, interrupted);
        }
    }
    if thread.process.status().is_none() {
        syscall::announce_end(thread);
    }
}
