//! `lseek(2)`

use linux_raw_sys::general::{SEEK_CUR, SEEK_DATA, SEEK_END, SEEK_HOLE, SEEK_SET};

use super::Caller;
use crate::error::Errno;
use crate::vfs::{File, FileType, Offsets};

/// `lseek(2)`
pub(super) fn lseek(caller: &Caller<'_>, fd: i32, offset: i64, whence: u32) -> Result<usize, Errno> {
    let file = caller.data_file(fd)?;
    if whence > SEEK_HOLE {
        return Err(Errno::EINVAL);
    }
    match file.operations().offsets() {
        // As Linux has it (`noop_llseek`).
        Offsets::None if file.inode().kind() == FileType::Untyped => return Ok(0),
        Offsets::None => return Err(Errno::ESPIPE),
        Offsets::Ignored => return Ok(0),
        Offsets::Bytes => {}
    }
    let target = target(&file, offset, whence)?;
    let target = u64::try_from(target).map_err(|_| Errno::EINVAL)?;
    file.set_offset(target);
    usize::try_from(target).map_err(|_| Errno::EOVERFLOW)
}

fn target(file: &File, offset: i64, whence: u32) -> Result<i64, Errno> {
    // A sum past the largest offset is what Linux calls invalid, too, whatever the man page says.
    let from = |base: u64| i64::try_from(base).ok()?.checked_add(offset);
    match whence {
        SEEK_SET => Ok(offset),
        SEEK_CUR => from(file.offset()).ok_or(Errno::EINVAL),
        // A directory has positions but no end.
        SEEK_END if file.inode().kind() == FileType::Directory => Err(Errno::EINVAL),
        SEEK_END => from(file.inode().metadata().size).ok_or(Errno::EINVAL),
        SEEK_DATA | SEEK_HOLE => {
            let contents = file.inode().contents().ok_or(Errno::EINVAL)?;
            let start = u64::try_from(offset).map_err(|_| Errno::ENXIO)?;
            let found = contents
                .seek_extent(start, whence == SEEK_DATA)
                .ok_or(Errno::ENXIO)?;
            i64::try_from(found).map_err(|_| Errno::EOVERFLOW)
        }
        _ => Err(Errno::EINVAL),
    }
}
