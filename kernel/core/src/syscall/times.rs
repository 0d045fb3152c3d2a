//! Clocks and sleeping.

use super::Call;
use super::call::int;
use crate::error::Errno;
use crate::time::Clock;
use crate::vfs::Capability;
use crate::{clock, sched};
use linux_raw_sys::general as linux;
use threadbare_machine::time::Nanoseconds;

const SECOND: u64 = 1_000_000_000;

/// Reads a `struct timespec` as nanoseconds.
///
/// # Errors
/// `EFAULT`; `EINVAL` if it is negative or its nanoseconds are not below a second.
pub(super) fn read_timespec(call: &Call<'_>, from: usize) -> Result<u64, Errno> {
    let [seconds, nanoseconds] = call.read::<[i64; 2]>(from)?;
    let seconds = u64::try_from(seconds).map_err(|_| Errno::EINVAL)?;
    let nanoseconds = u64::try_from(nanoseconds)
        .ok()
        .filter(|&part| part < SECOND)
        .ok_or(Errno::EINVAL)?;
    Ok(seconds.saturating_mul(SECOND).saturating_add(nanoseconds))
}

pub(super) fn timespec(nanoseconds: u64) -> [u64; 2] {
    [nanoseconds / SECOND, nanoseconds % SECOND]
}

/// The clock that a program names.
///
/// # Errors
/// `EINVAL` if there is none.
pub(super) fn clock(call: &Call<'_>, register: usize) -> Result<Clock, Errno> {
    Clock::new(int(register), call.thread)
}

/// `clock_gettime(2)`.
pub(super) fn clock_gettime(call: &mut Call<'_>, [number, to, ..]: [usize; 6]) -> Result<usize, Errno> {
    let now = match number {
        MONOTONIC => clock::monotonic(),
        REALTIME => clock::realtime(),
        _ => clock(call, number)?.now().ok_or(Errno::EINVAL)?,
    };
    call.write(to, &timespec(now))?;
    Ok(0)
}

/// The clocks that are asked most.
const MONOTONIC: usize = linux::CLOCK_MONOTONIC as usize;
const REALTIME: usize = linux::CLOCK_REALTIME as usize;

/// `clock_getres(2)`.
pub(super) fn clock_getres(call: &mut Call<'_>, [number, to, ..]: [usize; 6]) -> Result<usize, Errno> {
    let resolution = clock(call, number)?.resolution();
    call.write_if_wanted(to, &timespec(resolution))?;
    Ok(0)
}

/// `clock_settime(2)`: only the wall clock may be set, and only by the superuser.
pub(super) fn clock_settime(call: &mut Call<'_>, [number, from, ..]: [usize; 6]) -> Result<usize, Errno> {
    let clock = clock(call, number)?;
    let time = read_timespec(call, from)?;
    match clock {
        Clock::Realtime if number == REALTIME => set_realtime(call, time),
        clock if clock.counts_cpu_time() => Err(Errno::EPERM),
        _ => Err(Errno::EINVAL),
    }
}

fn set_realtime(call: &Call<'_>, time: u64) -> Result<usize, Errno> {
    if !call.process().credentials().can(Capability::SysTime) {
        return Err(Errno::EPERM);
    }
    if time < clock::monotonic() {
        return Err(Errno::EINVAL); // the machine would have been booted before 1970 (`clock_settime(2)`)
    }
    clock::set_realtime(time);
    Ok(0)
}

/// `settimeofday(2)`. The time zone is nobody's.
pub(super) fn settimeofday(call: &mut Call<'_>, [from, ..]: [usize; 6]) -> Result<usize, Errno> {
    if from == 0 {
        return Ok(0);
    }
    let time = read_timeval(call, from)?;
    set_realtime(call, time)
}

/// Reads a `struct timeval` as nanoseconds.
///
/// # Errors
/// `EFAULT`; `EINVAL` if it is negative or its microseconds are not below a second.
pub(super) fn read_timeval(call: &Call<'_>, from: usize) -> Result<u64, Errno> {
    let [seconds, microseconds] = call.read::<[i64; 2]>(from)?;
    from_timeval(seconds, microseconds)
}

pub(super) fn from_timeval(seconds: i64, microseconds: i64) -> Result<u64, Errno> {
    let seconds = u64::try_from(seconds).map_err(|_| Errno::EINVAL)?;
    let microseconds = u64::try_from(microseconds)
        .ok()
        .filter(|&part| part < SECOND / MICROSECOND)
        .ok_or(Errno::EINVAL)?;
    Ok(seconds
        .saturating_mul(SECOND)
        .saturating_add(microseconds * MICROSECOND))
}

/// Nanoseconds.
pub(super) const MICROSECOND: u64 = 1000;

/// `gettimeofday(2)`.
pub(super) fn gettimeofday(call: &mut Call<'_>, [to, zone, ..]: [usize; 6]) -> Result<usize, Errno> {
    let now = clock::realtime();
    call.write_if_wanted(to, &[now / SECOND, now % SECOND / 1000])?;
    call.write_if_wanted(zone, &[0u32; 2])?;
    Ok(0)
}

/// `time(2)`.
pub(super) fn time(call: &mut Call<'_>, [to, ..]: [usize; 6]) -> Result<usize, Errno> {
    let seconds = clock::realtime() / SECOND;
    call.write_if_wanted(to, &seconds)?;
    Ok(usize::try_from(seconds).unwrap_or(usize::MAX))
}

/// `nanosleep(2)`.
pub(super) fn nanosleep(call: &mut Call<'_>, [request, left, ..]: [usize; 6]) -> Result<usize, Errno> {
    let duration = read_timespec(call, request)?;
    sleep_for(call, duration, left)
}

/// `clock_nanosleep(2)`.
pub(super) fn clock_nanosleep(
    call: &mut Call<'_>,
    [number, flags, request, left, ..]: [usize; 6],
) -> Result<usize, Errno> {
    let clock = clock(call, number)?;
    match clock {
        Clock::ReadOnly { .. } => return Err(Errno::EOPNOTSUPP),
        Clock::Thread(..) => return Err(Errno::EINVAL),
        Clock::Realtime | Clock::Monotonic | Clock::Process(..) => {}
    }
    let time = read_timespec(call, request)?;
    let absolute = flags & linux::TIMER_ABSTIME as usize != 0;
    if !absolute && !clock.counts_cpu_time() {
        return sleep_for(call, time, left);
    }
    let now = clock.now().ok_or(Errno::EINVAL)?;
    let until = if absolute { time } else { now.saturating_add(time) };
    if sleep_by(call, &clock, until) {
        return Ok(0);
    }
    if !absolute {
        let remaining = until.saturating_sub(clock.now().unwrap_or(until));
        call.write_if_wanted(left, &timespec(remaining))?;
        return Err(Errno::EINTR);
    }
    Err(Errno::ERESTARTNOHAND)
}

/// Sleeps until a clock shows a time: it may be set, or stand still, meanwhile. Whether that came; otherwise the sleep was
/// interrupted.
fn sleep_by(call: &Call<'_>, clock: &Clock, until: u64) -> bool {
    /// How often a clock is looked at that may stand still.
    const LOOK: u64 = 1_000_000;
    loop {
        let Some(wait) = clock
            .now()
            .and_then(|now| until.checked_sub(now))
            .filter(|&wait| wait > 0)
        else {
            return true;
        };
        if call.thread.is_interrupted() {
            return false;
        }
        let wait = if clock.counts_cpu_time() {
            wait.max(LOOK)
        } else {
            wait
        };
        let _ = sched::park_until(Nanoseconds(clock::monotonic().saturating_add(wait)));
    }
}

fn sleep_for(call: &mut Call<'_>, duration: u64, left: usize) -> Result<usize, Errno> {
    let deadline = usize::try_from(clock::monotonic().saturating_add(duration)).unwrap_or(usize::MAX);
    go_on_sleeping(call, [deadline, left, 0, 0, 0, 0])
}

/// Sleeps until a monotonic deadline; interrupted, it tells what is left and can be called again.
fn go_on_sleeping(call: &mut Call<'_>, arguments: [usize; 6]) -> Result<usize, Errno> {
    let [deadline, left, ..] = arguments;
    if sleep_until(call, deadline as u64) {
        return Ok(0);
    }
    let remaining = (deadline as u64).saturating_sub(clock::monotonic());
    call.write_if_wanted(left, &timespec(remaining))?;
    Err(call.restart_by(go_on_sleeping, arguments))
}

/// Whether the deadline came; otherwise the sleep was interrupted.
fn sleep_until(call: &Call<'_>, deadline: u64) -> bool {
    while sched::park_until(Nanoseconds(deadline)) {
        if call.thread.is_interrupted() {
            return false;
        }
    }
    true
}
