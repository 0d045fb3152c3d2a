//! Directories: listing them (`getdents(2)`), and standing in them (`chdir(2)`, `getcwd(2)`).

use alloc::vec::Vec;

use linux_raw_sys::general::{AT_FDCWD, PATH_MAX};
use zerocopy::{Immutable, IntoBytes};

use super::Caller;
use crate::error::Errno;
use crate::syscall::abi::{DirentHeader, OldDirentHeader};
use crate::vfs::{Access, Capability, DirectoryEntry, File, FileType, Place};

/// How much of a listing one call gives at most, so that the kernel's copy stays small.
const LISTING_LIMIT: usize = 32 * 1024;

/// The offset of an open directory after `.` and `..`; the file system's own positions follow from there.
const FIRST: u64 = 2;

/// `getdents64(2)`
pub(super) fn getdents64(caller: &Caller<'_>, fd: i32, buffer: usize, count: usize) -> Result<usize, Errno> {
    getdents_as(caller, fd, buffer, count, write_entry)
}

/// `getdents(2)`
pub(super) fn getdents(caller: &Caller<'_>, fd: i32, buffer: usize, count: usize) -> Result<usize, Errno> {
    getdents_as(caller, fd, buffer, count, write_old_entry)
}

/// Writes an entry to the end of a listing; false if there is no room.
type WriteEntry = fn(&mut Listing, &DirectoryEntry<'_>) -> bool;

fn getdents_as(
    caller: &Caller<'_>,
    fd: i32,
    buffer: usize,
    count: usize,
    write: WriteEntry,
) -> Result<usize, Errno> {
    let file = caller.data_file(fd)?;
    if file.inode().kind() != FileType::Directory {
        return Err(Errno::ENOTDIR);
    }
    if file.place().is_removed() {
        return Err(Errno::ENOENT);
    }
    let mut listing = Listing::new(count.min(LISTING_LIMIT))?;
    let offset = listing.fill(caller, &file, write)?;
    if listing.bytes.is_empty() && listing.is_full {
        return Err(Errno::EINVAL);
    }
    caller.memory.write_bytes(buffer, &listing.bytes)?;
    file.set_offset(offset);
    Ok(listing.bytes.len())
}

/// What may follow a name.
const PADDING: [u8; 16] = [0; 16];

/// The entries gathered for one call. It never grows past what was asked for at first: entries come under a lock.
struct Listing {
    bytes: Vec<u8>,
    limit: usize,
    /// There was an entry that did not fit.
    is_full: bool,
}

impl Listing {
    fn new(limit: usize) -> Result<Listing, Errno> {
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(limit + PADDING.len())?;
        Ok(Listing {
            bytes,
            limit,
            is_full: false,
        })
    }

    /// Gathers entries from the offset of an open directory, and returns the offset after the last one.
    fn fill(&mut self, caller: &Caller<'_>, file: &File, write: WriteEntry) -> Result<u64, Errno> {
        let mut offset = file.offset();
        while offset < FIRST && !self.is_full {
            let (name, place) = match offset {
                0 => (&b"."[..], file.place().clone()),
                _ => (&b".."[..], caller.resolver().above(file.place())?),
            };
            let inode = place.inode().metadata().inode;
            let entry = DirectoryEntry {
                next: offset + 1,
                inode,
                kind: FileType::Directory,
                name,
            };
            if self.add(&entry, write) {
                offset += 1;
            }
        }
        if !self.is_full {
            let directory = file.inode().directory().ok_or(Errno::ENOTDIR)?;
            directory.list(offset - FIRST, &mut |entry| {
                let next = entry.next.saturating_add(FIRST);
                let added = self.add(&DirectoryEntry { next, ..*entry }, write);
                if added {
                    offset = next;
                }
                added
            })?;
        }
        Ok(offset)
    }

    fn add(&mut self, entry: &DirectoryEntry<'_>, write: WriteEntry) -> bool {
        let added = write(self, entry);
        self.is_full |= !added;
        added
    }

    /// Puts a header and a name, followed by at most 16 zeroes up to `length`, if there is room.
    #[inline]
    fn put(&mut self, length: usize, header: &(impl IntoBytes + Immutable), name: &[u8]) -> bool {
        let end = self.bytes.len() + length;
        if end > self.limit {
            return false;
        }
        self.bytes.extend_from_slice(header.as_bytes());
        self.bytes.extend_from_slice(name);
        self.bytes.extend_from_slice(&PADDING); // as many as there ever are takes less than to count them
        self.bytes.truncate(end);
        true
    }
}

fn write_entry(listing: &mut Listing, entry: &DirectoryEntry<'_>) -> bool {
    let length = (size_of::<DirentHeader>() + entry.name.len() + 1).next_multiple_of(8);
    let header = DirentHeader {
        inode: entry.inode,
        next: entry.next.cast_signed(),
        length: u16::try_from(length).unwrap_or_default(),
        kind: entry.kind.entry_type(),
    };
    listing.put(length, &header, entry.name)
}

fn write_old_entry(listing: &mut Listing, entry: &DirectoryEntry<'_>) -> bool {
    let length = (size_of::<OldDirentHeader>() + entry.name.len() + 2).next_multiple_of(8);
    let header = OldDirentHeader {
        inode: entry.inode,
        next: entry.next.cast_signed(),
        length: u16::try_from(length).unwrap_or_default(),
    };
    let added = listing.put(length, &header, entry.name);
    // The type is the last byte of the entry.
    if let Some(last) = listing.bytes.last_mut().filter(|_| added) {
        *last = entry.kind.entry_type();
    }
    added
}

/// `getcwd(2)`
pub(super) fn getcwd(caller: &Caller<'_>, buffer: usize, size: usize) -> Result<usize, Errno> {
    let place = caller.fs.working_directory();
    if place.is_removed() {
        return Err(Errno::ENOENT);
    }
    let mut path = place.path(&caller.fs.root())?;
    path.try_reserve(1)?;
    path.push(0);
    if path.len() > PATH_MAX as usize {
        return Err(Errno::ENAMETOOLONG);
    }
    if path.len() > size {
        return Err(Errno::ERANGE);
    }
    caller.memory.write_bytes(buffer, &path)?;
    Ok(path.len())
}

/// `chdir(2)`
pub(super) fn chdir(caller: &Caller<'_>, path: usize) -> Result<usize, Errno> {
    let place = caller.place(AT_FDCWD, path, 0)?;
    check_stand(caller, &place)?;
    caller.fs.set_working_directory(place);
    Ok(0)
}

/// `fchdir(2)`
pub(super) fn fchdir(caller: &Caller<'_>, fd: i32) -> Result<usize, Errno> {
    let place = caller.file(fd)?.place().clone();
    check_stand(caller, &place)?;
    caller.fs.set_working_directory(place);
    Ok(0)
}

/// `chroot(2)`
pub(super) fn chroot(caller: &Caller<'_>, path: usize) -> Result<usize, Errno> {
    let place = caller.place(AT_FDCWD, path, 0)?;
    check_stand(caller, &place)?;
    if !caller.credentials.can(Capability::SysChroot) {
        return Err(Errno::EPERM);
    }
    caller.fs.set_root(place);
    Ok(0)
}

/// Checks that a process may stand in a place.
fn check_stand(caller: &Caller<'_>, place: &Place) -> Result<(), Errno> {
    if place.inode().kind() != FileType::Directory {
        return Err(Errno::ENOTDIR);
    }
    caller
        .credentials
        .check(&place.inode().metadata(), Access::EXECUTE)
}

/// `umask(2)`
#[expect(clippy::unnecessary_wraps, reason = "it has the shape of a system call")]
pub(super) fn umask(caller: &Caller<'_>, mask: u32) -> Result<usize, Errno> {
    Ok(caller.fs.set_umask(mask) as usize)
}
