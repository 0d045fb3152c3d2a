//! The size of files and the memory that they take (`truncate(2)`, `fallocate(2)`, `posix_fadvise(2)`).

use linux_raw_sys::general::{
    AT_FDCWD, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE, FALLOC_FL_ZERO_RANGE, POSIX_FADV_NOREUSE,
};

use super::Caller;
use super::transfer::offset;
use crate::error::Errno;
use crate::mm;
use crate::vfs::{Access, FileType, Offsets, check_not_executed};

/// `truncate(2)`
pub(super) fn truncate(caller: &Caller<'_>, path: usize, size: i64) -> Result<usize, Errno> {
    let size = offset(size)?;
    let place = caller.place(AT_FDCWD, path, 0)?;
    let metadata = place.inode().metadata();
    match metadata.kind {
        FileType::Directory => return Err(Errno::EISDIR),
        FileType::Regular => {}
        _ => return Err(Errno::EINVAL),
    }
    caller.credentials.check(&metadata, Access::WRITE)?;
    caller.check_changeable(&place)?;
    check_not_executed(place.inode())?;
    check_limit(caller, metadata.size, size)?;
    let contents = place.inode().contents().ok_or(Errno::EINVAL)?;
    mm::truncate(place.inode(), contents, size)?;
    Ok(0)
}

/// `ftruncate(2)`
pub(super) fn ftruncate(caller: &Caller<'_>, fd: i32, size: i64) -> Result<usize, Errno> {
    let size = offset(size)?;
    let file = caller.data_file(fd)?;
    let contents = file
        .inode()
        .contents()
        .filter(|_| file.flags().writable())
        .ok_or(Errno::EINVAL)?;
    check_limit(caller, contents.size(), size)?;
    mm::truncate(file.inode(), contents, size)?;
    Ok(0)
}

/// `fallocate(2)`
pub(super) fn fallocate(
    caller: &Caller<'_>,
    fd: i32,
    mode: u32,
    start: i64,
    length: i64,
) -> Result<usize, Errno> {
    const KNOWN: u32 = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE;
    let file = caller.data_file(fd)?;
    let (start, length) = (offset(start)?, offset(length)?);
    if length == 0 {
        return Err(Errno::EINVAL);
    }
    let (punches, zeroes) = (mode & FALLOC_FL_PUNCH_HOLE != 0, mode & FALLOC_FL_ZERO_RANGE != 0);
    let keeps = mode & FALLOC_FL_KEEP_SIZE != 0;
    if mode & !KNOWN != 0 || (punches && (zeroes || !keeps)) {
        return Err(Errno::EOPNOTSUPP);
    }
    file.check_writable()?;
    let contents = match file.inode().kind() {
        FileType::Fifo => return Err(Errno::ESPIPE),
        FileType::Directory => return Err(Errno::EISDIR),
        _ => file.inode().contents().ok_or(Errno::ENODEV)?,
    };
    let end = start
        .checked_add(length)
        .filter(|end| i64::try_from(*end).is_ok())
        .ok_or(Errno::EFBIG)?;
    if zeroes {
        // Nor has tmpfs that.
        return Err(Errno::EOPNOTSUPP);
    }
    if punches {
        mm::punch(file.inode(), contents, start..end)?;
        return Ok(0);
    }
    if !keeps {
        check_limit(caller, contents.size(), end)?;
    }
    contents.allocate(start..end)?;
    if !keeps && end > contents.size() {
        contents.truncate(end)?;
    }
    Ok(0)
}

/// `posix_fadvise(2)`: everything is in memory already.
pub(super) fn fadvise64(
    caller: &Caller<'_>,
    fd: i32,
    _start: i64,
    length: i64,
    advice: u32,
) -> Result<usize, Errno> {
    let file = caller.data_file(fd)?;
    if file.inode().kind() == FileType::Fifo {
        return Err(Errno::ESPIPE);
    }
    if advice > POSIX_FADV_NOREUSE || length < 0 {
        return Err(Errno::EINVAL);
    }
    Ok(0)
}

/// `readahead(2)`: everything is in memory already.
pub(super) fn readahead(caller: &Caller<'_>, fd: i32) -> Result<usize, Errno> {
    let file = caller.data_file(fd)?;
    file.check_readable()?;
    if file.operations().offsets() == Offsets::Bytes && file.inode().contents().is_some() {
        Ok(0)
    } else {
        Err(Errno::EINVAL)
    }
}

/// Refuses to let a file grow past the limit on file sizes (`getrlimit(2)`: SIGXFSZ, and `EFBIG` if that is survived).
fn check_limit(caller: &Caller<'_>, size: u64, new_size: u64) -> Result<(), Errno> {
    if new_size > size && new_size > caller.size_limit {
        (caller.exceeds_size_limit)();
        Err(Errno::EFBIG)
    } else {
        Ok(())
    }
}
