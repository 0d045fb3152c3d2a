//! What files are: `stat` and its relatives, `access`, `statfs`.

use super::{AT_FDCWD, Call, flags};
use crate::error::Errno;
use crate::vfs::{Access, Metadata, Place, Timestamp};
use alloc::format;
use linux_raw_sys::general as linux;
use threadbare_machine::memory::PAGE_SIZE;
use zerocopy::{Immutable, IntoBytes};

/// `struct stat`.
#[derive(IntoBytes, Immutable)]
#[repr(C)]
struct Stat {
    device: u64,
    inode: u64,
    links: u64,
    mode: u32,
    uid: u32,
    gid: u32,
    padding: u32,
    node: u64,
    size: u64,
    block_size: u64,
    blocks: u64,
    accessed: [i64; 2],
    modified: [i64; 2],
    changed: [i64; 2],
    unused: [u64; 3],
}

const _: () = assert!(size_of::<Stat>() == 144);

fn time(stamp: Timestamp) -> [i64; 2] {
    [stamp.seconds, i64::from(stamp.nanoseconds)]
}

fn device_of(place: &Place) -> u64 {
    place.mount().map_or(0, |mount| mount.file_system.device().encode())
}

fn describe(place: &Place) -> Stat {
    let metadata = place.inode().metadata();
    Stat {
        device: device_of(place),
        inode: metadata.inode,
        links: u64::from(metadata.links),
        mode: metadata.mode(),
        uid: metadata.uid,
        gid: metadata.gid,
        padding: 0,
        node: metadata.node.encode(),
        size: metadata.size,
        block_size: PAGE_SIZE as u64,
        blocks: metadata.blocks,
        accessed: time(metadata.accessed),
        modified: time(metadata.modified),
        changed: time(metadata.changed),
        unused: [0; 3],
    }
}

/// `stat(2)`.
pub(super) fn stat(call: &mut Call<'_>, [path, to, ..]: [usize; 6]) -> Result<usize, Errno> {
    newfstatat(call, [AT_FDCWD, path, to, 0, 0, 0])
}

/// `lstat(2)`.
pub(super) fn lstat(call: &mut Call<'_>, [path, to, ..]: [usize; 6]) -> Result<usize, Errno> {
    newfstatat(call, [AT_FDCWD, path, to, linux::AT_SYMLINK_NOFOLLOW as usize, 0, 0])
}

/// `fstat(2)`.
pub(super) fn fstat(call: &mut Call<'_>, [fd, to, ..]: [usize; 6]) -> Result<usize, Errno> {
    let file = call.file(fd)?;
    call.write(to, &describe(file.place()))?;
    Ok(0)
}

/// `fstatat(2)`.
pub(super) fn newfstatat(call: &mut Call<'_>, [directory, path, to, bits, ..]: [usize; 6]) -> Result<usize, Errno> {
    const KNOWN: u32 = linux::AT_SYMLINK_NOFOLLOW | linux::AT_EMPTY_PATH | linux::AT_NO_AUTOMOUNT;
    if flags(bits) & !KNOWN != 0 {
        return Err(Errno::EINVAL);
    }
    let place = call.locate(directory, path, flags(bits))?;
    call.write(to, &describe(&place))?;
    Ok(0)
}

/// `struct statx`.
#[derive(IntoBytes, Immutable)]
#[repr(C)]
struct StatX {
    mask: u32,
    block_size: u32,
    attributes: u64,
    links: u32,
    uid: u32,
    gid: u32,
    mode: u16,
    padding: u16,
    inode: u64,
    size: u64,
    blocks: u64,
    attributes_mask: u64,
    accessed: StatXTime,
    created: StatXTime,
    changed: StatXTime,
    modified: StatXTime,
    node: [u32; 2],
    device: [u32; 2],
    mount: u64,
    rest: [u64; 13],
}

#[derive(IntoBytes, Immutable)]
#[repr(C)]
struct StatXTime {
    seconds: i64,
    nanoseconds: u32,
    padding: u32,
}

const _: () = assert!(size_of::<StatX>() == 256);

/// `statx(2)`.
pub(super) fn statx(call: &mut Call<'_>, [directory, path, bits, mask, to, _]: [usize; 6]) -> Result<usize, Errno> {
    const KNOWN: u32 = linux::AT_SYMLINK_NOFOLLOW
        | linux::AT_EMPTY_PATH
        | linux::AT_NO_AUTOMOUNT
        | linux::AT_STATX_FORCE_SYNC
        | linux::AT_STATX_DONT_SYNC;
    let both = linux::AT_STATX_FORCE_SYNC | linux::AT_STATX_DONT_SYNC;
    if flags(bits) & !KNOWN != 0 || flags(bits) & both == both || flags(mask) & linux::STATX__RESERVED != 0 {
        return Err(Errno::EINVAL);
    }
    let place = call.locate(directory, path, flags(bits))?;
    call.write(to, &describe_x(&place, &place.inode().metadata()))?;
    Ok(0)
}

fn describe_x(place: &Place, metadata: &Metadata) -> StatX {
    let time = |stamp: Timestamp| StatXTime { seconds: stamp.seconds, nanoseconds: stamp.nanoseconds, padding: 0 };
    let device = place.mount().map(|mount| mount.file_system.device()).unwrap_or_default();
    StatX {
        mask: linux::STATX_BASIC_STATS | linux::STATX_BTIME,
        block_size: 4096,
        attributes: 0,
        links: metadata.links,
        uid: metadata.uid,
        gid: metadata.gid,
        mode: u16::try_from(metadata.mode()).unwrap_or(u16::MAX),
        padding: 0,
        inode: metadata.inode,
        size: metadata.size,
        blocks: metadata.blocks,
        attributes_mask: 0,
        accessed: time(metadata.accessed),
        created: time(metadata.created),
        changed: time(metadata.changed),
        modified: time(metadata.modified),
        node: [metadata.node.major, metadata.node.minor],
        device: [device.major, device.minor],
        mount: 0,
        rest: [0; 13],
    }
}

/// `access(2)`.
pub(super) fn access(call: &mut Call<'_>, [path, mode, ..]: [usize; 6]) -> Result<usize, Errno> {
    faccessat2(call, [AT_FDCWD, path, mode, 0, 0, 0])
}

/// `faccessat`, the system call: without flags.
pub(super) fn faccessat(call: &mut Call<'_>, [directory, path, mode, ..]: [usize; 6]) -> Result<usize, Errno> {
    faccessat2(call, [directory, path, mode, 0, 0, 0])
}

/// `faccessat2(2)`.
pub(super) fn faccessat2(call: &mut Call<'_>, [directory, path, mode, bits, ..]: [usize; 6]) -> Result<usize, Errno> {
    const KNOWN: u32 = linux::AT_EACCESS | linux::AT_SYMLINK_NOFOLLOW | linux::AT_EMPTY_PATH;
    let wanted = Access::from_bits(flags(mode)).ok_or(Errno::EINVAL)?;
    if flags(bits) & !KNOWN != 0 {
        return Err(Errno::EINVAL);
    }
    let place = call.locate(directory, path, flags(bits))?;
    let credentials = call.process().credentials.lock().clone();
    let effective = flags(bits) & linux::AT_EACCESS != 0;
    let credentials = if effective { credentials } else { credentials.as_real() };
    credentials.check(&place.inode().metadata(), wanted)?;
    let writes = flags(mode) & linux::W_OK != 0;
    if writes && place.mount().is_some_and(|mount| mount.options.read_only) {
        return Err(Errno::EROFS);
    }
    Ok(0)
}

/// `struct statfs`.
#[derive(IntoBytes, Immutable)]
#[repr(C)]
struct StatFs {
    magic: u64,
    block_size: u64,
    blocks: u64,
    free_blocks: u64,
    available_blocks: u64,
    inodes: u64,
    free_inodes: u64,
    id: [u32; 2],
    name_length: u64,
    fragment_size: u64,
    flags: u64,
    spare: [u64; 4],
}

const _: () = assert!(size_of::<StatFs>() == 120);

/// `statfs(2)`.
pub(super) fn statfs(call: &mut Call<'_>, [path, to, ..]: [usize; 6]) -> Result<usize, Errno> {
    let place = call.locate(AT_FDCWD, path, 0)?;
    write_status(call, &place, to)
}

/// `fstatfs(2)`.
pub(super) fn fstatfs(call: &mut Call<'_>, [fd, to, ..]: [usize; 6]) -> Result<usize, Errno> {
    let file = call.file(fd)?;
    write_status(call, file.place(), to)
}

fn write_status(call: &Call<'_>, place: &Place, to: usize) -> Result<usize, Errno> {
    let Some(mount) = place.mount() else {
        return Err(call.missing(format!("statfs of a file without a path"), Errno::ENOSYS));
    };
    let status = mount.file_system.status();
    call.write(
        to,
        &StatFs {
            magic: u64::from(status.magic),
            block_size: status.block_size,
            blocks: status.blocks,
            free_blocks: status.free_blocks,
            available_blocks: status.free_blocks,
            inodes: status.inodes,
            free_inodes: status.free_inodes,
            id: [0; 2],
            name_length: 255,
            fragment_size: status.block_size,
            flags: 0,
            spare: [0; 4],
        },
    )?;
    Ok(0)
}
