//! A process' children, and waiting for them (`wait(2)`).

use super::stop::Change;
use super::table::{ExitStatus, Process};
use super::{Times, tree};
use crate::error::Errno;
use crate::sched::WaitQueue;
use crate::signal::Signal;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::Ordering;
use threadbare_machine::sync::SpinLock;

/// The children of a process.
#[derive(Default)]
pub(super) struct Children {
    list: SpinLock<Vec<Arc<Process>>>,
    /// Woken when one of them ends, stops or goes on.
    changed: WaitQueue,
}

/// Which children are waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Any.
    Any,
    /// The one with this number.
    Process(u32),
    /// Those of this group.
    Group(u32),
}

/// What is waited for, and how (`waitid(2)`).
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Which children.
    pub which: Which,
    /// `WEXITED`: those that have ended.
    pub exited: bool,
    /// `WSTOPPED`: those that have stopped.
    pub stopped: bool,
    /// `WCONTINUED`: those that go on.
    pub continued: bool,
    /// `WNOWAIT`: leave it waiting.
    pub keep: bool,
    /// `__WALL` and `__WCLONE`: with these children that send something else than SIGCHLD are meant, too or only.
    pub clones: Clones,
}

/// Whether children that do not send SIGCHLD at their end are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clones {
    /// They are not.
    Without,
    /// They alone are.
    Only,
    /// All are.
    All,
}

/// What a wait has found.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// The child.
    pub pid: u32,
    /// Its real user.
    pub uid: u32,
    /// What has happened to it.
    pub event: Event,
    /// What it and the children that it waited for have used.
    pub usage: Times,
}

/// What has happened to a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// It has ended.
    Ended(ExitStatus),
    /// It was stopped by this signal.
    Stopped(u8),
    /// It goes on.
    Continued,
}

impl Event {
    /// The status word of `wait(2)`.
    pub fn status_word(self) -> u32 {
        match self {
            Event::Ended(ExitStatus::Exited(status)) => u32::from(status) << 8,
            Event::Ended(ExitStatus::Signaled(signal)) => u32::from(signal),
            Event::Stopped(signal) => u32::from(signal) << 8 | 0x7f,
            Event::Continued => 0xffff,
        }
    }

    /// `si_code` and `si_status` of SIGCHLD and of `waitid(2)`.
    pub fn code_and_status(self) -> (i32, u32) {
        const CLD_EXITED: i32 = 1;
        const CLD_KILLED: i32 = 2;
        const CLD_STOPPED: i32 = 5;
        const CLD_CONTINUED: i32 = 6;
        match self {
            Event::Ended(ExitStatus::Exited(status)) => (CLD_EXITED, u32::from(status)),
            Event::Ended(ExitStatus::Signaled(signal)) => (CLD_KILLED, u32::from(signal)),
            Event::Stopped(signal) => (CLD_STOPPED, u32::from(signal)),
            Event::Continued => (CLD_CONTINUED, u32::from(Signal::SIGCONT.number())),
        }
    }
}

impl Wanted {
    fn means(&self, child: &Process) -> bool {
        let which = match self.which {
            Which::Any => true,
            Which::Process(pid) => child.pid == pid,
            Which::Group(group) => child.group() == group,
        };
        let is_clone = child.exit_signal.load(Ordering::Relaxed) != Signal::SIGCHLD.number();
        which
            && match self.clones {
                Clones::All => true,
                Clones::Without => !is_clone,
                Clones::Only => is_clone,
            }
    }

    /// What there is to tell of `child`.
    fn look(&self, child: &Process) -> Option<Event> {
        if child.is_zombie() {
            return self.exited.then(|| child.status().map(Event::Ended)).flatten();
        }
        let change = child.stop.untold(self.stopped, self.continued, self.keep)?;
        Some(match change {
            Change::Stopped(signal) => Event::Stopped(signal),
            Change::Continued => Event::Continued,
        })
    }
}

impl Children {
    pub(super) fn add(&self, child: Arc<Process>) {
        self.list.lock().push(child);
    }

    pub(super) fn remove(&self, pid: u32) -> Option<Arc<Process>> {
        let mut list = self.list.lock();
        let at = list.iter().position(|child| child.pid == pid)?;
        Some(list.swap_remove(at))
    }

    pub(super) fn take_all(&self) -> Vec<Arc<Process>> {
        core::mem::take(&mut *self.list.lock())
    }

    /// Lets the threads that wait look again.
    pub(super) fn notify(&self) {
        self.changed.wake_all();
    }

    /// The first child that something is to be told of; `ECHILD` if none is meant.
    fn look(&self, wanted: &Wanted) -> Option<Result<(Arc<Process>, Event), Errno>> {
        let list = self.list.lock();
        let mut any = false;
        for child in list.iter().filter(|child| wanted.means(child)) {
            any = true;
            if let Some(event) = wanted.look(child) {
                return Some(Ok((child.clone(), event)));
            }
        }
        (!any).then_some(Err(Errno::ECHILD))
    }
}

/// Waits for a child of `process`. With `block` false, `None` if there is nothing to tell yet.
///
/// # Errors
/// `ECHILD` if no child is meant; `ERESTARTSYS` when `interrupted` says so.
pub fn wait(
    process: &Process,
    wanted: &Wanted,
    block: bool,
    mut interrupted: impl FnMut() -> bool,
) -> Result<Option<Found>, Errno> {
    let children = &process.children;
    let look = || children.look(wanted);
    loop {
        let found = if block {
            let found = children.changed.wait_until(None, &mut interrupted, look);
            Some(found.ok_or(Errno::ERESTARTSYS)?)
        } else {
            look()
        };
        let Some(found) = found else { return Ok(None) };
        let (child, event) = found?;
        let told = Found {
            pid: child.pid,
            uid: child.credentials().uid,
            event,
            usage: child.times_with_children(),
        };
        if !matches!(event, Event::Ended(_)) {
            return Ok(Some(told));
        }
        // SIGCHLD comes before: whoever has waited finds it pending. And the child may forget itself.
        let has_told = || child.has_told_parent.load(Ordering::Acquire).then_some(());
        children.changed.wait(has_told);
        if wanted.keep || reap(process, &child) {
            return Ok(Some(told));
        }
    }
}

/// Forgets a child that has ended; its usage becomes its parent's. False if that was done before.
pub(super) fn reap(parent: &Process, child: &Process) -> bool {
    let removed = {
        let mut tree = tree::lock();
        let listed = parent.children.remove(child.pid);
        listed.and_then(|listed| Some((listed, tree.remove(child.pid)?)))
    };
    if removed.is_some() {
        let usage = child.times_with_children();
        parent.usage.lock().children.add(&usage);
    }
    removed.is_some()
}
