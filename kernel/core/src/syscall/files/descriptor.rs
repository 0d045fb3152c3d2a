//! Descriptors themselves: duplicating, flags, `fcntl`, `ioctl`, syncing.

use super::open::insert;
use super::{Call, descriptor_number, flags};
use crate::error::Errno;
use crate::vfs::{Descriptor, FileType};
use alloc::format;
use linux_raw_sys::{general as linux, ioctl as requests};

/// `dup(2)`.
pub(super) fn dup(call: &mut Call<'_>, [fd, ..]: [usize; 6]) -> Result<usize, Errno> {
    insert(call, Descriptor { file: call.file(fd)?, close_on_exec: false }, 0)
}

/// `dup2(2)`.
pub(super) fn dup2(call: &mut Call<'_>, [old, new, ..]: [usize; 6]) -> Result<usize, Errno> {
    if descriptor_number(old) == descriptor_number(new) {
        call.file(old)?;
        return Ok(descriptor_number(new) as usize);
    }
    replace(call, old, new, false)
}

/// `dup3(2)`.
pub(super) fn dup3(call: &mut Call<'_>, [old, new, bits, ..]: [usize; 6]) -> Result<usize, Errno> {
    if flags(bits) & !linux::O_CLOEXEC != 0 || descriptor_number(old) == descriptor_number(new) {
        return Err(Errno::EINVAL);
    }
    replace(call, old, new, flags(bits) & linux::O_CLOEXEC != 0)
}

fn replace(call: &Call<'_>, old: usize, new: usize, close_on_exec: bool) -> Result<usize, Errno> {
    let file = call.file(old)?;
    let new = descriptor_number(new);
    let limit = call.process().limits.lock().open_files();
    let replaced = call.process().files.lock().replace(Descriptor { file, close_on_exec }, new, limit)?;
    drop(replaced);
    Ok(new as usize)
}

/// `fcntl(2)`.
pub(super) fn fcntl(call: &mut Call<'_>, [fd, command, argument, ..]: [usize; 6]) -> Result<usize, Errno> {
    let file = call.file(fd)?;
    match flags(command) {
        linux::F_DUPFD => duplicate_from(call, fd, argument, false),
        linux::F_DUPFD_CLOEXEC => duplicate_from(call, fd, argument, true),
        linux::F_GETFD => {
            let close = call.process().files.lock().get(descriptor_number(fd))?.close_on_exec;
            Ok(usize::from(close))
        }
        linux::F_SETFD => {
            let close = flags(argument) & linux::FD_CLOEXEC != 0;
            call.process().files.lock().set_close_on_exec(descriptor_number(fd), close)?;
            Ok(0)
        }
        linux::F_GETFL => Ok(file.flags().bits() as usize),
        linux::F_SETFL => {
            file.set_flags(flags(argument));
            Ok(0)
        }
        linux::F_GETLK | linux::F_OFD_GETLK => no_lock(call, argument),
        // The only process never conflicts with itself.
        linux::F_SETLK | linux::F_SETLKW | linux::F_OFD_SETLK | linux::F_OFD_SETLKW => {
            call.read::<[u16; 2]>(argument)?;
            Ok(0)
        }
        linux::F_GETOWN => Ok(0),
        linux::F_GET_SEALS => {
            let seals = file.inode().contents().and_then(|contents| contents.seals()).ok_or(Errno::EINVAL)?;
            Ok(seals as usize)
        }
        linux::F_ADD_SEALS => {
            let contents = file.inode().contents().ok_or(Errno::EINVAL)?;
            contents.add_seals(flags(argument))?;
            Ok(0)
        }
        unknown => Err(call.missing(format!("fcntl({unknown})"), Errno::EINVAL)),
    }
}

fn duplicate_from(call: &Call<'_>, fd: usize, minimum: usize, close_on_exec: bool) -> Result<usize, Errno> {
    let minimum = flags(minimum);
    if minimum >= call.process().limits.lock().open_files() {
        return Err(Errno::EINVAL);
    }
    insert(call, Descriptor { file: call.file(fd)?, close_on_exec }, minimum)
}

/// Tells that nobody holds a lock: `struct flock` with `F_UNLCK` as its type.
fn no_lock(call: &Call<'_>, at: usize) -> Result<usize, Errno> {
    let [_, whence] = call.read::<[u16; 2]>(at)?;
    #[expect(clippy::cast_possible_truncation, reason = "F_UNLCK is 2")]
    call.write(at, &[linux::F_UNLCK as u16, whence])?;
    Ok(0)
}

/// `ioctl(2)`: the requests that all files have; the others are the file's.
pub(super) fn ioctl(call: &mut Call<'_>, [fd, request, argument, ..]: [usize; 6]) -> Result<usize, Errno> {
    let file = call.file(fd)?;
    if file.is_path_only() && file.inode().kind() != FileType::Directory {
        return Err(Errno::EBADF);
    }
    let descriptor = descriptor_number(fd);
    match flags(request) {
        requests::FIOCLEX => call.process().files.lock().set_close_on_exec(descriptor, true).map(|()| 0),
        requests::FIONCLEX => call.process().files.lock().set_close_on_exec(descriptor, false).map(|()| 0),
        requests::FIONBIO => {
            let on = call.read::<u32>(argument)? != 0;
            let other = file.flags().bits() & !linux::O_NONBLOCK;
            file.set_flags(if on { other | linux::O_NONBLOCK } else { other });
            Ok(0)
        }
        requests::FIONREAD if file.inode().kind() == FileType::Regular => {
            let size = file.inode().contents().map_or(0, |contents| contents.size());
            let left = size.saturating_sub(file.offset());
            call.write(argument, &u32::try_from(left).unwrap_or(i32::MAX.cast_unsigned()))?;
            Ok(0)
        }
        request => file.operations().ioctl(&file, request, argument, &call.memory()),
    }
}

/// `fsync(2)`, `fdatasync(2)`, `syncfs(2)`: memory is as permanent as it gets.
pub(super) fn fsync(call: &mut Call<'_>, [fd, ..]: [usize; 6]) -> Result<usize, Errno> {
    match call.file(fd)?.inode().kind() {
        FileType::Regular | FileType::Directory => Ok(0),
        _ => Err(Errno::EINVAL),
    }
}

/// `sync(2)`.
pub(super) fn sync(_: &mut Call<'_>, _: [usize; 6]) -> Result<usize, Errno> {
    Ok(0)
}

/// `posix_fadvise(2)`: everything is in memory already.
pub(super) fn fadvise64(call: &mut Call<'_>, [fd, _, _, advice, ..]: [usize; 6]) -> Result<usize, Errno> {
    let file = call.file(fd)?;
    if file.inode().kind() == FileType::Fifo {
        return Err(Errno::ESPIPE);
    }
    if flags(advice) > linux::POSIX_FADV_NOREUSE { Err(Errno::EINVAL) } else { Ok(0) }
}
