//! Reading, writing, seeking.

use super::user_data::UserData;
use super::{Call, flags};
use crate::error::Errno;
use crate::vfs::{File, FileType};
use alloc::vec::Vec;
use linux_raw_sys::general as linux;

/// The most bytes that one call moves (`read(2)`, "Notes").
const MOST: usize = 0x7fff_f000;

/// `read(2)`.
pub(super) fn read(call: &mut Call<'_>, [fd, buffer, length, ..]: [usize; 6]) -> Result<usize, Errno> {
    let file = call.file(fd)?;
    file.read(&mut UserData::new(&call.memory(), buffer, length.min(MOST)))
}

/// `write(2)`.
pub(super) fn write(call: &mut Call<'_>, [fd, buffer, length, ..]: [usize; 6]) -> Result<usize, Errno> {
    let file = call.file(fd)?;
    file.write(&mut UserData::new(&call.memory(), buffer, length.min(MOST)))
}

/// `pread(2)`.
pub(super) fn pread64(call: &mut Call<'_>, [fd, buffer, length, offset, ..]: [usize; 6]) -> Result<usize, Errno> {
    let offset = file_offset(offset)?;
    let file = call.file(fd)?;
    file.read_at(offset, &mut UserData::new(&call.memory(), buffer, length.min(MOST)))
}

/// `pwrite(2)`.
pub(super) fn pwrite64(call: &mut Call<'_>, [fd, buffer, length, offset, ..]: [usize; 6]) -> Result<usize, Errno> {
    let offset = file_offset(offset)?;
    let file = call.file(fd)?;
    file.write_at(offset, &mut UserData::new(&call.memory(), buffer, length.min(MOST)))
}

/// `readv(2)`.
pub(super) fn readv(call: &mut Call<'_>, [fd, vector, count, ..]: [usize; 6]) -> Result<usize, Errno> {
    let file = call.file(fd)?;
    file.read(&mut UserData::many(&call.memory(), parts(call, vector, count)?, MOST))
}

/// `writev(2)`.
pub(super) fn writev(call: &mut Call<'_>, [fd, vector, count, ..]: [usize; 6]) -> Result<usize, Errno> {
    let file = call.file(fd)?;
    file.write(&mut UserData::many(&call.memory(), parts(call, vector, count)?, MOST))
}

/// `preadv(2)`.
pub(super) fn preadv(call: &mut Call<'_>, [fd, vector, count, offset, ..]: [usize; 6]) -> Result<usize, Errno> {
    let offset = file_offset(offset)?;
    let file = call.file(fd)?;
    file.read_at(offset, &mut UserData::many(&call.memory(), parts(call, vector, count)?, MOST))
}

/// `pwritev(2)`.
pub(super) fn pwritev(call: &mut Call<'_>, [fd, vector, count, offset, ..]: [usize; 6]) -> Result<usize, Errno> {
    let offset = file_offset(offset)?;
    let file = call.file(fd)?;
    file.write_at(offset, &mut UserData::many(&call.memory(), parts(call, vector, count)?, MOST))
}

/// An `off_t` that must not be negative.
pub(super) fn file_offset(argument: usize) -> Result<u64, Errno> {
    i64::try_from(argument).map(i64::cast_unsigned).map_err(|_| Errno::EINVAL)
}

/// The `struct iovec`s at an address.
fn parts(call: &Call<'_>, vector: usize, count: usize) -> Result<Vec<(usize, usize)>, Errno> {
    const PARTS_MOST: usize = linux::UIO_MAXIOV as usize;
    if count > PARTS_MOST {
        return Err(Errno::EINVAL);
    }
    let mut parts = Vec::new();
    parts.try_reserve_exact(count)?;
    let mut total: usize = 0;
    for index in 0..count {
        let [address, length] = call.read::<[usize; 2]>(vector.checked_add(16 * index).ok_or(Errno::EFAULT)?)?;
        total = total.checked_add(length).filter(|&total| isize::try_from(total).is_ok()).ok_or(Errno::EINVAL)?;
        parts.push((address, length));
    }
    Ok(parts)
}

/// `lseek(2)`.
pub(super) fn lseek(call: &mut Call<'_>, [fd, offset, whence, ..]: [usize; 6]) -> Result<usize, Errno> {
    let file = call.file(fd)?;
    file.check_offsets()?;
    let delta = i64::try_from(offset.cast_signed()).map_err(|_| Errno::EINVAL)?;
    let base = match flags(whence) {
        linux::SEEK_SET => 0,
        linux::SEEK_CUR => file.offset(),
        linux::SEEK_END => size(&file),
        extent @ (linux::SEEK_DATA | linux::SEEK_HOLE) => return seek_extent(&file, delta, extent == linux::SEEK_DATA),
        _ => return Err(Errno::EINVAL),
    };
    let target = i64::try_from(base).ok().and_then(|base| base.checked_add(delta)).ok_or(Errno::EOVERFLOW)?;
    let target = u64::try_from(target).map_err(|_| Errno::EINVAL)?;
    file.set_offset(target);
    usize::try_from(target).map_err(|_| Errno::EOVERFLOW)
}

fn size(file: &File) -> u64 {
    match file.inode().kind() {
        FileType::Regular => file.inode().contents().map_or(0, |contents| contents.size()),
        _ => file.inode().metadata().size,
    }
}

fn seek_extent(file: &File, from: i64, data: bool) -> Result<usize, Errno> {
    let contents = file.inode().contents().ok_or(Errno::EINVAL)?;
    let from = u64::try_from(from).map_err(|_| Errno::ENXIO)?;
    if from >= contents.size() {
        return Err(Errno::ENXIO);
    }
    let found = match contents.seek_extent(from, data) {
        Some(found) => found,
        None if data => return Err(Errno::ENXIO),
        None => contents.size(), // there is a hole at the end of every file
    };
    file.set_offset(found);
    usize::try_from(found).map_err(|_| Errno::EOVERFLOW)
}
