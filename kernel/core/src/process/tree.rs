//! Who is there: all processes and threads by number, who is whose parent, groups and sessions (`credentials(7)`).
//!
//! Rules:
//! 1. Parent, group and session of a process change only while [`TREE`] is locked. Reading one alone needs no lock.
//! 2. The list of a process' children is locked only under `TREE` or alone; no other lock is taken under it.
//! 3. What leaves a table is dropped after the lock is released: it may be the last handle.
//!
//! Process 1 is the kernel itself. It has no [`Process`]; orphans become its children and are reaped at once.

use super::table::Process;
use super::thread::Thread;
use crate::error::Errno;
use crate::signal::{SignalInfo, send_to_process};
use alloc::collections::BTreeMap;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::sync::atomic::Ordering;
use threadbare_machine::sync::{SpinGuard, SpinLock};

/// The number of the kernel, as a process.
pub const INIT: u32 = 1;

/// Numbers are below it (`kernel.pid_max` of a 64-bit Linux).
const NUMBERS_END: u32 = 1 << 22;

pub(super) struct Tree {
    processes: BTreeMap<u32, Arc<Process>>,
    threads: BTreeMap<u32, Weak<Thread>>,
    last: u32,
    /// Whether numbers have been given out twice: only then must groups and sessions be asked about a number.
    wrapped: bool,
}

static TREE: SpinLock<Tree> = SpinLock::new(Tree {
    processes: BTreeMap::new(),
    threads: BTreeMap::new(),
    last: INIT,
    wrapped: false,
});

/// Locks the relations of all processes.
pub(super) fn lock() -> SpinGuard<'static, Tree> {
    TREE.lock()
}

impl Tree {
    fn is_taken(&self, number: u32) -> bool {
        let has = |process: &Arc<Process>| process.group() == number || process.session() == number;
        self.processes.contains_key(&number)
            || self.threads.contains_key(&number)
            || self.wrapped && self.processes.values().any(has)
    }

    pub(super) fn get(&self, pid: u32) -> Option<&Arc<Process>> {
        self.processes.get(&pid)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Process>> {
        self.processes.values()
    }

    /// Puts a process among the children of `parent`; with no such process, of the kernel.
    pub(super) fn adopt(&self, child: &Arc<Process>, parent: u32) {
        let found = self.processes.get(&parent);
        child
            .parent
            .store(found.map_or(INIT, |parent| parent.pid), Ordering::Relaxed);
        if let Some(parent) = found {
            parent.children.add(child.clone());
        }
    }

    pub(super) fn remove(&mut self, pid: u32) -> Option<Arc<Process>> {
        self.processes.remove(&pid)
    }
}

/// A number for a new process or thread.
///
/// # Errors
/// `EAGAIN` if all are taken.
pub(super) fn new_number() -> Result<u32, Errno> {
    let mut tree = TREE.lock();
    for _ in INIT..NUMBERS_END {
        tree.last += 1;
        if tree.last >= NUMBERS_END {
            tree.last = INIT + 1;
            tree.wrapped = true;
        }
        let number = tree.last;
        if !tree.is_taken(number) {
            return Ok(number);
        }
    }
    Err(Errno::EAGAIN)
}

/// Enters a process, and puts it among its parent's children.
pub(super) fn add(process: &Arc<Process>) {
    let mut tree = TREE.lock();
    tree.adopt(process, process.parent());
    tree.processes.insert(process.pid, process.clone());
}

/// Enters a thread; the first one of a process goes by the process.
pub(super) fn add_thread(thread: &Arc<Thread>) {
    if thread.tid() != thread.process.pid {
        TREE.lock().threads.insert(thread.tid(), Arc::downgrade(thread));
    }
}

/// Takes a thread out that has ended, or that goes by another number from now on.
pub(super) fn remove_thread(tid: u32) {
    let _thread = TREE.lock().threads.remove(&tid);
}

/// The process with this number, ended or not, that has not been waited for.
pub fn find(pid: u32) -> Option<Arc<Process>> {
    TREE.lock().processes.get(&pid).cloned()
}

/// The thread with this number.
pub fn find_thread(tid: u32) -> Option<Arc<Thread>> {
    let process = {
        let tree = TREE.lock();
        match tree.threads.get(&tid) {
            Some(thread) => return thread.upgrade(),
            None => tree.processes.get(&tid).cloned()?,
        }
    };
    process.threads().find(|thread| thread.tid() == tid)
}

/// All processes, by number. One that comes or goes meanwhile may be among them or not. Nothing is allocated: this is also how
/// room is made where there is none.
pub fn all() -> impl Iterator<Item = Arc<Process>> {
    let mut last = 0;
    core::iter::from_fn(move || {
        let tree = TREE.lock();
        let (number, process) = tree.processes.range(last + 1..).next()?;
        last = *number;
        Some(process.clone())
    })
}

/// How many processes there are.
pub fn count() -> usize {
    TREE.lock().processes.len()
}

/// The processes of a group, as [`all`] gives them.
pub fn members_of_group(group: u32) -> impl Iterator<Item = Arc<Process>> {
    all().filter(move |process| process.group() == group)
}

/// Sends a signal to every process of a group; whether there is one.
pub fn send_to_group(group: u32, info: SignalInfo) -> bool {
    let sent = members_of_group(group).inspect(|process| _ = send_to_process(process, info));
    sent.count() > 0
}

/// Whether no member of a group has a parent in another group of the same session: nobody could continue it when it
/// stops (`setpgid(2)`, "orphaned process group").
pub fn is_orphaned_group(group: u32) -> bool {
    let tree = TREE.lock();
    is_orphaned(&tree, group, None)
}

fn is_orphaned(tree: &Tree, group: u32, without: Option<u32>) -> bool {
    let holds = |member: &Arc<Process>| {
        !member.is_zombie()
            && Some(member.pid) != without
            && tree.get(member.parent()).is_some_and(|parent| {
                Some(parent.pid) != without && parent.group() != group && parent.session() == member.session()
            })
    };
    let mut members = tree.iter().filter(|process| process.group() == group);
    !members.any(holds)
}

/// The groups that the end of `process` leaves orphaned with a stopped member: they get SIGHUP and SIGCONT
/// (`_exit(2)`).
pub(super) fn groups_left_stopped(process: &Process) -> Vec<u32> {
    let tree = TREE.lock();
    let mut groups: Vec<u32> = Vec::new();
    let children = tree.iter().filter(|child| child.parent() == process.pid);
    let near = children.map(|child| child.group()).chain([process.group()]);
    for group in near {
        let stopped = |member: &Arc<Process>| member.group() == group && member.stop.is_stopped();
        let was_held = !is_orphaned(&tree, group, None);
        if !groups.contains(&group)
            && was_held
            && is_orphaned(&tree, group, Some(process.pid))
            && tree.iter().any(stopped)
        {
            groups.push(group);
        }
    }
    groups
}

/// `setsid(2)`: makes `process` the leader of a new session and group.
///
/// # Errors
/// `EPERM` if it leads a group already.
pub fn start_session(process: &Process) -> Result<u32, Errno> {
    let tree = TREE.lock();
    if tree.iter().any(|other| other.group() == process.pid) {
        return Err(Errno::EPERM);
    }
    process.session.store(process.pid, Ordering::Relaxed);
    process.group.store(process.pid, Ordering::Relaxed);
    Ok(process.pid)
}

/// `setpgid(2)` on behalf of `caller`.
///
/// # Errors
/// As the man page has them.
pub fn set_group(caller: &Process, pid: u32, group: u32) -> Result<(), Errno> {
    let tree = TREE.lock();
    let process = tree.get(pid).ok_or(Errno::ESRCH)?;
    if process.pid != caller.pid {
        if process.parent() != caller.pid {
            return Err(Errno::ESRCH);
        }
        if process.session() != caller.session() {
            return Err(Errno::EPERM);
        }
        if process.has_executed.load(Ordering::Relaxed) {
            return Err(Errno::EACCES);
        }
    }
    let leads_session = process.session() == process.pid;
    let exists = |other: &Arc<Process>| other.group() == group && other.session() == caller.session();
    if leads_session || group != process.pid && !tree.iter().any(exists) {
        return Err(Errno::EPERM);
    }
    process.group.store(group, Ordering::Relaxed);
    Ok(())
}
