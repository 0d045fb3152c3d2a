//! What a file is (`stat(2)`, `statx(2)`), and what the caller may do with it (`access(2)`).

use linux_raw_sys::general::{
    AT_EACCESS, AT_EMPTY_PATH, AT_FDCWD, AT_NO_AUTOMOUNT, AT_STATX_SYNC_TYPE, AT_SYMLINK_NOFOLLOW,
    STATX__RESERVED, STATX_ATTR_MOUNT_ROOT, STATX_BASIC_STATS, STATX_BTIME, STATX_MNT_ID,
};

use super::Caller;
use super::caller::check_flags;
use crate::error::Errno;
use crate::syscall::abi::{Stat, Statx};
use crate::vfs::{Access, DeviceNumber, FileType, Metadata, Place};

/// The size in which files are best read: a page.
const BLOCK_SIZE: u32 = 4096;

/// `fstat(2)`
pub(super) fn fstat(caller: &Caller<'_>, fd: i32, buffer: usize) -> Result<usize, Errno> {
    let file = caller.file(fd)?;
    put_stat(caller, file.place(), buffer)
}

/// `stat(2)`
pub(super) fn stat(caller: &Caller<'_>, path: usize, buffer: usize) -> Result<usize, Errno> {
    newfstatat(caller, AT_FDCWD, path, buffer, 0)
}

/// `lstat(2)`
pub(super) fn lstat(caller: &Caller<'_>, path: usize, buffer: usize) -> Result<usize, Errno> {
    newfstatat(caller, AT_FDCWD, path, buffer, AT_SYMLINK_NOFOLLOW)
}

/// `fstatat(2)`
pub(super) fn newfstatat(
    caller: &Caller<'_>,
    directory: i32,
    path: usize,
    buffer: usize,
    flags: u32,
) -> Result<usize, Errno> {
    // How glibc makes its `fstat`: the short way, on which Linux looks at no other flag.
    if flags & AT_EMPTY_PATH != 0 && directory >= 0 && (path == 0 || caller.memory.read::<u8>(path)? == 0) {
        return fstat(caller, directory, buffer);
    }
    check_flags(
        flags,
        AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_SYNC_TYPE,
    )?;
    let place = caller.place(directory, path, flags)?;
    put_stat(caller, &place, buffer)
}

fn put_stat(caller: &Caller<'_>, place: &Place, buffer: usize) -> Result<usize, Errno> {
    let metadata = place.inode().metadata();
    let stat = Stat {
        device: device_of(place).encode(),
        inode: metadata.inode,
        links: u64::from(metadata.links),
        mode: metadata.mode(),
        uid: metadata.uid,
        gid: metadata.gid,
        node: metadata.node.encode(),
        size: signed(metadata.size),
        block_size: i64::from(BLOCK_SIZE),
        blocks: signed(metadata.blocks),
        accessed: metadata.accessed.into(),
        modified: metadata.modified.into(),
        changed: metadata.changed.into(),
        ..Stat::default()
    };
    caller.memory.write(buffer, &stat)?;
    Ok(0)
}

/// `statx(2)`
pub(super) fn statx(
    caller: &Caller<'_>,
    directory: i32,
    path: usize,
    flags: u32,
    mask: u32,
    buffer: usize,
) -> Result<usize, Errno> {
    check_flags(
        flags,
        AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_SYNC_TYPE,
    )?;
    if mask & STATX__RESERVED != 0 || flags & AT_STATX_SYNC_TYPE == AT_STATX_SYNC_TYPE {
        return Err(Errno::EINVAL);
    }
    let place = caller.place(directory, path, flags)?;
    let statx = describe(&place, &place.inode().metadata());
    caller.memory.write(buffer, &statx)?;
    Ok(0)
}

fn describe(place: &Place, metadata: &Metadata) -> Statx {
    let device = device_of(place);
    let mount_root = u64::from(STATX_ATTR_MOUNT_ROOT);
    Statx {
        mask: STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID,
        block_size: BLOCK_SIZE,
        attributes: if place.is_mount_root() { mount_root } else { 0 },
        attributes_mask: mount_root,
        links: metadata.links,
        uid: metadata.uid,
        gid: metadata.gid,
        mode: u16::try_from(metadata.mode()).unwrap_or_default(),
        inode: metadata.inode,
        size: metadata.size,
        blocks: metadata.blocks,
        accessed: metadata.accessed.into(),
        created: metadata.created.into(),
        changed: metadata.changed.into(),
        modified: metadata.modified.into(),
        node_major: metadata.node.major,
        node_minor: metadata.node.minor,
        device_major: device.major,
        device_minor: device.minor,
        mount: place.mount().map_or(0, |mount| mount.id),
        ..Statx::default()
    }
}

/// `st_dev`. Files without a path are on the first device of those that are none.
pub(super) fn device_of(place: &Place) -> DeviceNumber {
    place
        .mount()
        .map_or(DeviceNumber::new(0, 1), |mount| mount.file_system.device())
}

fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

/// `access(2)`
pub(super) fn access(caller: &Caller<'_>, path: usize, mode: u32) -> Result<usize, Errno> {
    faccessat2(caller, AT_FDCWD, path, mode, 0)
}

/// `faccessat(2)` as the kernel has it: without flags.
pub(super) fn faccessat(caller: &Caller<'_>, directory: i32, path: usize, mode: u32) -> Result<usize, Errno> {
    faccessat2(caller, directory, path, mode, 0)
}

/// `faccessat2(2)`
pub(super) fn faccessat2(
    caller: &Caller<'_>,
    directory: i32,
    path: usize,
    mode: u32,
    flags: u32,
) -> Result<usize, Errno> {
    let access = Access::from_bits(mode).ok_or(Errno::EINVAL)?;
    check_flags(flags, AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)?;
    let credentials = match flags & AT_EACCESS {
        0 => caller.credentials.as_real(),
        _ => caller.credentials.clone(),
    };
    let caller = Caller {
        credentials: &credentials,
        ..*caller
    };
    let place = caller.place(directory, path, flags)?;
    let metadata = place.inode().metadata();
    credentials.check(&metadata, access)?;
    let writes = mode & linux_raw_sys::general::W_OK != 0;
    let is_special = !matches!(
        metadata.kind,
        FileType::Regular | FileType::Directory | FileType::Symlink
    );
    if writes && !is_special {
        caller.check_changeable(&place)?;
    }
    Ok(0)
}
