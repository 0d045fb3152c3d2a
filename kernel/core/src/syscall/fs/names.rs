//! Names: making, moving and removing them (`mkdir(2)`, `link(2)`, `symlink(2)`, `mknod(2)`, `unlink(2)`, `rmdir(2)`,
//! `rename(2)`), and reading where a symbolic link leads (`readlink(2)`).

use alloc::vec::Vec;

use linux_raw_sys::general::{
    AT_EMPTY_PATH, AT_FDCWD, AT_REMOVEDIR, AT_SYMLINK_FOLLOW, AT_SYMLINK_NOFOLLOW, RENAME_EXCHANGE,
    RENAME_NOREPLACE, RENAME_WHITEOUT, S_IFMT,
};

use super::Caller;
use super::caller::check_flags;
use crate::error::Errno;
use crate::vfs::{
    Access, Capability, DeviceNumber, Directory, FileType, Last, LinkTarget, Metadata, NewInode, NewKind,
    Parent, Place, RenameMode, SymlinkPolicy,
};

/// `mkdirat(2)`
pub(super) fn mkdirat(caller: &Caller<'_>, directory: i32, path: usize, mode: u32) -> Result<usize, Errno> {
    let path = caller.path(path)?;
    let parent = parent(caller, directory, &path)?;
    create(
        caller,
        &parent,
        NewKind::Directory,
        mode & 0o1777 & !caller.fs.umask(),
    )
}

/// `mkdir(2)`
pub(super) fn mkdir(caller: &Caller<'_>, path: usize, mode: u32) -> Result<usize, Errno> {
    mkdirat(caller, AT_FDCWD, path, mode)
}

/// `mknodat(2)`
pub(super) fn mknodat(
    caller: &Caller<'_>,
    directory: i32,
    path: usize,
    mode: u32,
    device: u32,
) -> Result<usize, Errno> {
    let number = DeviceNumber::decode(device);
    let kind = match FileType::from_mode(mode) {
        None if mode & S_IFMT == 0 => NewKind::Regular,
        Some(FileType::Regular) => NewKind::Regular,
        Some(FileType::Fifo) => NewKind::Fifo,
        Some(FileType::Socket) => NewKind::Socket,
        Some(FileType::Directory) => return Err(Errno::EPERM),
        Some(FileType::CharacterDevice | FileType::BlockDevice)
            if !caller.credentials.can(Capability::Mknod) =>
        {
            return Err(Errno::EPERM);
        }
        Some(FileType::CharacterDevice) => NewKind::CharacterDevice(number),
        Some(FileType::BlockDevice) => NewKind::BlockDevice(number),
        Some(FileType::Symlink | FileType::Untyped) | None => return Err(Errno::EINVAL),
    };
    let path = caller.path(path)?;
    let parent = parent(caller, directory, &path)?;
    create(caller, &parent, kind, mode & 0o7777 & !caller.fs.umask())
}

/// `mknod(2)`
pub(super) fn mknod(caller: &Caller<'_>, path: usize, mode: u32, device: u32) -> Result<usize, Errno> {
    mknodat(caller, AT_FDCWD, path, mode, device)
}

/// Makes the file of a socket that is bound to `path` (`bind(2)`).
///
/// # Errors
/// `EEXIST`; as `mknod(2)` says.
pub(in crate::syscall) fn make_socket(caller: &Caller<'_>, path: &[u8]) -> Result<Place, Errno> {
    let parent = parent(caller, AT_FDCWD, path)?;
    create(caller, &parent, NewKind::Socket, 0o777 & !caller.fs.umask())?;
    let Last::Name(name) = parent.last() else {
        return Err(Errno::EEXIST);
    };
    caller.resolver().child(&parent.directory, name)
}

/// `symlinkat(2)`
pub(super) fn symlinkat(
    caller: &Caller<'_>,
    target: usize,
    directory: i32,
    path: usize,
) -> Result<usize, Errno> {
    let target = caller.path(target)?;
    if target.is_empty() {
        return Err(Errno::ENOENT);
    }
    let path = caller.path(path)?;
    let parent = parent(caller, directory, &path)?;
    create(caller, &parent, NewKind::Symlink(&target), 0o777)
}

/// `symlink(2)`
pub(super) fn symlink(caller: &Caller<'_>, target: usize, path: usize) -> Result<usize, Errno> {
    symlinkat(caller, target, AT_FDCWD, path)
}

/// `linkat(2)`
pub(super) fn linkat(
    caller: &Caller<'_>,
    old_directory: i32,
    old_path: usize,
    new_directory: i32,
    new_path: usize,
    flags: u32,
) -> Result<usize, Errno> {
    check_flags(flags, AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)?;
    if flags & AT_EMPTY_PATH != 0 && !caller.credentials.can(Capability::DacReadSearch) {
        return Err(Errno::ENOENT);
    }
    let follow = if flags & AT_SYMLINK_FOLLOW == 0 {
        AT_SYMLINK_NOFOLLOW
    } else {
        0
    };
    let old = caller.place(old_directory, old_path, flags & AT_EMPTY_PATH | follow)?;
    let path = caller.path(new_path)?;
    let parent = parent(caller, new_directory, &path)?;
    let name = new_name(caller, &parent, false)?;
    if !old.is_on_same_mount(&parent.directory) {
        return Err(Errno::EXDEV);
    }
    let (directory, _) = writable(caller, &parent.directory)?;
    if old.inode().kind() == FileType::Directory {
        return Err(Errno::EPERM);
    }
    directory.link(name, old.inode())?;
    Ok(0)
}

/// `link(2)`
pub(super) fn link(caller: &Caller<'_>, old: usize, new: usize) -> Result<usize, Errno> {
    linkat(caller, AT_FDCWD, old, AT_FDCWD, new, 0)
}

/// `unlinkat(2)`
pub(super) fn unlinkat(caller: &Caller<'_>, directory: i32, path: usize, flags: u32) -> Result<usize, Errno> {
    check_flags(flags, AT_REMOVEDIR)?;
    let path = caller.path(path)?;
    let parent = parent(caller, directory, &path)?;
    if flags & AT_REMOVEDIR != 0 {
        remove_directory(caller, &parent)
    } else {
        remove_file(caller, &parent)
    }
}

/// `unlink(2)`
pub(super) fn unlink(caller: &Caller<'_>, path: usize) -> Result<usize, Errno> {
    unlinkat(caller, AT_FDCWD, path, 0)
}

/// `rmdir(2)`
pub(super) fn rmdir(caller: &Caller<'_>, path: usize) -> Result<usize, Errno> {
    unlinkat(caller, AT_FDCWD, path, AT_REMOVEDIR)
}

fn remove_file(caller: &Caller<'_>, parent: &Parent<'_>) -> Result<usize, Errno> {
    let Last::Name(name) = parent.last() else {
        return Err(Errno::EISDIR);
    };
    let child = caller.resolver().child(&parent.directory, name)?;
    if parent.has_trailing_slash() && child.inode().kind() != FileType::Directory {
        return Err(Errno::ENOTDIR);
    }
    removable(caller, &parent.directory, &child)?.unlink(name)?;
    Ok(0)
}

fn remove_directory(caller: &Caller<'_>, parent: &Parent<'_>) -> Result<usize, Errno> {
    let name = match parent.last() {
        Last::Name(name) => name,
        Last::Dot => return Err(Errno::EINVAL),
        Last::DotDot => return Err(Errno::ENOTEMPTY),
        Last::Root => return Err(Errno::EBUSY),
    };
    let child = caller.resolver().child(&parent.directory, name)?;
    let directory = removable(caller, &parent.directory, &child)?;
    directory.remove_directory(name)?;
    Ok(0)
}

/// `renameat2(2)`
pub(super) fn renameat2(
    caller: &Caller<'_>,
    old_directory: i32,
    old_path: usize,
    new_directory: i32,
    new_path: usize,
    flags: u32,
) -> Result<usize, Errno> {
    let mode = match flags {
        0 => RenameMode::Replace,
        RENAME_NOREPLACE => RenameMode::NoReplace,
        RENAME_EXCHANGE => RenameMode::Exchange,
        _ => {
            if flags == RENAME_WHITEOUT {
                (caller.missing)("renameat2 with RENAME_WHITEOUT");
            }
            return Err(Errno::EINVAL);
        }
    };
    let (old_path, new_path) = (caller.path(old_path)?, caller.path(new_path)?);
    let old = parent(caller, old_directory, &old_path)?;
    let new = parent(caller, new_directory, &new_path)?;
    if !old.directory.is_on_same_mount(&new.directory) {
        return Err(Errno::EXDEV);
    }
    let Last::Name(old_name) = old.last() else {
        return Err(Errno::EBUSY);
    };
    let Last::Name(new_name) = new.last() else {
        return Err(if mode == RenameMode::NoReplace {
            Errno::EEXIST
        } else {
            Errno::EBUSY
        });
    };
    let source = caller.resolver().child(&old.directory, old_name)?;
    let target = match caller.resolver().child(&new.directory, new_name) {
        Ok(target) => Some(target),
        Err(Errno::ENOENT) => None,
        Err(errno) => return Err(errno),
    };
    let is_directory = |place: &Place| place.inode().kind() == FileType::Directory;
    match (mode, &target) {
        (RenameMode::NoReplace, Some(_)) => return Err(Errno::EEXIST),
        (RenameMode::Exchange, None) => return Err(Errno::ENOENT),
        // With a slash after it, a name means a directory: what has it now, or what is to have it.
        (RenameMode::Exchange, Some(target)) if new.has_trailing_slash() && !is_directory(target) => {
            return Err(Errno::ENOTDIR);
        }
        _ => {}
    }
    let names_directory =
        old.has_trailing_slash() || (new.has_trailing_slash() && mode != RenameMode::Exchange);
    if names_directory && !is_directory(&source) {
        return Err(Errno::ENOTDIR);
    }
    let directory = removable(caller, &old.directory, &source)?;
    match &target {
        Some(target) => drop(removable(caller, &new.directory, target)?),
        None => drop(writable(caller, &new.directory)?),
    }
    directory.rename(old_name, &**new.directory.inode(), new_name, mode)?;
    Ok(0)
}

/// `renameat(2)`
pub(super) fn renameat(
    caller: &Caller<'_>,
    old_directory: i32,
    old_path: usize,
    new_directory: i32,
    new_path: usize,
) -> Result<usize, Errno> {
    renameat2(caller, old_directory, old_path, new_directory, new_path, 0)
}

/// `rename(2)`
pub(super) fn rename(caller: &Caller<'_>, old: usize, new: usize) -> Result<usize, Errno> {
    renameat2(caller, AT_FDCWD, old, AT_FDCWD, new, 0)
}

/// `readlinkat(2)`
pub(super) fn readlinkat(
    caller: &Caller<'_>,
    directory: i32,
    path: usize,
    buffer: usize,
    size: i32,
) -> Result<usize, Errno> {
    let size = usize::try_from(size)
        .ok()
        .filter(|size| *size > 0)
        .ok_or(Errno::EINVAL)?;
    let path = caller.path(path)?;
    let place = if path.is_empty() {
        let place = if directory == AT_FDCWD {
            caller.fs.working_directory()
        } else {
            caller.file(directory)?.place().clone()
        };
        if place.inode().kind() != FileType::Symlink {
            return Err(Errno::ENOENT);
        }
        place
    } else {
        caller
            .resolver()
            .lookup(|| caller.start(directory), &path, SymlinkPolicy::Keep)?
    };
    let target: Vec<u8> = match place.inode().link_target()? {
        LinkTarget::Path(path) => path,
        LinkTarget::Place(place) => place.path(&caller.fs.root())?,
    };
    let part = target.get(..size).unwrap_or(&target);
    caller.memory.write_bytes(buffer, part)?;
    Ok(part.len())
}

/// `readlink(2)`
pub(super) fn readlink(caller: &Caller<'_>, path: usize, buffer: usize, size: i32) -> Result<usize, Errno> {
    readlinkat(caller, AT_FDCWD, path, buffer, size)
}

fn parent<'p>(caller: &Caller<'_>, directory: i32, path: &'p [u8]) -> Result<Parent<'p>, Errno> {
    caller.resolver().parent(|| caller.start(directory), path)
}

/// The name of a file to be created, if it is free. Only a directory may be named with a slash at the end.
fn new_name<'p>(caller: &Caller<'_>, parent: &'p Parent<'_>, is_directory: bool) -> Result<&'p [u8], Errno> {
    let Last::Name(name) = parent.last() else {
        return Err(Errno::EEXIST);
    };
    match caller.resolver().child(&parent.directory, name) {
        Ok(_) => Err(Errno::EEXIST),
        Err(Errno::ENOENT) if parent.has_trailing_slash() && !is_directory => Err(Errno::ENOENT),
        Err(Errno::ENOENT) => Ok(name),
        Err(errno) => Err(errno),
    }
}

fn create(
    caller: &Caller<'_>,
    parent: &Parent<'_>,
    kind: NewKind<'_>,
    permissions: u32,
) -> Result<usize, Errno> {
    let name = new_name(caller, parent, matches!(kind, NewKind::Directory))?;
    let (directory, metadata) = writable(caller, &parent.directory)?;
    let new = NewInode::owned_by(kind, permissions, caller.credentials, &metadata);
    let _ = directory.create(name, &new)?;
    Ok(0)
}

/// A directory in which the caller may make and remove names.
fn writable<'p>(caller: &Caller<'_>, place: &'p Place) -> Result<(&'p dyn Directory, Metadata), Errno> {
    if place.is_removed() {
        return Err(Errno::ENOENT);
    }
    caller.check_changeable(place)?;
    let metadata = place.inode().metadata();
    caller
        .credentials
        .check(&metadata, Access::WRITE.and(Access::EXECUTE))?;
    Ok((place.inode().directory().ok_or(Errno::ENOTDIR)?, metadata))
}

/// A directory from which the caller may remove the name of `child`.
fn removable<'p>(caller: &Caller<'_>, parent: &'p Place, child: &Place) -> Result<&'p dyn Directory, Errno> {
    let (directory, metadata) = writable(caller, parent)?;
    caller
        .credentials
        .check_sticky(&metadata, || child.inode().metadata())?;
    // Another mount lies on it.
    if !child.is_on_same_mount(parent) {
        Err(Errno::EBUSY)
    } else {
        Ok(directory)
    }
}
