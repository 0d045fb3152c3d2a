//! Opening files by path (`open(2)`).

use alloc::sync::Arc;
use alloc::vec::Vec;

use linux_raw_sys::general as linux;

use super::executed::check_not_executed;
use super::{
    Access, Credentials, File, FileOperations, FileType, Last, LinkTarget, NewInode, NewKind, OpenFlags,
    Parent, PathOnly, Place, Resolver, SymlinkPolicy,
};
use crate::error::Errno;
use crate::{ipc, mm};

/// How often a file that appears or disappears between two looks is looked for again.
const RACE_LIMIT: u32 = 100;

/// Opens `path` from `start`; a file that is created gets `permissions`, from which the umask was taken already.
///
/// # Errors
/// As `open(2)` says.
pub fn open(
    resolver: &Resolver<'_>,
    start: &dyn Fn() -> Result<Place, Errno>,
    path: &[u8],
    flags: OpenFlags,
    permissions: u32,
) -> Result<Arc<File>, Errno> {
    if flags.is_unnamed() {
        return open_unnamed(resolver, start, path, flags, permissions);
    }
    if flags.has(linux::O_CREAT) {
        return open_or_create(resolver, start, path, flags, permissions);
    }
    let place = resolver.lookup(start, path, policy(flags))?;
    open_place(place, flags, resolver.credentials())
}

fn policy(flags: OpenFlags) -> SymlinkPolicy {
    let keeps = flags.has(linux::O_NOFOLLOW) || flags.has(linux::O_CREAT | linux::O_EXCL);
    if keeps {
        SymlinkPolicy::Keep
    } else {
        SymlinkPolicy::Follow
    }
}

/// Opens what stands at `place`.
///
/// # Errors
/// As `open(2)` says: `ELOOP` for a symbolic link, `ENOTDIR` with `O_DIRECTORY`, `EISDIR`, `EACCES`, `EPERM`, `EROFS`,
/// `ENXIO`, `ETXTBSY`.
pub fn open_place(place: Place, flags: OpenFlags, credentials: &Credentials) -> Result<Arc<File>, Errno> {
    check_kind(place.inode().kind(), flags)?;
    if flags.has(linux::O_PATH) {
        return Ok(File::new(place, Arc::new(PathOnly), flags));
    }
    let metadata = place.inode().metadata();
    credentials.check(&metadata, flags.access())?;
    if flags.has(linux::O_NOATIME) && !credentials.owns(&metadata) {
        return Err(Errno::EPERM);
    }
    check_mount(&place, metadata.kind, flags)?;
    if flags.writable() || flags.has(linux::O_TRUNC) {
        check_not_executed(place.inode())?;
    }
    let file = open_unchecked(place, flags, credentials)?;
    if flags.has(linux::O_TRUNC)
        && let Some(contents) = file.inode().contents()
    {
        mm::truncate(file.inode(), contents, 0)?;
    }
    Ok(file)
}

fn check_kind(kind: FileType, flags: OpenFlags) -> Result<(), Errno> {
    match kind {
        FileType::Directory if flags.has(linux::O_CREAT) => Err(Errno::EISDIR),
        FileType::Directory if flags.has(linux::O_PATH) => Ok(()),
        FileType::Directory if flags.writable() || flags.has(linux::O_TRUNC) => Err(Errno::EISDIR),
        FileType::Directory => Ok(()),
        _ if flags.has(linux::O_DIRECTORY) => Err(Errno::ENOTDIR),
        FileType::Symlink if !flags.has(linux::O_PATH) => Err(Errno::ELOOP),
        FileType::Socket if !flags.has(linux::O_PATH) => Err(Errno::ENXIO),
        _ => Ok(()),
    }
}

fn check_mount(place: &Place, kind: FileType, flags: OpenFlags) -> Result<(), Errno> {
    let Some(mount) = place.mount() else {
        return Ok(());
    };
    let is_device = matches!(kind, FileType::CharacterDevice | FileType::BlockDevice);
    let changes = flags.writable() || flags.has(linux::O_TRUNC);
    if is_device && mount.options.no_devices {
        Err(Errno::EACCES)
    } else if kind == FileType::Regular && changes && mount.options.read_only {
        Err(Errno::EROFS)
    } else {
        Ok(())
    }
}

fn open_unchecked(place: Place, flags: OpenFlags, credentials: &Credentials) -> Result<Arc<File>, Errno> {
    let operations: Arc<dyn FileOperations> = match place.inode().kind() {
        FileType::Directory => Arc::new(PathOnly),
        FileType::Fifo if place.mount().is_some() => ipc::pipe::open_fifo(&place, flags, credentials)?,
        _ => place.inode().clone().open(flags)?,
    };
    Ok(File::new(place, operations, flags))
}

fn open_or_create(
    resolver: &Resolver<'_>,
    start: &dyn Fn() -> Result<Place, Errno>,
    path: &[u8],
    flags: OpenFlags,
    permissions: u32,
) -> Result<Arc<File>, Errno> {
    // A link that is followed: where it stands, and where it leads.
    let mut from: Option<Place> = None;
    let mut target: Vec<u8>;
    let mut path = path;
    for _ in 0..RACE_LIMIT {
        let parent = resolver.parent(|| from.clone().map_or_else(start, Ok), path)?;
        let Last::Name(name) = parent.last() else {
            return Err(if flags.has(linux::O_EXCL) {
                Errno::EEXIST
            } else {
                Errno::EISDIR
            });
        };
        if parent.has_trailing_slash() {
            return Err(Errno::EISDIR);
        }
        match resolver.child(&parent.directory, name) {
            Err(Errno::ENOENT) => match create(resolver, &parent, name, flags, permissions) {
                // Somebody was faster: open what they made.
                Err(Errno::EEXIST) if !flags.has(linux::O_EXCL) => {}
                created => return created,
            },
            Err(errno) => return Err(errno),
            Ok(_) if flags.has(linux::O_EXCL) => return Err(Errno::EEXIST),
            Ok(link) if link.inode().kind() == FileType::Symlink && !flags.has(linux::O_NOFOLLOW) => {
                resolver.count_link()?;
                let next = match link.inode().link_target()? {
                    LinkTarget::Place(place) => return open_place(place, flags, resolver.credentials()),
                    LinkTarget::Path(next) => next,
                };
                from = Some(parent.directory.clone());
                drop(parent);
                target = next;
                path = &target;
            }
            Ok(place) => return open_place(place, flags, resolver.credentials()),
        }
    }
    Err(Errno::ENOENT)
}

fn create(
    resolver: &Resolver<'_>,
    parent: &Parent<'_>,
    name: &[u8],
    flags: OpenFlags,
    permissions: u32,
) -> Result<Arc<File>, Errno> {
    let directory = &parent.directory;
    let new = new_regular(resolver.credentials(), directory, permissions)?;
    let contents = directory.inode().directory().ok_or(Errno::ENOTDIR)?;
    let inode = contents.create(name, &new)?;
    // Whoever creates a file may open it, whatever its permissions then say.
    open_unchecked(directory.child(inode, name)?, flags, resolver.credentials())
}

fn open_unnamed(
    resolver: &Resolver<'_>,
    start: &dyn Fn() -> Result<Place, Errno>,
    path: &[u8],
    flags: OpenFlags,
    permissions: u32,
) -> Result<Arc<File>, Errno> {
    let directory = resolver.lookup(start, path, policy(flags))?;
    let contents = directory.inode().directory().ok_or(Errno::ENOTDIR)?;
    let new = new_regular(resolver.credentials(), &directory, permissions)?;
    let inode = contents.create_unnamed(&new)?;
    let name = alloc::format!("#{}", inode.metadata().inode);
    open_unchecked(
        directory.child(inode, name.as_bytes())?,
        flags,
        resolver.credentials(),
    )
}

/// A regular file that `credentials` create in `directory`, if they may.
fn new_regular(
    credentials: &Credentials,
    directory: &Place,
    permissions: u32,
) -> Result<NewInode<'static>, Errno> {
    if directory.is_removed() {
        return Err(Errno::ENOENT);
    }
    let metadata = directory.inode().metadata();
    credentials.check(&metadata, Access::WRITE.and(Access::EXECUTE))?;
    if directory.mount().is_some_and(|mount| mount.options.read_only) {
        return Err(Errno::EROFS);
    }
    Ok(NewInode::owned_by(
        NewKind::Regular,
        permissions,
        credentials,
        &metadata,
    ))
}
