//! Signal calls: actions, masks, sending, waiting.

use super::Call;
use crate::error::Errno;
use crate::process::ExitStatus;
use crate::sched;
use crate::signal::{
    self, Action, AlternateStack, Details, Handler, Signal, SignalInfo, SignalSet, code, send_to_process,
    send_to_thread,
};
use linux_raw_sys::general as linux;
use threadbare_machine::time::{self, Nanoseconds};
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// `struct kernel_sigaction`.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct KernelAction {
    handler: u64,
    flags: u64,
    restorer: u64,
    mask: u64,
}

/// `stack_t`.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct Stack {
    start: u64,
    flags: u32,
    padding: u32,
    size: u64,
}

fn check_set_size(size: usize) -> Result<(), Errno> {
    if size == size_of::<SignalSet>() {
        Ok(())
    } else {
        Err(Errno::EINVAL)
    }
}

/// `rt_sigaction(2)`.
pub(super) fn rt_sigaction(
    call: &mut Call<'_>,
    [signal, new, old, size, ..]: [usize; 6],
) -> Result<usize, Errno> {
    check_set_size(size)?;
    let signal = Signal::new(signal)?;
    let signals = &call.process().signals;
    let action = if new == 0 {
        None
    } else {
        let new = call.read::<KernelAction>(new)?;
        if signal.is_absolute() {
            return Err(Errno::EINVAL);
        }
        let handler = match new.handler {
            0 => Handler::Default,
            1 => Handler::Ignore,
            function => Handler::Function(function),
        };
        let mask = SignalSet::from_bits(new.mask).blockable();
        Some(Action {
            handler,
            flags: new.flags,
            restorer: new.restorer,
            mask,
        })
    };
    let before = match action {
        Some(action) => signals.set_action(signal, action),
        None => signals.action(signal),
    };
    let handler = match before.handler {
        Handler::Default => 0,
        Handler::Ignore => 1,
        Handler::Function(function) => function,
    };
    let before = KernelAction {
        handler,
        flags: before.flags,
        restorer: before.restorer,
        mask: before.mask.bits(),
    };
    call.write_if_wanted(old, &before)?;
    Ok(0)
}

/// `rt_sigprocmask(2)`.
pub(super) fn rt_sigprocmask(
    call: &mut Call<'_>,
    [how, new, old, size, ..]: [usize; 6],
) -> Result<usize, Errno> {
    check_set_size(size)?;
    let before = *call.thread.signals.mask.lock();
    if new != 0 {
        let set = SignalSet::from_bits(call.read::<u64>(new)?);
        let mask = match u32::try_from(how).map_err(|_| Errno::EINVAL)? {
            linux::SIG_BLOCK => before.union(set),
            linux::SIG_UNBLOCK => before.minus(set),
            linux::SIG_SETMASK => set,
            _ => return Err(Errno::EINVAL),
        };
        *call.thread.signals.mask.lock() = mask.blockable();
    }
    call.write_if_wanted(old, &before.bits())?;
    Ok(0)
}

/// `rt_sigpending(2)`.
pub(super) fn rt_sigpending(call: &mut Call<'_>, [set, size, ..]: [usize; 6]) -> Result<usize, Errno> {
    check_set_size(size)?;
    let mask = call.thread.signals.mask.lock().bits();
    let pending = call.thread.signals.pending(&call.process().signals).bits() & mask;
    call.write(set, &pending)?;
    Ok(0)
}

/// `rt_sigsuspend(2)`.
pub(super) fn rt_sigsuspend(call: &mut Call<'_>, [mask, size, ..]: [usize; 6]) -> Result<usize, Errno> {
    check_set_size(size)?;
    let mask = SignalSet::from_bits(call.read::<u64>(mask)?).blockable();
    let before = core::mem::replace(&mut *call.thread.signals.mask.lock(), mask);
    *call.thread.signals.saved_mask.lock() = Some(before);
    while !call.thread.is_interrupted() {
        sched::park();
    }
    Err(Errno::ERESTARTNOHAND)
}

/// `pause(2)`.
pub(super) fn pause(call: &mut Call<'_>, _: [usize; 6]) -> Result<usize, Errno> {
    while !call.thread.is_interrupted() {
        sched::park();
    }
    Err(Errno::ERESTARTNOHAND)
}

/// `rt_sigtimedwait(2)`.
pub(super) fn rt_sigtimedwait(
    call: &mut Call<'_>,
    [set, info, timeout, size, ..]: [usize; 6],
) -> Result<usize, Errno> {
    check_set_size(size)?;
    let wanted = SignalSet::from_bits(call.read::<u64>(set)?).blockable();
    let deadline = match timeout {
        0 => None,
        _ => Some(Nanoseconds(
            time::now()
                .0
                .saturating_add(super::times::read_timespec(call, timeout)?),
        )),
    };
    loop {
        if let Some(taken) = call.thread.signals.take(&call.process().signals, wanted) {
            if info != 0 {
                call.write(info, &taken.to_bytes())?;
            }
            return Ok(usize::from(taken.signal.number()));
        }
        if call.thread.is_interrupted() {
            return Err(Errno::EINTR);
        }
        let in_time = match deadline {
            Some(deadline) => sched::park_until(deadline),
            None => {
                sched::park();
                true
            }
        };
        if !in_time {
            return Err(Errno::EAGAIN);
        }
    }
}

/// `restart_syscall(2)`: goes on with the wait that was interrupted last.
pub(super) fn restart_syscall(call: &mut Call<'_>, _: [usize; 6]) -> Result<usize, Errno> {
    let restart = call.thread.signals.restart.lock().take();
    let restart = restart.ok_or(Errno::EINTR)?;
    (restart.function)(call, restart.arguments)
}

/// `rt_sigreturn(2)`. A frame that makes no sense ends the process, as on Linux.
pub(super) fn rt_sigreturn(call: &mut Call<'_>, _: [usize; 6]) -> Result<usize, Errno> {
    if signal::sigreturn(call.thread, call.context).is_err() {
        call.process().end(ExitStatus::Signaled(Signal::SIGSEGV.number()));
    }
    Ok(0)
}

/// `sigaltstack(2)`.
pub(super) fn sigaltstack(call: &mut Call<'_>, [new, old, ..]: [usize; 6]) -> Result<usize, Errno> {
    const AUTODISARM: u32 = 1 << 31;
    let before = *call.thread.signals.stack.lock();
    let on_stack = before.contains(call.context.registers().cpu.rsp) && !before.disarm;
    if new != 0 {
        let new = call.read::<Stack>(new)?;
        if on_stack {
            return Err(Errno::EPERM);
        }
        let stack = match new.flags & !AUTODISARM {
            linux::SS_DISABLE => AlternateStack::default(),
            0 | linux::SS_ONSTACK => {
                if new.size < u64::from(linux::MINSIGSTKSZ) {
                    return Err(Errno::ENOMEM);
                }
                AlternateStack {
                    start: new.start,
                    size: new.size,
                    disarm: new.flags & AUTODISARM != 0,
                }
            }
            _ => return Err(Errno::EINVAL),
        };
        if stack.start.checked_add(stack.size).is_none() {
            return Err(Errno::ENOMEM);
        }
        *call.thread.signals.stack.lock() = stack;
    }
    let flags = signal::stack_flags(&before, on_stack);
    call.write_if_wanted(
        old,
        &Stack {
            start: before.start,
            flags,
            padding: 0,
            size: before.size,
        },
    )?;
    Ok(0)
}

/// A signal number of which 0 only asks whether the target exists.
fn optional(signal: usize) -> Result<Option<Signal>, Errno> {
    if signal == 0 {
        Ok(None)
    } else {
        Signal::new(signal).map(Some)
    }
}

/// `kill(2)`: there is one process, which is also its group and all processes but none.
pub(super) fn kill(call: &mut Call<'_>, [target, signal, ..]: [usize; 6]) -> Result<usize, Errno> {
    let signal = optional(signal)?;
    let own = i64::from(call.process().pid);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        reason = "pid_t is an int"
    )]
    let target = i64::from(target as i32);
    if target != 0 && target != own && target != -own {
        return Err(Errno::ESRCH); // -1 means all but the caller and the first process: nobody
    }
    if let Some(signal) = signal {
        let info = SignalInfo::from_process(signal, code::SI_USER, call.process().pid, uid(call));
        send_to_process(call.process(), info);
    }
    Ok(0)
}

/// `tkill(2)`.
pub(super) fn tkill(call: &mut Call<'_>, [tid, signal, ..]: [usize; 6]) -> Result<usize, Errno> {
    tgkill(call, [call.process().pid as usize, tid, signal, 0, 0, 0])
}

/// `tgkill(2)`.
pub(super) fn tgkill(call: &mut Call<'_>, [pid, tid, signal, ..]: [usize; 6]) -> Result<usize, Errno> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        reason = "pid_t is an int"
    )]
    let (pid, tid) = (pid as i32, tid as i32);
    if pid <= 0 || tid <= 0 {
        return Err(Errno::EINVAL);
    }
    let signal = optional(signal)?;
    let threads = call.process().threads();
    let found = threads
        .iter()
        .find(|thread| i64::from(thread.tid()) == i64::from(tid));
    let target = found
        .filter(|_| i64::from(call.process().pid) == i64::from(pid))
        .ok_or(Errno::ESRCH)?;
    if let Some(signal) = signal {
        let info = SignalInfo::from_process(signal, code::SI_TKILL, call.process().pid, uid(call));
        if !send_to_thread(target, info) {
            return Err(Errno::EAGAIN);
        }
    }
    Ok(0)
}

/// `rt_sigqueueinfo(2)`.
pub(super) fn rt_sigqueueinfo(
    call: &mut Call<'_>,
    [pid, signal, info, ..]: [usize; 6],
) -> Result<usize, Errno> {
    let signal = Signal::new(signal)?;
    let bytes = call.read::<[u8; 128]>(info)?;
    if pid as u64 != u64::from(call.process().pid) {
        return Err(Errno::ESRCH);
    }
    let (_, rest) = bytes.split_at(8);
    let (code, rest) = rest.split_first_chunk::<4>().ok_or(Errno::EINVAL)?;
    let raw = rest
        .get(4..)
        .and_then(|raw| <[u8; 112]>::try_from(raw).ok())
        .ok_or(Errno::EINVAL)?;
    let info = SignalInfo {
        signal,
        code: i32::from_le_bytes(*code),
        details: Details::Raw(raw),
    };
    if send_to_process(call.process(), info) {
        Ok(0)
    } else {
        Err(Errno::EAGAIN)
    }
}

fn uid(call: &Call<'_>) -> u32 {
    call.process().credentials().uid
}
