//! Clocks and sleeping.

use super::Call;
use crate::error::Errno;
use crate::{clock, sched};
use alloc::format;
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

fn timespec(nanoseconds: u64) -> [u64; 2] {
    [nanoseconds / SECOND, nanoseconds % SECOND]
}

/// The time of a clock.
fn read_clock(call: &Call<'_>, clock: usize) -> Result<u64, Errno> {
    match u32::try_from(clock as u64 & 0xffff_ffff).map_err(|_| Errno::EINVAL)? {
        linux::CLOCK_REALTIME | linux::CLOCK_REALTIME_COARSE | linux::CLOCK_TAI => Ok(clock::realtime()),
        linux::CLOCK_MONOTONIC
        | linux::CLOCK_MONOTONIC_RAW
        | linux::CLOCK_MONOTONIC_COARSE
        | linux::CLOCK_BOOTTIME => Ok(clock::monotonic()),
        // One program runs on one CPU and nothing beside it: its time is the machine's.
        linux::CLOCK_PROCESS_CPUTIME_ID | linux::CLOCK_THREAD_CPUTIME_ID => Ok(clock::monotonic()),
        unknown => Err(call.missing(format!("clock {unknown}"), Errno::EINVAL)),
    }
}

/// `clock_gettime(2)`.
pub(super) fn clock_gettime(call: &mut Call<'_>, [clock, to, ..]: [usize; 6]) -> Result<usize, Errno> {
    let now = read_clock(call, clock)?;
    call.write(to, &timespec(now))?;
    Ok(0)
}

/// `clock_getres(2)`: a nanosecond.
pub(super) fn clock_getres(call: &mut Call<'_>, [clock, to, ..]: [usize; 6]) -> Result<usize, Errno> {
    read_clock(call, clock)?;
    call.write_if_wanted(to, &timespec(1))?;
    Ok(0)
}

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
    [clock, flags, request, left, ..]: [usize; 6],
) -> Result<usize, Errno> {
    let now = read_clock(call, clock)?;
    let time = read_timespec(call, request)?;
    if flags & linux::TIMER_ABSTIME as usize == 0 {
        return sleep_for(call, time, left);
    }
    let deadline = clock::monotonic().saturating_add(time.saturating_sub(now));
    if sleep_until(call, deadline) {
        Ok(0)
    } else {
        Err(Errno::ERESTARTNOHAND)
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
