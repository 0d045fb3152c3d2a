//! What a file system is (`statfs(2)`), and that everything is written (`sync(2)`).

use super::Caller;
use super::stat::device_of;
use crate::error::Errno;
use crate::syscall::abi::Statfs;
use crate::vfs::{FileType, Name, Place};

/// `f_type` of files without a path (`ANON_INODE_FS_MAGIC`).
const ANONYMOUS_MAGIC: u64 = 0x0904_1934;

/// `f_flags`: the other flags mean something (`ST_VALID`).
const VALID: u64 = 0x20;
/// `f_flags`: nothing can be changed (`ST_RDONLY`).
const READ_ONLY: u64 = 1;

/// `statfs(2)`
pub(super) fn statfs(caller: &Caller<'_>, path: usize, buffer: usize) -> Result<usize, Errno> {
    let place = caller.place(linux_raw_sys::general::AT_FDCWD, path, 0)?;
    put_statfs(caller, &place, buffer)
}

/// `fstatfs(2)`
pub(super) fn fstatfs(caller: &Caller<'_>, fd: i32, buffer: usize) -> Result<usize, Errno> {
    let file = caller.file(fd)?;
    put_statfs(caller, file.place(), buffer)
}

fn put_statfs(caller: &Caller<'_>, place: &Place, buffer: usize) -> Result<usize, Errno> {
    let mut statfs = Statfs {
        magic: ANONYMOUS_MAGIC,
        block_size: 4096,
        fragment_size: 4096,
        id: device_of(place).encode(),
        name_length: Name::MAX as u64,
        flags: VALID,
        ..Statfs::default()
    };
    if let Some(mount) = place.mount() {
        let status = mount.file_system.status();
        statfs.magic = u64::from(status.magic);
        statfs.block_size = status.block_size;
        statfs.fragment_size = status.block_size;
        statfs.blocks = status.blocks;
        statfs.free_blocks = status.free_blocks;
        statfs.available_blocks = status.free_blocks;
        statfs.inodes = status.inodes;
        statfs.free_inodes = status.free_inodes;
        statfs.flags |= if mount.options.read_only { READ_ONLY } else { 0 };
    }
    caller.memory.write(buffer, &statfs)?;
    Ok(0)
}

/// `sync(2)`: every file system is in memory, so that nothing is ever left to be written.
#[expect(clippy::unnecessary_wraps, reason = "it has the shape of a system call")]
pub(super) fn sync(_: &Caller<'_>) -> Result<usize, Errno> {
    Ok(0)
}

/// `syncfs(2)`
pub(super) fn syncfs(caller: &Caller<'_>, fd: i32) -> Result<usize, Errno> {
    let _ = caller.data_file(fd)?;
    Ok(0)
}

/// `fsync(2)` and `fdatasync(2)`: pipes, sockets and devices cannot.
pub(super) fn fsync(caller: &Caller<'_>, fd: i32) -> Result<usize, Errno> {
    let file = caller.data_file(fd)?;
    match file.inode().kind() {
        FileType::Regular | FileType::Directory => Ok(0),
        _ => Err(Errno::EINVAL),
    }
}

/// `sync_file_range(2)`
pub(super) fn sync_file_range(
    caller: &Caller<'_>,
    fd: i32,
    offset: i64,
    count: i64,
    flags: u32,
) -> Result<usize, Errno> {
    let file = caller.data_file(fd)?;
    super::caller::check_flags(flags, 7)?;
    if offset < 0 || count < 0 || offset.checked_add(count).is_none() {
        return Err(Errno::EINVAL);
    }
    match file.inode().kind() {
        FileType::Regular | FileType::Directory | FileType::Symlink | FileType::BlockDevice => Ok(0),
        _ => Err(Errno::ESPIPE),
    }
}
