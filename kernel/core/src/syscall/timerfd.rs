//! `timerfd_create(2)` and its relatives.

use super::install::install;
use super::timers::{itimerspec, read_itimerspec};
use super::{Call, times};
use crate::error::Errno;
use crate::time::{Clock, TimerFile};
use crate::vfs::OpenFlags;
use linux_raw_sys::general as linux;

/// `timerfd_create(2)`.
#[expect(
    clippy::cast_possible_truncation,
    reason = "ints are the low halves of their registers"
)]
pub(super) fn timerfd_create(call: &mut Call<'_>, [number, flags, ..]: [usize; 6]) -> Result<usize, Errno> {
    let flags = flags as u32;
    if flags & !(linux::TFD_CLOEXEC | linux::TFD_NONBLOCK) != 0 {
        return Err(Errno::EINVAL);
    }
    let tai = number as u32 == linux::CLOCK_TAI;
    let clock = times::clock(call, number)?;
    if tai || !matches!(clock, Clock::Realtime | Clock::Monotonic) {
        return Err(Errno::EINVAL);
    }
    let status = OpenFlags::internal(linux::O_RDWR | flags & linux::O_NONBLOCK);
    let file = TimerFile::open(clock, status);
    Ok(install(call, file, flags & linux::TFD_CLOEXEC != 0)? as usize)
}

/// The timer of a descriptor.
///
/// # Errors
/// `EBADF`; `EINVAL` if it is another kind of file.
fn with_timer<T>(call: &Call<'_>, fd: usize, action: impl FnOnce(&TimerFile) -> T) -> Result<T, Errno> {
    let file = call.file(fd)?;
    file.operations_as::<TimerFile>().map(action).ok_or(Errno::EINVAL)
}

/// `timerfd_settime(2)`.
pub(super) fn timerfd_settime(
    call: &mut Call<'_>,
    [fd, flags, new, old, ..]: [usize; 6],
) -> Result<usize, Errno> {
    const CANCEL: usize = linux::TFD_TIMER_CANCEL_ON_SET as usize;
    const ABSOLUTE: usize = linux::TFD_TIMER_ABSTIME as usize;
    let setting = read_itimerspec(call, new)?;
    if flags & !(CANCEL | ABSOLUTE) != 0 {
        return Err(Errno::EINVAL);
    }
    let absolute = flags & ABSOLUTE != 0;
    let before = with_timer(call, fd, |timer| {
        timer.set(setting, absolute, absolute && flags & CANCEL != 0)
    })?;
    call.write_if_wanted(old, &itimerspec(before))?;
    Ok(0)
}

/// `timerfd_gettime(2)`.
pub(super) fn timerfd_gettime(call: &mut Call<'_>, [fd, to, ..]: [usize; 6]) -> Result<usize, Errno> {
    let setting = with_timer(call, fd, TimerFile::left)?;
    call.write(to, &itimerspec(setting))?;
    Ok(0)
}
