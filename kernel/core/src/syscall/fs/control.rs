//! What can be set on an open file or its descriptor (`fcntl(2)`, `ioctl(2)`).

use linux_raw_sys::general as linux;
use linux_raw_sys::general::{FD_CLOEXEC, O_APPEND, O_NOATIME, O_NONBLOCK};
use linux_raw_sys::ioctl::{FIOASYNC, FIOCLEX, FIONBIO, FIONCLEX, FIONREAD};

use super::{Caller, descriptors, locks, owner};
use crate::error::Errno;
use crate::mm;
use crate::vfs::{Capability, File, FileType, OpenFlags};

/// `fcntl(2)`
pub(super) fn fcntl(caller: &Caller<'_>, fd: i32, command: u32, argument: usize) -> Result<usize, Errno> {
    let file = caller.file(fd)?;
    let number = u32::try_from(fd).map_err(|_| Errno::EBADF)?;
    match command {
        linux::F_DUPFD => return descriptors::duplicate_from(caller, fd, argument, false),
        linux::F_DUPFD_CLOEXEC => return descriptors::duplicate_from(caller, fd, argument, true),
        linux::F_GETFD => return Ok(usize::from(caller.files.lock().get(number)?.close_on_exec)),
        linux::F_SETFD => {
            let close = argument & FD_CLOEXEC as usize != 0;
            caller.files.lock().set_close_on_exec(number, close)?;
            return Ok(0);
        }
        linux::F_GETFL => return Ok(file.flags().bits() as usize),
        _ if file.is_path_only() => return Err(Errno::EBADF),
        _ => {}
    }
    match command {
        linux::F_SETFL => set_flags(caller, &file, number, argument),
        linux::F_GETLK | linux::F_SETLK | linux::F_SETLKW => {
            locks::record(caller, &file, command, argument, false)
        }
        linux::F_OFD_GETLK => locks::record(caller, &file, linux::F_GETLK, argument, true),
        linux::F_OFD_SETLK => locks::record(caller, &file, linux::F_SETLK, argument, true),
        linux::F_OFD_SETLKW => locks::record(caller, &file, linux::F_SETLKW, argument, true),
        linux::F_GETPIPE_SZ => file.operations().pipe_size().ok_or(Errno::EBADF),
        linux::F_SETPIPE_SZ => {
            let _ = file.operations().pipe_size().ok_or(Errno::EBADF)?;
            let privileged = caller.credentials.can(Capability::SysResource);
            file.operations().set_pipe_size(argument, privileged)
        }
        linux::F_GET_SEALS => {
            let seals = file.inode().contents().and_then(|contents| contents.seals());
            Ok(seals.ok_or(Errno::EINVAL)? as usize)
        }
        linux::F_ADD_SEALS => add_seals(&file, argument),
        linux::F_SETLEASE | linux::F_NOTIFY => {
            (caller.missing)("fcntl: leases and notes about folders");
            Err(Errno::EINVAL)
        }
        linux::F_GETLEASE => Ok(linux::F_UNLCK as usize),
        _ => owner::fcntl(caller, &file, command, argument).unwrap_or(Err(Errno::EINVAL)),
    }
}

fn set_flags(caller: &Caller<'_>, file: &File, fd: u32, argument: usize) -> Result<usize, Errno> {
    let bits = u32::try_from(argument & u32::MAX as usize).unwrap_or_default();
    let old = file.flags();
    let metadata = file.inode().metadata();
    if bits & O_NOATIME != 0 && !old.has(O_NOATIME) && !caller.credentials.owns(&metadata) {
        return Err(Errno::EPERM);
    }
    match owner::switch(file, fd, bits & linux::FASYNC != 0) {
        Err(Errno::ENOTTY) | Ok(()) => {} // where nobody can be told, the flag is dropped
        Err(errno) => return Err(errno),
    }
    let told = file.flags().bits() & linux::FASYNC;
    file.set_flags(told | bits & (OpenFlags::CHANGEABLE & !linux::FASYNC | O_APPEND));
    Ok(0)
}

fn add_seals(file: &File, argument: usize) -> Result<usize, Errno> {
    const KNOWN: u32 = linux::F_SEAL_SEAL
        | linux::F_SEAL_SHRINK
        | linux::F_SEAL_GROW
        | linux::F_SEAL_WRITE
        | linux::F_SEAL_FUTURE_WRITE
        | linux::F_SEAL_EXEC;
    let seals = u32::try_from(argument)
        .ok()
        .filter(|seals| seals & !KNOWN == 0)
        .ok_or(Errno::EINVAL)?;
    if !file.flags().writable() {
        return Err(Errno::EPERM);
    }
    let contents = file.inode().contents().ok_or(Errno::EINVAL)?;
    let old = contents.seals().unwrap_or_default();
    contents.add_seals(seals)?;
    // Sealed first: who maps it now looks at the seals with its memory locked, and who has done so before is found.
    if seals & !old & linux::F_SEAL_WRITE != 0 && mm::is_written_through_mappings(file.inode()) {
        contents.withdraw_seals(seals & !old);
        return Err(Errno::EBUSY);
    }
    Ok(0)
}

/// `ioctl(2)`
pub(super) fn ioctl(caller: &Caller<'_>, fd: i32, request: u32, argument: usize) -> Result<usize, Errno> {
    let file = caller.data_file(fd)?;
    let number = u32::try_from(fd).map_err(|_| Errno::EBADF)?;
    match request {
        FIOCLEX => caller.files.lock().set_close_on_exec(number, true).map(|()| 0),
        FIONCLEX => caller.files.lock().set_close_on_exec(number, false).map(|()| 0),
        FIONBIO => {
            let on: i32 = caller.memory.read(argument)?;
            let others = file.flags().bits() & !O_NONBLOCK;
            file.set_flags(if on != 0 { others | O_NONBLOCK } else { others });
            Ok(0)
        }
        FIOASYNC => {
            let on: i32 = caller.memory.read(argument)?;
            owner::switch(&file, number, on != 0).map(|()| 0)
        }
        FIONREAD if file.inode().kind() == FileType::Regular => {
            let left = file.inode().metadata().size.saturating_sub(file.offset());
            let left = i32::try_from(left).unwrap_or(i32::MAX);
            caller.memory.write(argument, &left)?;
            Ok(0)
        }
        _ => file.operations().ioctl(&file, request, argument, caller.memory),
    }
}
