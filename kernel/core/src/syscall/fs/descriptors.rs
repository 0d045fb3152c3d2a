//! More numbers for one open file (`dup(2)`).

use linux_raw_sys::general::O_CLOEXEC;

use super::caller::check_flags;
use super::{Caller, locks};
use crate::error::Errno;
use crate::vfs::Descriptor;

/// `dup(2)`
pub(super) fn dup(caller: &Caller<'_>, fd: i32) -> Result<usize, Errno> {
    caller.install(caller.file(fd)?, false)
}

/// `dup2(2)`
pub(super) fn dup2(caller: &Caller<'_>, old: i32, new: i32) -> Result<usize, Errno> {
    if old == new {
        let _ = caller.file(old)?;
        return usize::try_from(old).map_err(|_| Errno::EBADF);
    }
    replace(caller, old, new, false)
}

/// `dup3(2)`
pub(super) fn dup3(caller: &Caller<'_>, old: i32, new: i32, flags: u32) -> Result<usize, Errno> {
    check_flags(flags, O_CLOEXEC)?;
    if old == new {
        return Err(Errno::EINVAL);
    }
    replace(caller, old, new, flags & O_CLOEXEC != 0)
}

fn replace(caller: &Caller<'_>, old: i32, new: i32, close_on_exec: bool) -> Result<usize, Errno> {
    let new = u32::try_from(new).map_err(|_| Errno::EBADF)?;
    if new >= caller.file_limit {
        return Err(Errno::EBADF);
    }
    let descriptor = Descriptor {
        file: caller.file(old)?,
        close_on_exec,
    };
    let replaced = caller.files.lock().replace(descriptor, new, caller.file_limit)?;
    if let Some(replaced) = replaced {
        locks::file_closed(caller.process, &replaced.file);
    }
    Ok(new as usize)
}

/// `F_DUPFD` and `F_DUPFD_CLOEXEC` of `fcntl(2)`
pub(super) fn duplicate_from(
    caller: &Caller<'_>,
    fd: i32,
    minimum: usize,
    close_on_exec: bool,
) -> Result<usize, Errno> {
    let descriptor = Descriptor {
        file: caller.file(fd)?,
        close_on_exec,
    };
    let minimum = u32::try_from(minimum)
        .ok()
        .filter(|minimum| *minimum < caller.file_limit);
    let minimum = minimum.ok_or(Errno::EINVAL)?;
    Ok(caller
        .files
        .lock()
        .insert(descriptor, minimum, caller.file_limit)? as usize)
}
