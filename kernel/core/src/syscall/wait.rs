//! Waiting for children: `wait4(2)`, `waitid(2)`.

use super::Call;
use super::usage::rusage;
use crate::error::Errno;
use crate::process::{self, Clones, Found, Wanted, Which, find};
use linux_raw_sys::general as linux;

const OPTIONS_OF_WAIT4: u32 = linux::WNOHANG
    | linux::WUNTRACED
    | linux::WCONTINUED
    | linux::__WNOTHREAD
    | linux::__WALL
    | linux::__WCLONE;
const OPTIONS_OF_WAITID: u32 = linux::WNOHANG
    | linux::WEXITED
    | linux::WSTOPPED
    | linux::WCONTINUED
    | linux::WNOWAIT
    | linux::__WNOTHREAD
    | linux::__WALL
    | linux::__WCLONE;

fn wanted(which: Which, options: u32) -> Wanted {
    Wanted {
        which,
        exited: options & linux::WEXITED != 0,
        stopped: options & linux::WSTOPPED != 0,
        continued: options & linux::WCONTINUED != 0,
        keep: options & linux::WNOWAIT != 0,
        clones: if options & linux::__WALL != 0 {
            Clones::All
        } else if options & linux::__WCLONE != 0 {
            Clones::Only
        } else {
            Clones::Without
        },
    }
}

fn wait(call: &Call<'_>, wanted: &Wanted, options: u32) -> Result<Option<Found>, Errno> {
    let block = options & linux::WNOHANG == 0;
    process::wait(call.process(), wanted, block, || call.thread.is_interrupted())
}

/// `wait4(2)`.
pub(super) fn wait4(
    call: &mut Call<'_>,
    [pid, status, options, usage, ..]: [usize; 6],
) -> Result<usize, Errno> {
    let options = u32::try_from(options).map_err(|_| Errno::EINVAL)?;
    if options & !OPTIONS_OF_WAIT4 != 0 {
        return Err(Errno::EINVAL);
    }
    #[expect(clippy::cast_possible_truncation, reason = "pid_t is an int")]
    let pid = (pid as u32).cast_signed();
    let which = match pid {
        i32::MIN => return Err(Errno::ESRCH),
        -1 => Which::Any,
        0 => Which::Group(call.process().group()),
        1.. => Which::Process(pid.unsigned_abs()),
        _ => Which::Group(pid.unsigned_abs()),
    };
    let Some(found) = wait(call, &wanted(which, options | linux::WEXITED), options)? else {
        return Ok(0);
    };
    call.write_if_wanted(status, &found.event.status_word())?;
    call.write_if_wanted(usage, &rusage(&found.usage))?;
    Ok(found.pid as usize)
}

/// `waitid(2)`.
pub(super) fn waitid(
    call: &mut Call<'_>,
    [kind, id, info, options, usage, _]: [usize; 6],
) -> Result<usize, Errno> {
    let options = u32::try_from(options).map_err(|_| Errno::EINVAL)?;
    let events = linux::WEXITED | linux::WSTOPPED | linux::WCONTINUED;
    if options & !OPTIONS_OF_WAITID != 0 || options & events == 0 {
        return Err(Errno::EINVAL);
    }
    let number = || {
        u32::try_from(id)
            .ok()
            .filter(|&id| id > 0 && id <= i32::MAX as u32)
    };
    let which = match u32::try_from(kind).map_err(|_| Errno::EINVAL)? {
        linux::P_ALL => Which::Any,
        linux::P_PID => Which::Process(number().ok_or(Errno::EINVAL)?),
        linux::P_PGID if id == 0 => Which::Group(call.process().group()),
        linux::P_PGID => Which::Group(number().ok_or(Errno::EINVAL)?),
        linux::P_PIDFD => {
            let (process, nonblocking) = super::pidfd::process_of(call, id)?;
            let found = wait_for_pidfd(call, Which::Process(process), options, nonblocking)?;
            return tell(call, found, info, usage);
        }
        _ => return Err(Errno::EINVAL),
    };
    let found = wait(call, &wanted(which, options), options)?;
    tell(call, found, info, usage)
}

/// A descriptor that does not block makes the wait fail with `EAGAIN` where it would wait (`pidfd_open(2)`).
fn wait_for_pidfd(
    call: &Call<'_>,
    which: Which,
    options: u32,
    nonblocking: bool,
) -> Result<Option<Found>, Errno> {
    let asked = if nonblocking {
        options | linux::WNOHANG
    } else {
        options
    };
    let found = wait(call, &wanted(which, options), asked)?;
    if found.is_none() && nonblocking && options & linux::WNOHANG == 0 {
        return Err(Errno::EAGAIN);
    }
    Ok(found)
}

fn tell(call: &Call<'_>, found: Option<Found>, info: usize, usage: usize) -> Result<usize, Errno> {
    let mut fields = [0u32; 8];
    if let Some(found) = found {
        let (code, status) = found.event.code_and_status();
        fields[0] = linux::SIGCHLD;
        fields[2] = code.cast_unsigned();
        fields[4] = found.pid;
        fields[5] = found.uid;
        fields[6] = status;
        call.write_if_wanted(usage, &rusage(&found.usage))?;
    }
    if info != 0 {
        // As Linux: only these fields are written.
        call.write(info, &[fields[0], fields[1], fields[2]])?;
        call.write(info.wrapping_add(16), &[fields[4], fields[5], fields[6]])?;
    }
    Ok(0)
}

/// The process with a number that a program gave; 0 is the caller.
///
/// # Errors
/// `ESRCH`.
pub(super) fn process_or_self(
    call: &Call<'_>,
    pid: usize,
) -> Result<alloc::sync::Arc<process::Process>, Errno> {
    #[expect(clippy::cast_possible_truncation, reason = "pid_t is an int")]
    let pid = pid as u32;
    if pid == 0 {
        return Ok(call.thread.process.clone());
    }
    find(pid).ok_or(Errno::ESRCH)
}
