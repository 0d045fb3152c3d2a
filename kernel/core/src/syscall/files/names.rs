//! Making, moving and removing names.

use super::{AT_FDCWD, Call, flags};
use crate::error::Errno;
use crate::vfs::{
    Access, FileType, Last, LinkTarget, Metadata, NewInode, NewKind, Parent, Place, RenameMode, Resolver,
};
use crate::syscall::memory::UserMemory;
use alloc::vec::Vec;
use linux_raw_sys::general as linux;

/// A path's parent directory, that may be changed, with what `action` needs to know.
fn in_parent<R>(
    call: &Call<'_>,
    directory: usize,
    path: &[u8],
    action: impl FnOnce(&Resolver<'_>, &Parent<'_>) -> Result<R, Errno>,
) -> Result<R, Errno> {
    let start = call.start(directory, path)?;
    let credentials = call.process().credentials.lock().clone();
    let resolver = Resolver::new(&call.process().fs, &credentials);
    let parent = resolver.parent(start, path)?;
    action(&resolver, &parent)
}

/// Checks that names in a directory may be changed.
fn check_changeable(resolver: &Resolver<'_>, directory: &Place) -> Result<Metadata, Errno> {
    let metadata = directory.inode().metadata();
    if directory.mount().is_some_and(|mount| mount.options.read_only) {
        return Err(Errno::EROFS);
    }
    resolver.credentials().check(&metadata, Access::WRITE.and(Access::EXECUTE))?;
    Ok(metadata)
}

/// Creates what has no data: a directory or a symbolic link.
fn create(call: &Call<'_>, directory: usize, path: &[u8], kind: NewKind<'_>, permissions: u32) -> Result<usize, Errno> {
    in_parent(call, directory, path, |resolver, parent| {
        let Last::Name(name) = parent.last() else { return Err(Errno::EEXIST) };
        let names = parent.directory.inode().directory().ok_or(Errno::ENOTDIR)?;
        if names.lookup(name).is_ok() {
            return Err(Errno::EEXIST);
        }
        if parent.has_trailing_slash() && !matches!(kind, NewKind::Directory) {
            return Err(Errno::ENOENT);
        }
        let metadata = check_changeable(resolver, &parent.directory)?;
        let new = NewInode::owned_by(kind, permissions, resolver.credentials(), &metadata);
        names.create(name, &new)?;
        Ok(0)
    })
}

/// `mkdir(2)`.
pub(super) fn mkdir(call: &mut Call<'_>, [path, mode, ..]: [usize; 6]) -> Result<usize, Errno> {
    mkdirat(call, [AT_FDCWD, path, mode, 0, 0, 0])
}

/// `mkdirat(2)`.
pub(super) fn mkdirat(call: &mut Call<'_>, [directory, path, mode, ..]: [usize; 6]) -> Result<usize, Errno> {
    let path = call.path(path)?;
    let permissions = flags(mode) & 0o1777 & !call.process().fs.umask();
    create(call, directory, &path, NewKind::Directory, permissions)
}

/// `symlink(2)`.
pub(super) fn symlink(call: &mut Call<'_>, [target, path, ..]: [usize; 6]) -> Result<usize, Errno> {
    symlinkat(call, [target, AT_FDCWD, path, 0, 0, 0])
}

/// `symlinkat(2)`.
pub(super) fn symlinkat(call: &mut Call<'_>, [target, directory, path, ..]: [usize; 6]) -> Result<usize, Errno> {
    let target = call.path(target)?;
    let path = call.path(path)?;
    if target.is_empty() {
        return Err(Errno::ENOENT);
    }
    create(call, directory, &path, NewKind::Symlink(&target), 0o777)
}

/// `unlink(2)`.
pub(super) fn unlink(call: &mut Call<'_>, [path, ..]: [usize; 6]) -> Result<usize, Errno> {
    unlinkat(call, [AT_FDCWD, path, 0, 0, 0, 0])
}

/// `rmdir(2)`.
pub(super) fn rmdir(call: &mut Call<'_>, [path, ..]: [usize; 6]) -> Result<usize, Errno> {
    unlinkat(call, [AT_FDCWD, path, linux::AT_REMOVEDIR as usize, 0, 0, 0])
}

/// `unlinkat(2)`.
pub(super) fn unlinkat(call: &mut Call<'_>, [directory, path, bits, ..]: [usize; 6]) -> Result<usize, Errno> {
    if flags(bits) & !linux::AT_REMOVEDIR != 0 {
        return Err(Errno::EINVAL);
    }
    let removes_directory = flags(bits) & linux::AT_REMOVEDIR != 0;
    let path = call.path(path)?;
    in_parent(call, directory, &path, |resolver, parent| {
        let name = match (parent.last(), removes_directory) {
            (Last::Name(name), _) => name,
            (Last::Dot, true) => return Err(Errno::EINVAL),
            (Last::DotDot, true) => return Err(Errno::ENOTEMPTY),
            (Last::Root, true) => return Err(Errno::EBUSY),
            (_, false) => return Err(Errno::EISDIR),
        };
        let target = resolver.child(&parent.directory, name)?;
        check_removable(resolver, parent, &target)?;
        let names = parent.directory.inode().directory().ok_or(Errno::ENOTDIR)?;
        if removes_directory {
            names.remove_directory(name)?;
        } else if parent.has_trailing_slash() && target.inode().kind() != FileType::Directory {
            return Err(Errno::ENOTDIR);
        } else {
            names.unlink(name)?;
        }
        Ok(0)
    })
}

/// Checks that `target`, whose name is in `parent`, may lose it.
fn check_removable(resolver: &Resolver<'_>, parent: &Parent<'_>, target: &Place) -> Result<(), Errno> {
    let metadata = check_changeable(resolver, &parent.directory)?;
    if !target.is_on_same_mount(&parent.directory) {
        return Err(Errno::EBUSY); // something is mounted there
    }
    resolver.credentials().check_sticky(&metadata, &target.inode().metadata())
}

/// `rename(2)`.
pub(super) fn rename(call: &mut Call<'_>, [from, to, ..]: [usize; 6]) -> Result<usize, Errno> {
    renameat2(call, [AT_FDCWD, from, AT_FDCWD, to, 0, 0])
}

/// `renameat(2)`.
pub(super) fn renameat(call: &mut Call<'_>, [from_directory, from, to_directory, to, ..]: [usize; 6]) -> Result<usize, Errno> {
    renameat2(call, [from_directory, from, to_directory, to, 0, 0])
}

/// `renameat2(2)`.
pub(super) fn renameat2(call: &mut Call<'_>, [from_directory, from, to_directory, to, bits, _]: [usize; 6]) -> Result<usize, Errno> {
    let mode = match flags(bits) {
        0 => RenameMode::Replace,
        linux::RENAME_NOREPLACE => RenameMode::NoReplace,
        linux::RENAME_EXCHANGE => RenameMode::Exchange,
        _ => return Err(Errno::EINVAL),
    };
    let (from, to) = (call.path(from)?, call.path(to)?);
    in_parent(call, from_directory, &from, |resolver, source| {
        in_parent(call, to_directory, &to, |_, target| {
            rename_between(resolver, source, target, mode)
        })
    })
}

fn rename_between(resolver: &Resolver<'_>, source: &Parent<'_>, target: &Parent<'_>, mode: RenameMode) -> Result<usize, Errno> {
    if !source.directory.is_on_same_mount(&target.directory) {
        return Err(Errno::EXDEV);
    }
    let (Last::Name(old), Last::Name(new)) = (source.last(), target.last()) else { return Err(Errno::EBUSY) };
    let moved = resolver.child(&source.directory, old)?;
    let is_directory = moved.inode().kind() == FileType::Directory;
    if !is_directory && (source.has_trailing_slash() || target.has_trailing_slash()) {
        return Err(Errno::ENOTDIR);
    }
    check_removable(resolver, source, &moved)?;
    match resolver.child(&target.directory, new) {
        Ok(replaced) if mode == RenameMode::NoReplace => {
            drop(replaced);
            return Err(Errno::EEXIST);
        }
        Ok(replaced) => check_removable(resolver, target, &replaced)?,
        Err(Errno::ENOENT) if mode != RenameMode::Exchange => {
            check_changeable(resolver, &target.directory)?;
        }
        Err(error) => return Err(error),
    }
    let names = source.directory.inode().directory().ok_or(Errno::ENOTDIR)?;
    names.rename(old, &**target.directory.inode(), new, mode)?;
    Ok(0)
}

/// `link(2)`.
pub(super) fn link(call: &mut Call<'_>, [from, to, ..]: [usize; 6]) -> Result<usize, Errno> {
    linkat(call, [AT_FDCWD, from, AT_FDCWD, to, 0, 0])
}

/// `linkat(2)`.
pub(super) fn linkat(call: &mut Call<'_>, [from_directory, from, to_directory, to, bits, _]: [usize; 6]) -> Result<usize, Errno> {
    let bits = flags(bits);
    if bits & !(linux::AT_SYMLINK_FOLLOW | linux::AT_EMPTY_PATH) != 0 {
        return Err(Errno::EINVAL);
    }
    let follow = bits & linux::AT_SYMLINK_FOLLOW != 0;
    let located = bits & linux::AT_EMPTY_PATH | if follow { 0 } else { linux::AT_SYMLINK_NOFOLLOW };
    let target = call.locate(from_directory, from, located)?;
    let to = call.path(to)?;
    in_parent(call, to_directory, &to, |resolver, parent| {
        let Last::Name(name) = parent.last() else { return Err(Errno::EEXIST) };
        let names = parent.directory.inode().directory().ok_or(Errno::ENOTDIR)?;
        if names.lookup(name).is_ok() {
            return Err(Errno::EEXIST);
        }
        if parent.has_trailing_slash() {
            return Err(Errno::ENOENT);
        }
        if !target.is_on_same_mount(&parent.directory) {
            return Err(Errno::EXDEV);
        }
        check_changeable(resolver, &parent.directory)?;
        if target.inode().kind() == FileType::Directory {
            return Err(Errno::EPERM);
        }
        names.link(name, target.inode())?;
        Ok(0)
    })
}

/// `readlink(2)`.
pub(super) fn readlink(call: &mut Call<'_>, [path, buffer, size, ..]: [usize; 6]) -> Result<usize, Errno> {
    readlinkat(call, [AT_FDCWD, path, buffer, size, 0, 0])
}

/// `readlinkat(2)`.
pub(super) fn readlinkat(call: &mut Call<'_>, [directory, path, buffer, size, ..]: [usize; 6]) -> Result<usize, Errno> {
    if i32::try_from(size as u64 & 0xffff_ffff).map_or(true, |size| size <= 0) {
        return Err(Errno::EINVAL);
    }
    let place = call.locate(directory, path, linux::AT_SYMLINK_NOFOLLOW | linux::AT_EMPTY_PATH)?;
    if place.inode().kind() != FileType::Symlink {
        return Err(Errno::EINVAL);
    }
    let target: Vec<u8> = match place.inode().link_target()? {
        LinkTarget::Path(path) => path,
        LinkTarget::Place(place) => place.path(&call.process().fs.root())?,
    };
    let shown = target.get(..size).unwrap_or(&target);
    call.memory().write_bytes(buffer, shown)?;
    Ok(shown.len())
}
