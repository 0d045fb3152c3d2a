//! Changing what `stat(2)` tells: permissions (`chmod(2)`), owners (`chown(2)`), times (`utimensat(2)`).

use linux_raw_sys::general::{
    AT_EMPTY_PATH, AT_FDCWD, AT_SYMLINK_NOFOLLOW, S_ISGID, S_ISUID, S_IXGRP, UTIME_NOW, UTIME_OMIT,
};

use super::Caller;
use super::caller::check_flags;
use crate::error::Errno;
use crate::syscall::abi::{Timespec, Timeval, Utimbuf};
use crate::vfs::{Access, AttributeChange, Capability, FileType, Place, Timestamp};

/// `chmod(2)`
pub(super) fn chmod(caller: &Caller<'_>, path: usize, mode: u32) -> Result<usize, Errno> {
    fchmodat2(caller, AT_FDCWD, path, mode, 0)
}

/// `fchmodat(2)` as the kernel has it: without flags.
pub(super) fn fchmodat(caller: &Caller<'_>, directory: i32, path: usize, mode: u32) -> Result<usize, Errno> {
    fchmodat2(caller, directory, path, mode, 0)
}

/// `fchmodat2(2)`
pub(super) fn fchmodat2(
    caller: &Caller<'_>,
    directory: i32,
    path: usize,
    mode: u32,
    flags: u32,
) -> Result<usize, Errno> {
    check_flags(flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)?;
    let place = caller.place(directory, path, flags)?;
    set_mode(caller, &place, mode)
}

/// `fchmod(2)`
pub(super) fn fchmod(caller: &Caller<'_>, fd: i32, mode: u32) -> Result<usize, Errno> {
    let file = caller.data_file(fd)?;
    set_mode(caller, file.place(), mode)
}

fn set_mode(caller: &Caller<'_>, place: &Place, mode: u32) -> Result<usize, Errno> {
    caller.check_changeable(place)?;
    let metadata = place.inode().metadata();
    if metadata.kind == FileType::Symlink {
        return Err(Errno::EOPNOTSUPP);
    }
    if !caller.credentials.owns(&metadata) {
        return Err(Errno::EPERM);
    }
    let mut permissions = mode & 0o7777;
    let credentials = caller.credentials;
    if !credentials.in_group(metadata.gid) && !credentials.can(Capability::Fsetid) {
        permissions &= !S_ISGID;
    }
    place.inode().change(&AttributeChange {
        permissions: Some(permissions),
        ..AttributeChange::default()
    })?;
    Ok(0)
}

/// `chown(2)`
pub(super) fn chown(caller: &Caller<'_>, path: usize, uid: u32, gid: u32) -> Result<usize, Errno> {
    fchownat(caller, AT_FDCWD, path, uid, gid, 0)
}

/// `lchown(2)`
pub(super) fn lchown(caller: &Caller<'_>, path: usize, uid: u32, gid: u32) -> Result<usize, Errno> {
    fchownat(caller, AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW)
}

/// `fchownat(2)`
pub(super) fn fchownat(
    caller: &Caller<'_>,
    directory: i32,
    path: usize,
    uid: u32,
    gid: u32,
    flags: u32,
) -> Result<usize, Errno> {
    check_flags(flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)?;
    let place = caller.place(directory, path, flags)?;
    set_owner(caller, &place, uid, gid)
}

/// `fchown(2)`
pub(super) fn fchown(caller: &Caller<'_>, fd: i32, uid: u32, gid: u32) -> Result<usize, Errno> {
    let file = caller.data_file(fd)?;
    set_owner(caller, file.place(), uid, gid)
}

fn set_owner(caller: &Caller<'_>, place: &Place, uid: u32, gid: u32) -> Result<usize, Errno> {
    // -1 leaves what is.
    let given = |id: u32| (id != u32::MAX).then_some(id);
    let (uid, gid) = (given(uid), given(gid));
    caller.check_changeable(place)?;
    let metadata = place.inode().metadata();
    let credentials = caller.credentials;
    if !credentials.can(Capability::Chown) {
        let owns = credentials.fs_uid == metadata.uid;
        let keeps_user = uid.is_none_or(|uid| owns && uid == metadata.uid);
        let knows_group = gid.is_none_or(|gid| owns && (gid == metadata.gid || credentials.in_group(gid)));
        if !keeps_user || !knows_group {
            return Err(Errno::EPERM);
        }
    }
    // A program that runs as its owner does not keep doing so for another one.
    let lost = match metadata.kind {
        FileType::Directory => 0,
        _ if metadata.permissions & S_IXGRP != 0 => S_ISUID | S_ISGID,
        _ => S_ISUID,
    };
    let permissions = Some(metadata.permissions & !lost);
    place.inode().change(&AttributeChange {
        permissions,
        uid,
        gid,
        ..AttributeChange::default()
    })?;
    Ok(0)
}

/// `utimensat(2)`. Without a path, the descriptor itself is meant (`futimens(3)`).
pub(super) fn utimensat(
    caller: &Caller<'_>,
    directory: i32,
    path: usize,
    times: usize,
    flags: u32,
) -> Result<usize, Errno> {
    let times = match times {
        0 => None,
        times => Some(caller.memory.read::<[Timespec; 2]>(times)?),
    };
    if let Some([accessed, modified]) = times
        && (accessed.nanoseconds, modified.nanoseconds) == (i64::from(UTIME_OMIT), i64::from(UTIME_OMIT))
    {
        return Ok(0);
    }
    if path == 0 && directory != AT_FDCWD {
        check_flags(flags, 0)?;
        let file = caller.data_file(directory)?;
        return set_times(caller, file.place(), times);
    }
    check_flags(flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)?;
    let place = caller.place(directory, path, flags)?;
    set_times(caller, &place, times)
}

/// `utimes(2)` and `futimesat(2)`
pub(super) fn futimesat(
    caller: &Caller<'_>,
    directory: i32,
    path: usize,
    times: usize,
) -> Result<usize, Errno> {
    let times = match times {
        0 => None,
        times => Some(caller.memory.read::<[Timeval; 2]>(times)?),
    };
    let times = match times {
        Some(times)
            if times
                .iter()
                .any(|time| !(0..1_000_000).contains(&time.microseconds)) =>
        {
            return Err(Errno::EINVAL);
        }
        Some(times) => Some(times.map(|time| Timespec {
            seconds: time.seconds,
            nanoseconds: time.microseconds.saturating_mul(1000),
        })),
        None => None,
    };
    let place = caller.place(directory, path, 0)?;
    set_times(caller, &place, times)
}

/// `utimes(2)`
pub(super) fn utimes(caller: &Caller<'_>, path: usize, times: usize) -> Result<usize, Errno> {
    futimesat(caller, AT_FDCWD, path, times)
}

/// `utime(2)`
pub(super) fn utime(caller: &Caller<'_>, path: usize, times: usize) -> Result<usize, Errno> {
    let times = match times {
        0 => None,
        times => Some(caller.memory.read::<Utimbuf>(times)?),
    };
    let whole = |seconds| Timespec {
        seconds,
        nanoseconds: 0,
    };
    let times = times.map(|times| [whole(times.accessed), whole(times.modified)]);
    let place = caller.place(AT_FDCWD, path, 0)?;
    set_times(caller, &place, times)
}

fn set_times(caller: &Caller<'_>, place: &Place, times: Option<[Timespec; 2]>) -> Result<usize, Errno> {
    let now = (caller.now)();
    let (accessed, modified) = match times {
        None => (Some(now), Some(now)),
        Some([accessed, modified]) => (wanted(accessed, now)?, wanted(modified, now)?),
    };
    caller.check_changeable(place)?;
    let metadata = place.inode().metadata();
    let is_now = |time: Timespec| time.nanoseconds == i64::from(UTIME_NOW);
    if !caller.credentials.owns(&metadata) {
        // Whoever may write a file could set both times to now anyway.
        if times.is_none_or(|times| times.into_iter().all(is_now)) {
            caller.credentials.check(&metadata, Access::WRITE)?;
        } else {
            return Err(Errno::EPERM);
        }
    }
    place.inode().change(&AttributeChange {
        accessed,
        modified,
        ..AttributeChange::default()
    })?;
    Ok(0)
}

/// The time that a program asked for; `None` for `UTIME_OMIT`.
fn wanted(time: Timespec, now: Timestamp) -> Result<Option<Timestamp>, Errno> {
    let Ok(nanoseconds) = u32::try_from(time.nanoseconds) else {
        return Err(Errno::EINVAL);
    };
    match nanoseconds {
        UTIME_NOW => Ok(Some(now)),
        UTIME_OMIT => Ok(None),
        0..1_000_000_000 => Ok(Some(Timestamp {
            seconds: time.seconds,
            nanoseconds,
        })),
        _ => Err(Errno::EINVAL),
    }
}
