//! Reading and writing (`read(2)`, `readv(2)`, `pread(2)` and their like).

use linux_raw_sys::general::{RWF_APPEND, RWF_DSYNC, RWF_HIPRI, RWF_NOWAIT, RWF_SYNC};

use super::Caller;
use super::user_data::UserData;
use crate::error::Errno;
use crate::vfs::File;

/// Flags of `preadv2` and `pwritev2` that are honoured: all data of this kernel is in memory, so that it is always
/// written out, and never waited for.
const HINTS: u32 = RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT;

/// `read(2)`
pub(super) fn read(caller: &Caller<'_>, fd: i32, buffer: usize, count: usize) -> Result<usize, Errno> {
    caller
        .data_file(fd)?
        .read(&mut UserData::new(caller.memory, buffer, count))
}

/// `write(2)`
pub(super) fn write(caller: &Caller<'_>, fd: i32, buffer: usize, count: usize) -> Result<usize, Errno> {
    let file = caller.data_file(fd)?;
    write_user_data(caller, &file, None, UserData::new(caller.memory, buffer, count))
}

/// `readv(2)`
pub(super) fn readv(caller: &Caller<'_>, fd: i32, array: usize, count: usize) -> Result<usize, Errno> {
    let file = caller.data_file(fd)?;
    file.check_readable()?;
    file.read(&mut UserData::vector(caller.memory, array, count)?)
}

/// `writev(2)`
pub(super) fn writev(caller: &Caller<'_>, fd: i32, array: usize, count: usize) -> Result<usize, Errno> {
    let file = caller.data_file(fd)?;
    file.check_writable()?;
    write_user_data(
        caller,
        &file,
        None,
        UserData::vector(caller.memory, array, count)?,
    )
}

/// `pread64(2)`
pub(super) fn pread(
    caller: &Caller<'_>,
    fd: i32,
    buffer: usize,
    count: usize,
    at: i64,
) -> Result<usize, Errno> {
    let at = offset(at)?;
    caller
        .data_file(fd)?
        .read_at(at, &mut UserData::new(caller.memory, buffer, count))
}

/// `pwrite64(2)`
pub(super) fn pwrite(
    caller: &Caller<'_>,
    fd: i32,
    buffer: usize,
    count: usize,
    at: i64,
) -> Result<usize, Errno> {
    let at = offset(at)?;
    let file = caller.data_file(fd)?;
    write_user_data(
        caller,
        &file,
        Some(at),
        UserData::new(caller.memory, buffer, count),
    )
}

/// `preadv(2)`, and `preadv2(2)` with an offset
pub(super) fn preadv(
    caller: &Caller<'_>,
    fd: i32,
    array: usize,
    count: usize,
    at: i64,
    flags: u32,
) -> Result<usize, Errno> {
    check_hints(flags, HINTS)?;
    let at = offset(at)?;
    let file = caller.data_file(fd)?;
    file.check_offsets()?;
    file.check_readable()?;
    file.read_at(at, &mut UserData::vector(caller.memory, array, count)?)
}

/// `pwritev(2)`, and `pwritev2(2)` with an offset
pub(super) fn pwritev(
    caller: &Caller<'_>,
    fd: i32,
    array: usize,
    count: usize,
    at: i64,
    flags: u32,
) -> Result<usize, Errno> {
    check_hints(flags, HINTS | RWF_APPEND)?;
    let mut at = offset(at)?;
    let file = caller.data_file(fd)?;
    file.check_offsets()?;
    file.check_writable()?;
    if flags & RWF_APPEND != 0
        && let Some(contents) = file.inode().contents()
    {
        at = contents.size();
    }
    write_user_data(
        caller,
        &file,
        Some(at),
        UserData::vector(caller.memory, array, count)?,
    )
}

/// `preadv2(2)`: an offset of -1 means that of the file.
pub(super) fn preadv2(
    caller: &Caller<'_>,
    fd: i32,
    array: usize,
    count: usize,
    at: i64,
    flags: u32,
) -> Result<usize, Errno> {
    if at == -1 {
        check_hints(flags, HINTS)?;
        return readv(caller, fd, array, count);
    }
    preadv(caller, fd, array, count, at, flags)
}

/// `pwritev2(2)`: an offset of -1 means that of the file.
pub(super) fn pwritev2(
    caller: &Caller<'_>,
    fd: i32,
    array: usize,
    count: usize,
    at: i64,
    flags: u32,
) -> Result<usize, Errno> {
    if at == -1 {
        check_hints(flags, HINTS)?;
        return writev(caller, fd, array, count);
    }
    pwritev(caller, fd, array, count, at, flags)
}

/// Writes at `at`, or at the offset of the file, as far as the limit on file sizes allows.
fn write_user_data(
    caller: &Caller<'_>,
    file: &File,
    at: Option<u64>,
    mut data: UserData<'_>,
) -> Result<usize, Errno> {
    use crate::vfs::Source;
    if data.remaining() > 0
        && let Some(room) =
            room(caller.size_limit, file, at).inspect_err(|_| (caller.exceeds_size_limit)())?
    {
        data.limit(room);
    }
    match at {
        Some(at) => file.write_at(at, &mut data),
        None => file.write(&mut data),
    }
}

/// How much may be written at `at`, or at the offset of the file, before the limit on file sizes; `None` where there is
/// no limit.
///
/// # Errors
/// `EFBIG` if that is nothing; the caller tells the thread of it.
pub(in crate::syscall) fn room(limit: u64, file: &File, at: Option<u64>) -> Result<Option<u64>, Errno> {
    if limit == u64::MAX || !file.flags().writable() {
        return Ok(None);
    }
    let Some(contents) = file.inode().contents() else {
        return Ok(None);
    };
    let appends = file.flags().has(linux_raw_sys::general::O_APPEND);
    let start = if appends {
        contents.size()
    } else {
        at.unwrap_or_else(|| file.offset())
    };
    match limit.saturating_sub(start) {
        0 => Err(Errno::EFBIG),
        room => Ok(Some(room)),
    }
}

/// An offset that a program gave.
pub(super) fn offset(offset: i64) -> Result<u64, Errno> {
    u64::try_from(offset).map_err(|_| Errno::EINVAL)
}

fn check_hints(flags: u32, known: u32) -> Result<(), Errno> {
    if flags & !known == 0 {
        Ok(())
    } else {
        Err(Errno::EOPNOTSUPP)
    }
}
