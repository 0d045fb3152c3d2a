//! Signal calls of a program about itself: actions, masks, waiting, stacks.

use super::Call;
use super::memory::UserMemory;
use crate::error::Errno;
use crate::report;
use crate::sched;
use crate::signal::{self, Action, AlternateStack, Signal, SignalInfo, SignalSet};
use linux_raw_sys::general as linux;
use threadbare_machine::time::{self, Nanoseconds};
use zerocopy::{FromBytes, Immutable, IntoBytes};

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

/// The flags that mean something; others are cleared, so that programs can find out what is there (`sigaction(2)`,
/// "Dynamically probing for flag bit support").
const KNOWN_FLAGS: u64 = (linux::SA_NOCLDSTOP
    | linux::SA_NOCLDWAIT
    | linux::SA_SIGINFO
    | linux::SA_RESTORER
    | linux::SA_ONSTACK
    | linux::SA_RESTART
    | linux::SA_NODEFER
    | linux::SA_RESETHAND) as u64;

/// `rt_sigaction(2)`.
pub(super) fn rt_sigaction(
    call: &mut Call<'_>,
    [signal, new, old, size, ..]: [usize; 6],
) -> Result<usize, Errno> {
    check_set_size(size)?;
    let signal = Signal::new(signal)?;
    let before = if new == 0 {
        call.process().signals.action(signal)
    } else {
        let mut action = call.read::<Action>(new)?;
        if signal.is_absolute() {
            return Err(Errno::EINVAL);
        }
        action.flags &= KNOWN_FLAGS;
        action.mask = action.mask.blockable();
        signal::set_action(call.process(), signal, action)
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
    let before = call.thread.signals.mask();
    if new != 0 {
        let set = SignalSet::from_bits(call.read::<u64>(new)?);
        let mask = match u32::try_from(how).map_err(|_| Errno::EINVAL)? {
            linux::SIG_BLOCK => before.union(set),
            linux::SIG_UNBLOCK => before.minus(set),
            linux::SIG_SETMASK => set,
            _ => return Err(Errno::EINVAL),
        };
        signal::set_mask(call.thread, mask);
    }
    call.write_if_wanted(old, &before.bits())?;
    Ok(0)
}

/// `rt_sigpending(2)`.
pub(super) fn rt_sigpending(call: &mut Call<'_>, [set, size, ..]: [usize; 6]) -> Result<usize, Errno> {
    if size > size_of::<SignalSet>() {
        return Err(Errno::EINVAL);
    }
    let signals = &call.thread.signals;
    let pending = signals.pending(&call.process().signals).and(signals.mask());
    let bytes = pending.bits().to_le_bytes();
    call.memory()
        .write_bytes(set, bytes.get(..size).unwrap_or_default())?;
    Ok(0)
}

/// `rt_sigsuspend(2)`.
pub(super) fn rt_sigsuspend(call: &mut Call<'_>, [mask, size, ..]: [usize; 6]) -> Result<usize, Errno> {
    check_set_size(size)?;
    let mask = SignalSet::from_bits(call.read::<u64>(mask)?);
    signal::set_mask_meanwhile(call.thread, mask);
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
    call.thread.signals.wait_for(wanted);
    let taken = wait_for_signal(call, wanted, deadline);
    call.thread.signals.wait_for(SignalSet::EMPTY);
    let taken = taken?;
    if info != 0 {
        call.write(info, &taken.to_words())?;
    }
    Ok(usize::from(taken.signal.number()))
}

fn wait_for_signal(
    call: &Call<'_>,
    wanted: SignalSet,
    deadline: Option<Nanoseconds>,
) -> Result<SignalInfo, Errno> {
    loop {
        if let Some(taken) = signal::take(call.thread, wanted) {
            return Ok(taken);
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

/// `rt_sigreturn(2)`. A frame that makes no sense is answered by SIGSEGV.
pub(super) fn rt_sigreturn(call: &mut Call<'_>, _: [usize; 6]) -> Result<usize, Errno> {
    if signal::sigreturn(call.thread, call.context).is_err() {
        report::bad_frame(call.thread, call.context);
    }
    Ok(call.context.registers().rax as usize) // its own, which the result shall not replace
}

/// `sigaltstack(2)`.
pub(super) fn sigaltstack(call: &mut Call<'_>, [new, old, ..]: [usize; 6]) -> Result<usize, Errno> {
    let rsp = call.context.registers().cpu.rsp;
    let before = call.thread.signals.stack();
    if new != 0 {
        let new = call.read::<Stack>(new)?;
        let stack = AlternateStack {
            start: new.start,
            size: new.size,
            flags: new.flags,
        };
        call.thread.signals.change_stack(stack, rsp)?;
    }
    call.write_if_wanted(
        old,
        &Stack {
            start: before.start,
            flags: before.visible_flags(rsp),
            padding: 0,
            size: before.size,
        },
    )?;
    Ok(0)
}
