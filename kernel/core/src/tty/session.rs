//! Which terminal controls which session (`TIOCSCTTY` and `TIOCNOTTY` in `ioctl_tty(2)`, `setsid(2)`).

use super::{Terminal, jobs};
use crate::error::Errno;
use crate::process::{self, Process, Thread};
use crate::signal::{Signal, SignalInfo, send_to_process};
use crate::vfs::{Capability, OpenFlags};
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use linux_raw_sys::general::O_NOCTTY;
use threadbare_machine::sync::SpinLock;

/// The controlling terminal of each session that has one, by the number of the session.
static CONTROLLING: SpinLock<BTreeMap<u32, Arc<Terminal>>> = SpinLock::new(BTreeMap::new());

/// The controlling terminal of a session.
pub fn of_session(session: u32) -> Option<Arc<Terminal>> {
    CONTROLLING.lock().get(&session).cloned()
}

/// Lets a terminal that controls nobody control the session of `leader`, which has none.
///
/// # Errors
/// `EPERM` if either is otherwise.
fn take_control(terminal: &Arc<Terminal>, leader: &Process) -> Result<(), Errno> {
    let session = leader.session();
    let mut controlling = CONTROLLING.lock();
    if controlling.contains_key(&session) {
        return Err(Errno::EPERM);
    }
    terminal.with(|state| {
        if state.session.is_some() || state.hung_up {
            return Err(Errno::EPERM);
        }
        state.session = Some(session);
        state.group = Some(leader.group());
        Ok(())
    })?;
    controlling.insert(session, terminal.clone());
    Ok(())
}

/// Takes a terminal from whom it controls; returns who was in its foreground.
fn release(terminal: &Terminal) -> Option<u32> {
    let mut controlling = CONTROLLING.lock();
    let (session, group) = terminal.with(|state| (state.session.take(), state.group.take()));
    let removed = session.and_then(|session| controlling.remove(&session));
    drop(controlling);
    drop(removed); // it may have been the last handle
    group
}

/// Lets a terminal control the first process.
pub(super) fn begin(terminal: &Arc<Terminal>, leader: &Process) {
    // Nobody else is there.
    let _ = take_control(terminal, leader);
}

/// A terminal was opened: it controls a session whose leader has no other one, unless that is not wanted.
pub(super) fn opened(terminal: &Arc<Terminal>, flags: OpenFlags) {
    if let Some(thread) = Thread::current()
        && thread.process.session() == thread.process.pid
        && !flags.has(O_NOCTTY)
        && flags.readable()
    {
        // Not if either has another one.
        let _ = take_control(terminal, &thread.process);
    }
}

/// `TIOCSCTTY`.
///
/// # Errors
/// `EPERM` if the caller leads no session or has another terminal, if the terminal has another session that is not
/// to be robbed, or without the right to read.
pub(super) fn set_controlling(
    terminal: &Arc<Terminal>,
    caller: &Process,
    readable: bool,
    steal: bool,
) -> Result<(), Errno> {
    let leads = caller.session() == caller.pid;
    if leads && jobs::controls(terminal, caller) {
        return Ok(());
    }
    let privileged = caller.credentials().can(Capability::SysAdmin);
    if !leads || of_session(caller.session()).is_some() || !readable && !privileged {
        return Err(Errno::EPERM);
    }
    if steal && privileged {
        release(terminal);
    }
    take_control(terminal, caller)
}

/// `TIOCNOTTY`: the leader of a session gives its terminal up for all.
///
/// # Errors
/// `ENOTTY` if it is not the caller's; `EPERM` for who leads no session: the terminal is the session's.
pub(super) fn give_up(terminal: &Terminal, caller: &Process) -> Result<(), Errno> {
    if !jobs::controls(terminal, caller) {
        return Err(Errno::ENOTTY);
    }
    if caller.session() != caller.pid {
        return Err(Errno::EPERM);
    }
    if let Some(group) = release(terminal) {
        jobs::signal_group(group, Signal::SIGHUP);
        jobs::signal_group(group, Signal::SIGCONT);
    }
    Ok(())
}

/// The leader of a session has ended: its terminal is free, and its foreground is told (`setsid(2)`, `_exit(2)`).
pub fn session_ended(session: u32) {
    if let Some(terminal) = of_session(session)
        && let Some(group) = release(&terminal)
    {
        jobs::signal_group(group, Signal::SIGHUP);
    }
}

/// A terminal has hung up: the leader of its session is told.
pub(super) fn hung_up(terminal: &Terminal) {
    let session = terminal.with(|state| state.session);
    release(terminal);
    if let Some(leader) = session.and_then(process::find) {
        send_to_process(&leader, SignalInfo::from_kernel(Signal::SIGHUP));
        send_to_process(&leader, SignalInfo::from_kernel(Signal::SIGCONT));
    }
}
