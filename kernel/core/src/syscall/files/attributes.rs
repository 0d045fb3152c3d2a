//! Changing what files are: permissions, owner, times, size.

use super::io::file_offset;
use super::{AT_FDCWD, Call, flags};
use crate::clock;
use crate::error::Errno;
use crate::vfs::{Access, AttributeChange, FileType, Place, Timestamp};
use linux_raw_sys::general as linux;

const SECOND: u64 = 1_000_000_000;

fn now() -> Timestamp {
    let now = clock::realtime();
    Timestamp {
        seconds: i64::try_from(now / SECOND).unwrap_or(i64::MAX),
        nanoseconds: u32::try_from(now % SECOND).unwrap_or(0),
    }
}

fn check_writable_mount(place: &Place) -> Result<(), Errno> {
    if place.mount().is_some_and(|mount| mount.options.read_only) { Err(Errno::EROFS) } else { Ok(()) }
}

/// `chmod(2)`.
pub(super) fn chmod(call: &mut Call<'_>, [path, mode, ..]: [usize; 6]) -> Result<usize, Errno> {
    let place = call.locate(AT_FDCWD, path, 0)?;
    change_mode(call, &place, flags(mode))
}

/// `fchmod(2)`.
pub(super) fn fchmod(call: &mut Call<'_>, [fd, mode, ..]: [usize; 6]) -> Result<usize, Errno> {
    let file = call.file(fd)?;
    change_mode(call, file.place(), flags(mode))
}

/// `fchmodat`, the system call: without flags.
pub(super) fn fchmodat(call: &mut Call<'_>, [directory, path, mode, ..]: [usize; 6]) -> Result<usize, Errno> {
    let place = call.locate(directory, path, 0)?;
    change_mode(call, &place, flags(mode))
}

fn change_mode(call: &Call<'_>, place: &Place, mode: u32) -> Result<usize, Errno> {
    check_writable_mount(place)?;
    let credentials = call.process().credentials.lock().clone();
    let metadata = place.inode().metadata();
    if !credentials.owns(&metadata) {
        return Err(Errno::EPERM);
    }
    let mut permissions = mode & 0o7777;
    if !credentials.is_privileged() && !credentials.in_group(metadata.gid) {
        permissions &= !linux::S_ISGID;
    }
    place.inode().change(&AttributeChange { permissions: Some(permissions), ..AttributeChange::default() })?;
    Ok(0)
}

/// `chown(2)`.
pub(super) fn chown(call: &mut Call<'_>, [path, uid, gid, ..]: [usize; 6]) -> Result<usize, Errno> {
    fchownat(call, [AT_FDCWD, path, uid, gid, 0, 0])
}

/// `lchown(2)`.
pub(super) fn lchown(call: &mut Call<'_>, [path, uid, gid, ..]: [usize; 6]) -> Result<usize, Errno> {
    fchownat(call, [AT_FDCWD, path, uid, gid, linux::AT_SYMLINK_NOFOLLOW as usize, 0])
}

/// `fchown(2)`.
pub(super) fn fchown(call: &mut Call<'_>, [fd, uid, gid, ..]: [usize; 6]) -> Result<usize, Errno> {
    let file = call.file(fd)?;
    change_owner(call, file.place(), flags(uid), flags(gid))
}

/// `fchownat(2)`.
pub(super) fn fchownat(call: &mut Call<'_>, [directory, path, uid, gid, bits, _]: [usize; 6]) -> Result<usize, Errno> {
    if flags(bits) & !(linux::AT_SYMLINK_NOFOLLOW | linux::AT_EMPTY_PATH) != 0 {
        return Err(Errno::EINVAL);
    }
    let place = call.locate(directory, path, flags(bits))?;
    change_owner(call, &place, flags(uid), flags(gid))
}

fn change_owner(call: &Call<'_>, place: &Place, uid: u32, gid: u32) -> Result<usize, Errno> {
    const KEEP: u32 = u32::MAX;
    check_writable_mount(place)?;
    let credentials = call.process().credentials.lock().clone();
    let metadata = place.inode().metadata();
    let may_give = uid == KEEP || uid == metadata.uid;
    let may_group = gid == KEEP || credentials.in_group(gid);
    if !credentials.is_privileged() && !(credentials.owns(&metadata) && may_give && may_group) {
        return Err(Errno::EPERM);
    }
    let given = |id: u32| (id != KEEP).then_some(id);
    // A program that changes hands loses its set-ID bits (`chown(2)`).
    let runs_as = metadata.permissions & (linux::S_ISUID | linux::S_ISGID) != 0;
    let drops = runs_as && metadata.kind == FileType::Regular;
    let permissions = drops.then_some(metadata.permissions & !(linux::S_ISUID | linux::S_ISGID));
    place.inode().change(&AttributeChange { permissions, uid: given(uid), gid: given(gid), ..AttributeChange::default() })?;
    Ok(0)
}

/// `utimensat(2)`. A null path means the descriptor itself.
pub(super) fn utimensat(call: &mut Call<'_>, [directory, path, times, bits, ..]: [usize; 6]) -> Result<usize, Errno> {
    let bits = flags(bits);
    if bits & !(linux::AT_SYMLINK_NOFOLLOW | linux::AT_EMPTY_PATH) != 0 {
        return Err(Errno::EINVAL);
    }
    let times = match times {
        0 => [Some(now()); 2],
        at => {
            let [a, b, c, d] = call.read::<[i64; 4]>(at)?;
            [time(a, b)?, time(c, d)?]
        }
    };
    let place = match path {
        0 => call.file(directory)?.place().clone(),
        path => call.locate(directory, path, bits)?,
    };
    let [accessed, modified] = times;
    if accessed.is_none() && modified.is_none() {
        return Ok(0);
    }
    check_writable_mount(&place)?;
    let credentials = call.process().credentials.lock().clone();
    let metadata = place.inode().metadata();
    if !credentials.owns(&metadata) {
        credentials.check(&metadata, Access::WRITE)?;
    }
    place.inode().change(&AttributeChange { accessed, modified, ..AttributeChange::default() })?;
    Ok(0)
}

/// A time to set; `None` for `UTIME_OMIT`.
fn time(seconds: i64, nanoseconds: i64) -> Result<Option<Timestamp>, Errno> {
    const UTIME_NOW: i64 = (1 << 30) - 1;
    const UTIME_OMIT: i64 = (1 << 30) - 2;
    match nanoseconds {
        UTIME_NOW => Ok(Some(now())),
        UTIME_OMIT => Ok(None),
        0..1_000_000_000 => {
            Ok(Some(Timestamp { seconds, nanoseconds: u32::try_from(nanoseconds).map_err(|_| Errno::EINVAL)? }))
        }
        _ => Err(Errno::EINVAL),
    }
}

/// `truncate(2)`.
pub(super) fn truncate(call: &mut Call<'_>, [path, length, ..]: [usize; 6]) -> Result<usize, Errno> {
    let length = file_offset(length)?;
    let place = call.locate(AT_FDCWD, path, 0)?;
    if place.inode().kind() == FileType::Directory {
        return Err(Errno::EISDIR);
    }
    check_writable_mount(&place)?;
    let credentials = call.process().credentials.lock().clone();
    credentials.check(&place.inode().metadata(), Access::WRITE)?;
    place.inode().contents().ok_or(Errno::EINVAL)?.truncate(length)?;
    Ok(0)
}

/// `ftruncate(2)`.
pub(super) fn ftruncate(call: &mut Call<'_>, [fd, length, ..]: [usize; 6]) -> Result<usize, Errno> {
    let length = file_offset(length)?;
    let file = call.file(fd)?;
    file.check_writable().map_err(|_| Errno::EINVAL)?;
    file.inode().contents().ok_or(Errno::EINVAL)?.truncate(length)?;
    Ok(0)
}
