//! Timers of a process: `setitimer(2)`, `alarm(2)`, `timer_create(2)` and their relatives.

use super::Call;
use super::times::{self, MICROSECOND, from_timeval};
use crate::error::Errno;
use crate::process::{self, Process};
use crate::signal::Signal;
use crate::time::{Clock, Notify, Setting, Timer, Which};
use alloc::sync::Arc;
use linux_raw_sys::general as linux;
use zerocopy::{FromBytes, Immutable, IntoBytes};

const SECOND: u64 = 1_000_000_000;

/// The process that calls, to be kept.
fn owner<'a>(call: &'a Call<'_>) -> &'a Arc<Process> {
    &call.thread.process
}

fn which(register: usize) -> Result<Which, Errno> {
    match u32::try_from(register) {
        Ok(linux::ITIMER_REAL) => Ok(Which::Real),
        Ok(linux::ITIMER_VIRTUAL) => Ok(Which::Virtual),
        Ok(linux::ITIMER_PROF) => Ok(Which::Profiling),
        _ => Err(Errno::EINVAL),
    }
}

/// `struct itimerval`: what is left is rounded up to a microsecond, so that what is set is never told as nothing.
fn itimerval(setting: Setting) -> [u64; 4] {
    let timeval = |time: u64| {
        let microseconds = time.div_ceil(MICROSECOND);
        [microseconds / 1_000_000, microseconds % 1_000_000]
    };
    let ([a, b], [c, d]) = (timeval(setting.interval), timeval(setting.value));
    [a, b, c, d]
}

/// `getitimer(2)`.
pub(super) fn getitimer(call: &mut Call<'_>, [timer, to, ..]: [usize; 6]) -> Result<usize, Errno> {
    let setting = call.process().timers.interval(which(timer)?);
    call.write(to, &itimerval(setting))?;
    Ok(0)
}

/// `setitimer(2)`.
pub(super) fn setitimer(call: &mut Call<'_>, [timer, new, old, ..]: [usize; 6]) -> Result<usize, Errno> {
    let timer = which(timer)?;
    let setting = if new == 0 {
        Setting::default() // as Linux, which says that this is not to be relied on
    } else {
        let [interval, interval_part, value, value_part] = call.read::<[i64; 4]>(new)?;
        Setting {
            value: from_timeval(value, value_part)?,
            interval: from_timeval(interval, interval_part)?,
        }
    };
    let before = call.process().timers.set_interval(owner(call), timer, setting)?;
    call.write_if_wanted(old, &itimerval(before))?;
    Ok(0)
}

/// `alarm(2)`.
#[expect(
    clippy::cast_possible_truncation,
    reason = "an unsigned int is the low half of its register"
)]
pub(super) fn alarm(call: &mut Call<'_>, [seconds, ..]: [usize; 6]) -> Result<usize, Errno> {
    let setting = Setting {
        value: u64::from(seconds as u32) * SECOND,
        interval: 0,
    };
    let before = call
        .process()
        .timers
        .set_interval(owner(call), Which::Real, setting)?;
    // To the nearest second, but what is set is never told as nothing.
    let rounded = (before.value.saturating_add(SECOND / 2) / SECOND).max(u64::from(before.value > 0));
    Ok(usize::try_from(rounded).unwrap_or(usize::MAX))
}

/// `struct sigevent`, as far as the kernel looks at it.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct SignalEvent {
    value: u64,
    signal: i32,
    notify: i32,
    thread: i32,
    padding: u32,
    rest: [u64; 5],
}

/// `timer_create(2)`.
pub(super) fn timer_create(call: &mut Call<'_>, [number, event, to, ..]: [usize; 6]) -> Result<usize, Errno> {
    let clock = times::clock(call, number)?;
    if matches!(clock, Clock::ReadOnly { .. }) {
        return Err(Errno::EOPNOTSUPP);
    }
    let event = match event {
        0 => None,
        event => Some(call.read::<SignalEvent>(event)?),
    };
    let notify = notify(call, event)?;
    let most = call.process().limits.lock().pending_signals();
    let owner = owner(call);
    let id = owner.timers.create(most, |id| {
        let notify = match notify {
            Notify::Queued {
                signal,
                value,
                thread,
                ..
            } => {
                let value = if event.is_none() { u64::from(id) } else { value };
                Notify::Queued {
                    id,
                    signal,
                    value,
                    thread,
                }
            }
            other => other,
        };
        Timer::new(owner, clock, notify)
    })?;
    if let Err(error) = call.write(to, &id) {
        let _ = owner.timers.delete(id);
        return Err(error);
    }
    Ok(0)
}

fn notify(call: &Call<'_>, event: Option<SignalEvent>) -> Result<Notify, Errno> {
    let queued = |signal, value, thread| Notify::Queued {
        id: 0,
        signal,
        value,
        thread,
    };
    let Some(event) = event else {
        return Ok(queued(Signal::SIGALRM, 0, None));
    };
    let kind = u32::try_from(event.notify).map_err(|_| Errno::EINVAL)?;
    if kind == linux::SIGEV_NONE {
        return Ok(Notify::Nothing);
    }
    let signal = usize::try_from(event.signal).map_err(|_| Errno::EINVAL)?;
    let signal = Signal::new(signal)?;
    match kind {
        // SIGEV_THREAD is the C library's business; to the kernel it is a signal.
        linux::SIGEV_SIGNAL | linux::SIGEV_THREAD => Ok(queued(signal, event.value, None)),
        linux::SIGEV_THREAD_ID => {
            let tid = u32::try_from(event.thread).map_err(|_| Errno::EINVAL)?;
            let thread = process::find_thread(tid).filter(|thread| Arc::ptr_eq(&thread.process, owner(call)));
            let thread = Arc::downgrade(&thread.ok_or(Errno::EINVAL)?);
            Ok(queued(signal, event.value, Some(thread)))
        }
        _ => Err(Errno::EINVAL),
    }
}

fn created(call: &Call<'_>, id: usize) -> Result<Arc<Timer>, Errno> {
    call.process()
        .timers
        .created(u32::try_from(id as u64 & 0xffff_ffff).map_err(|_| Errno::EINVAL)?)
}

/// `struct itimerspec`.
pub(super) fn itimerspec(setting: Setting) -> [u64; 4] {
    let ([a, b], [c, d]) = (times::timespec(setting.interval), times::timespec(setting.value));
    [a, b, c, d]
}

/// Reads a `struct itimerspec`.
///
/// # Errors
/// `EFAULT`, `EINVAL`.
pub(super) fn read_itimerspec(call: &Call<'_>, from: usize) -> Result<Setting, Errno> {
    const TIMESPEC: usize = 16;
    Ok(Setting {
        interval: times::read_timespec(call, from)?,
        value: times::read_timespec(call, from.wrapping_add(TIMESPEC))?,
    })
}

/// `timer_settime(2)`.
pub(super) fn timer_settime(
    call: &mut Call<'_>,
    [id, flags, new, old, ..]: [usize; 6],
) -> Result<usize, Errno> {
    if new == 0 {
        return Err(Errno::EINVAL);
    }
    let setting = read_itimerspec(call, new)?;
    let absolute = flags & linux::TIMER_ABSTIME as usize != 0;
    let before = created(call, id)?.set(setting, absolute)?;
    call.write_if_wanted(old, &itimerspec(before))?;
    Ok(0)
}

/// `timer_gettime(2)`.
pub(super) fn timer_gettime(call: &mut Call<'_>, [id, to, ..]: [usize; 6]) -> Result<usize, Errno> {
    let setting = created(call, id)?.left();
    call.write(to, &itimerspec(setting))?;
    Ok(0)
}

/// `timer_getoverrun(2)`.
pub(super) fn timer_getoverrun(call: &mut Call<'_>, [id, ..]: [usize; 6]) -> Result<usize, Errno> {
    Ok(created(call, id)?.overrun() as usize)
}

/// `timer_delete(2)`.
pub(super) fn timer_delete(call: &mut Call<'_>, [id, ..]: [usize; 6]) -> Result<usize, Errno> {
    created(call, id)?;
    call.process()
        .timers
        .delete(u32::try_from(id as u64 & 0xffff_ffff).map_err(|_| Errno::EINVAL)?)?;
    Ok(0)
}
