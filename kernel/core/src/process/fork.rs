//! New processes and threads (`clone(2)`).

use super::life::{self, FirstSteps};
use super::shared::Shared;
use super::table::{Beginning, Process};
use super::thread::Thread;
use super::tree;
use crate::error::Errno;
use crate::mm::{Cuts, has_room_for_threads};
use crate::sched::Mutex;
use crate::vfs::Capability;
use alloc::sync::Arc;
use core::sync::atomic::Ordering;
use threadbare_machine::sync::SpinLock;
use threadbare_machine::user::UserContext;

/// The most threads that a process may have, and the most processes (`kernel.threads-max`, in spirit): each holds
/// kernel memory.
const THREADS_MOST: usize = 4096;
const PROCESSES_MOST: usize = 16384;

/// What a new thread or process begins with.
pub struct Start {
    /// Its registers.
    pub context: UserContext,
    /// Its FS base, if not its parent's.
    pub fs_base: Option<u64>,
    /// Where its own number is written, in its memory, before it runs; 0 for nowhere.
    pub set_child_tid: usize,
    /// Where 0 is written when it ends; 0 for nowhere.
    pub clear_child_tid: usize,
}

/// What a new process shares with its parent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sharing {
    /// `CLONE_VM`.
    pub memory: bool,
    /// `CLONE_FILES`.
    pub files: bool,
    /// `CLONE_FS`.
    pub fs: bool,
    /// `CLONE_PARENT`: the parent itself.
    pub parent: bool,
    /// Not `CLONE_CLEAR_SIGHAND`: what it does with signals.
    pub handlers: bool,
}

/// Makes a thread in the process of `parent`. `numbered` is told its number before it runs.
///
/// # Errors
/// `EAGAIN` for too many threads or no memory; those of `numbered`.
pub fn clone_thread(
    parent: &Thread,
    start: Start,
    numbered: impl FnOnce(u32) -> Result<(), Errno>,
) -> Result<u32, Errno> {
    let process = &parent.process;
    if process.alive.load(Ordering::Relaxed) >= THREADS_MOST || !has_room_for_threads() {
        return Err(Errno::EAGAIN);
    }
    let tid = tree::new_number()?;
    numbered(tid)?;
    let thread = parent.copy_for(tid, process.clone());
    life::start(&thread, parent_steps(process, start)).map_err(|_| give_up(&thread))?;
    Ok(tid)
}

/// Makes a process that is a copy of that of `parent`, with one thread. `numbered` is told about it before it runs.
///
/// # Errors
/// `EAGAIN` for too many processes; `ENOMEM`; those of `numbered`.
pub fn clone_process(
    parent: &Thread,
    start: Start,
    sharing: Sharing,
    exit_signal: u8,
    numbered: impl FnOnce(&Arc<Process>) -> Result<(), Errno>,
) -> Result<Arc<Process>, Errno> {
    if !has_room_for_threads() {
        return Err(Errno::ENOMEM);
    }
    check_count(&parent.process)?;
    let cuts = Cuts::so_far();
    let beginning = copy(&parent.process, sharing, exit_signal)?;
    let pid = tree::new_number()?;
    let process = Process::new(pid, beginning);
    let no_new_privileges = parent.process.no_new_privileges.load(Ordering::Relaxed);
    process
        .no_new_privileges
        .store(no_new_privileges, Ordering::Relaxed);
    numbered(&process)?;
    let thread = parent.copy_for(pid, process.clone());
    if !sharing.memory {
        thread.signals.set_stack(parent.signals.stack());
    }
    process.timers.watch_cpu_limit(&process);
    tree::add(&process);
    cuts.seen_by(&process);
    if life::start(&thread, parent_steps(&process, start)).is_err() {
        let parent = tree::find(process.parent());
        let _listed = {
            let mut tree = tree::lock();
            let listed = parent.and_then(|parent| parent.children.remove(pid));
            (listed, tree.remove(pid))
        };
        return Err(give_up(&thread));
    }
    Ok(process)
}

/// Waits until `child` has memory of its own or has ended, as `vfork(2)` does. Only the end of the waiting thread
/// ends the wait before.
pub fn wait_for_own_memory(parent: &Thread, child: &Process) {
    child.has_own_memory.wait(|| parent.is_ending());
}

fn parent_steps(process: &Process, start: Start) -> FirstSteps {
    FirstSteps {
        space: process.memory().lock().handle(),
        context: start.context,
        fs_base: start.fs_base,
        set_child_tid: start.set_child_tid,
        clear_child_tid: start.clear_child_tid,
    }
}

/// Undoes a thread that could not be started.
fn give_up(thread: &Thread) -> Errno {
    tree::remove_thread(thread.tid());
    thread.process.alive.fetch_sub(1, Ordering::Relaxed);
    Errno::EAGAIN
}

/// `RLIMIT_NPROC`, which does not bind the superuser, and what the machine can hold.
fn check_count(parent: &Process) -> Result<(), Errno> {
    if tree::count() >= PROCESSES_MOST {
        return Err(Errno::EAGAIN);
    }
    let most = parent.limits.lock().processes();
    let credentials = parent.credentials();
    let unbound = credentials.uid == 0
        || credentials.can(Capability::SysResource)
        || credentials.can(Capability::SysAdmin);
    if most == u64::MAX || unbound {
        return Ok(());
    }
    let of_user = tree::all()
        .filter(|process| process.credentials().uid == credentials.uid)
        .count();
    if of_user as u64 >= most {
        Err(Errno::EAGAIN)
    } else {
        Ok(())
    }
}

fn copy(parent: &Process, sharing: Sharing, exit_signal: u8) -> Result<Beginning, Errno> {
    let memory = parent.memory();
    let memory = if sharing.memory {
        memory
    } else {
        let copy = memory.lock().duplicate()?;
        Arc::new(Mutex::new(copy.into()))
    };
    let files = if sharing.files {
        parent.files.share()
    } else {
        let copy = parent.files.lock().duplicate()?;
        Shared::new(SpinLock::new(copy))
    };
    let fs = if sharing.fs {
        parent.fs.share()
    } else {
        Shared::new(parent.fs.duplicate())
    };
    Ok(Beginning {
        memory,
        files,
        fs,
        credentials: parent.credentials(),
        limits: *parent.limits.lock(),
        signals: parent.signals.for_child(sharing.handlers),
        executable: parent.executable.lock().clone(),
        auxiliary: parent.auxiliary.lock().clone(),
        exit_signal,
        parent: if sharing.parent {
            parent.parent()
        } else {
            parent.pid
        },
        group: parent.group(),
        session: parent.session(),
    })
}
