//! Sending signals: `kill(2)` and its relatives, and who may.

use super::call::int;
use super::{Call, pidfd};
use crate::error::Errno;
use crate::process::{self, Process, Thread};
use crate::signal::{self, SIGINFO_WORDS, Signal, SignalInfo, code};
use alloc::sync::Arc;

/// A number that names one process or thread.
///
/// # Errors
/// `EINVAL` if it is not positive.
fn positive(register: usize) -> Result<u32, Errno> {
    let number = u32::try_from(int(register)).map_err(|_| Errno::EINVAL)?;
    if number == 0 {
        Err(Errno::EINVAL)
    } else {
        Ok(number)
    }
}

/// A signal number, of which 0 only asks whether the target exists.
fn optional(signal: usize) -> Result<Option<Signal>, Errno> {
    if int(signal) == 0 {
        Ok(None)
    } else {
        Signal::new(usize::try_from(int(signal)).map_err(|_| Errno::EINVAL)?).map(Some)
    }
}

/// Whether the caller may send `signal` to `target` (`kill(2)`, "Permissions").
///
/// # Errors
/// `EPERM`.
#[inline]
fn check_permission(call: &Call<'_>, target: &Process, signal: Option<Signal>) -> Result<(), Errno> {
    if core::ptr::eq(call.process(), target) {
        return Ok(());
    }
    check_permission_of_other(call, target, signal)
}

fn check_permission_of_other(call: &Call<'_>, target: &Process, signal: Option<Signal>) -> Result<(), Errno> {
    let (own, other) = (call.process().credentials(), target.credentials());
    let continues = signal == Some(Signal::SIGCONT) && call.process().session() == target.session();
    if own.may_signal(&other) || continues {
        Ok(())
    } else {
        Err(Errno::EPERM)
    }
}

fn from_caller(call: &Call<'_>, signal: Signal, code: i32) -> SignalInfo {
    SignalInfo::from_process(signal, code, call.process().pid, call.process().uid())
}

fn send(call: &Call<'_>, target: &Process, signal: Option<Signal>) -> Result<(), Errno> {
    check_permission(call, target, signal)?;
    if let Some(signal) = signal {
        signal::send_to_process_from(call.thread, target, from_caller(call, signal, code::SI_USER));
    }
    Ok(())
}

/// `kill(2)`.
pub(super) fn kill(call: &mut Call<'_>, [target, signal, ..]: [usize; 6]) -> Result<usize, Errno> {
    let signal = optional(signal)?;
    let own = call.process();
    match int(target) {
        pid if pid.cast_unsigned() == own.pid => send(call, own, signal)?,
        pid @ 1.. => {
            let target = process::find(pid.cast_unsigned()).ok_or(Errno::ESRCH)?;
            send(call, &target, signal)?;
        }
        0 => send_to_all(call, process::members_of_group(own.group()), signal)?,
        -1 => {
            let is_other = |other: &Arc<Process>| other.pid != own.pid && other.pid != process::INIT;
            send_to_all(call, process::all().filter(is_other), signal)?;
        }
        i32::MIN => return Err(Errno::ESRCH),
        group => send_to_all(call, process::members_of_group(group.unsigned_abs()), signal)?,
    }
    Ok(0)
}

/// Sends to each that the caller may send to.
///
/// # Errors
/// `ESRCH` if there is none, `EPERM` if there are but the caller may send to none of them.
fn send_to_all(
    call: &Call<'_>,
    targets: impl Iterator<Item = Arc<Process>>,
    signal: Option<Signal>,
) -> Result<(), Errno> {
    let mut result = Err(Errno::ESRCH);
    for target in targets {
        let sent = send(call, &target, signal);
        if result != Ok(()) {
            result = sent;
        }
    }
    result
}

/// The thread `tid`, of the process `pid` if one is given.
fn thread(call: &Call<'_>, pid: Option<u32>, tid: u32) -> Result<Arc<Thread>, Errno> {
    let own = call.process();
    let found = process::find_thread(tid)
        .filter(|thread| !thread.is_ending() || core::ptr::eq(&raw const *thread.process, own));
    found
        .filter(|thread| pid.is_none_or(|pid| thread.process.pid == pid))
        .ok_or(Errno::ESRCH)
}

fn send_to_thread(call: &Call<'_>, target: &Thread, signal: Option<Signal>) -> Result<usize, Errno> {
    check_permission(call, &target.process, signal)?;
    match signal.map(|signal| from_caller(call, signal, code::SI_TKILL)) {
        Some(info) if !signal::send_to_thread(target, info) => Err(Errno::EAGAIN),
        _ => Ok(0),
    }
}

/// `tkill(2)`.
pub(super) fn tkill(call: &mut Call<'_>, [tid, signal, ..]: [usize; 6]) -> Result<usize, Errno> {
    let tid = positive(tid)?;
    let signal = optional(signal)?;
    send_to_thread(call, &*thread(call, None, tid)?, signal)
}

/// `tgkill(2)`.
pub(super) fn tgkill(call: &mut Call<'_>, [pid, tid, signal, ..]: [usize; 6]) -> Result<usize, Errno> {
    let (pid, tid) = (positive(pid)?, positive(tid)?);
    let signal = optional(signal)?;
    if tid == call.thread.tid() && pid == call.process().pid {
        return send_to_thread(call, call.thread, signal);
    }
    send_to_thread(call, &*thread(call, Some(pid), tid)?, signal)
}

/// What a program wrote to be sent. It cannot claim to be the kernel or a caller of `kill(2)`, but to itself.
///
/// # Errors
/// `EFAULT`, `EINVAL`; `E2BIG` for bytes that mean nothing; `EPERM`.
fn written(call: &Call<'_>, signal: usize, info: usize, target: u32) -> Result<SignalInfo, Errno> {
    let words = call.read::<[u64; SIGINFO_WORDS]>(info)?;
    let info = SignalInfo::from_words(Signal::new(signal)?, &words)?;
    let pretends = info.code >= 0 || info.code == code::SI_TKILL;
    if pretends && target != call.process().pid {
        return Err(Errno::EPERM);
    }
    Ok(info)
}

/// `rt_sigqueueinfo(2)`.
pub(super) fn rt_sigqueueinfo(
    call: &mut Call<'_>,
    [pid, signal, info, ..]: [usize; 6],
) -> Result<usize, Errno> {
    let pid = int(pid).cast_unsigned();
    let info = written(call, signal, info, pid)?;
    let target = process::find(pid).ok_or(Errno::ESRCH)?;
    check_permission(call, &target, Some(info.signal))?;
    if signal::send_to_process_from(call.thread, &target, info) {
        Ok(0)
    } else {
        Err(Errno::EAGAIN)
    }
}

/// `rt_tgsigqueueinfo(2)`.
pub(super) fn rt_tgsigqueueinfo(
    call: &mut Call<'_>,
    [pid, tid, signal, info, ..]: [usize; 6],
) -> Result<usize, Errno> {
    let (pid, tid) = (positive(pid)?, positive(tid)?);
    let info = written(call, signal, info, pid)?;
    let target = thread(call, Some(pid), tid)?;
    check_permission(call, &target.process, Some(info.signal))?;
    if signal::send_to_thread(&target, info) {
        Ok(0)
    } else {
        Err(Errno::EAGAIN)
    }
}

/// `pidfd_send_signal(2)`.
pub(super) fn pidfd_send_signal(
    call: &mut Call<'_>,
    [fd, signal, info, flags, ..]: [usize; 6],
) -> Result<usize, Errno> {
    if flags != 0 {
        return Err(Errno::EINVAL);
    }
    let target = pidfd::target(call, fd)?;
    let signal = optional(signal)?;
    if info == 0 {
        if target.is_zombie() && process::find(target.pid).is_none() {
            return Err(Errno::ESRCH);
        }
        send(call, &target, signal)?;
        return Ok(0);
    }
    let number = signal.map_or(0, |signal| usize::from(signal.number()));
    let words = call.read::<[u64; SIGINFO_WORDS]>(info)?;
    if words[0] & 0xffff_ffff != number as u64 {
        return Err(Errno::EINVAL);
    }
    let info = written(call, number, info, target.pid)?;
    check_permission(call, &target, Some(info.signal))?;
    if signal::send_to_process_from(call.thread, &target, info) {
        Ok(0)
    } else {
        Err(Errno::EAGAIN)
    }
}
