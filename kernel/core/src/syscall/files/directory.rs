//! Working directory, listing directories, umask.

use super::{Call, flags};
use crate::error::Errno;
use crate::syscall::memory::UserMemory;
use crate::vfs::{Access, FileType, Place, SymlinkPolicy};
use alloc::vec::Vec;

/// `getcwd(2)`, the system call: returns the length with its NUL.
pub(super) fn getcwd(call: &mut Call<'_>, [buffer, size, ..]: [usize; 6]) -> Result<usize, Errno> {
    let fs = &call.process().fs;
    let place = fs.working_directory();
    if place.is_removed() {
        return Err(Errno::ENOENT);
    }
    let mut path = place.path(&fs.root())?;
    path.push(0);
    if path.len() > size {
        return Err(Errno::ERANGE);
    }
    call.memory().write_bytes(buffer, &path)?;
    Ok(path.len())
}

/// `chdir(2)`.
pub(super) fn chdir(call: &mut Call<'_>, [path, ..]: [usize; 6]) -> Result<usize, Errno> {
    let path = call.path(path)?;
    let place = call.lookup(call.process().fs.working_directory(), &path, SymlinkPolicy::Follow)?;
    enter(call, place)
}

/// `fchdir(2)`.
pub(super) fn fchdir(call: &mut Call<'_>, [fd, ..]: [usize; 6]) -> Result<usize, Errno> {
    let place = call.file(fd)?.place().clone();
    enter(call, place)
}

fn enter(call: &Call<'_>, place: Place) -> Result<usize, Errno> {
    if place.inode().kind() != FileType::Directory {
        return Err(Errno::ENOTDIR);
    }
    let credentials = call.process().credentials.lock().clone();
    credentials.check(&place.inode().metadata(), Access::EXECUTE)?;
    call.process().fs.set_working_directory(place);
    Ok(0)
}

/// `umask(2)`.
pub(super) fn umask(call: &mut Call<'_>, [mask, ..]: [usize; 6]) -> Result<usize, Errno> {
    Ok(call.process().fs.set_umask(flags(mask)) as usize)
}

/// Offsets in a listing: 0 is before `.`, 1 before `..`, 2 and up continue the directory's own numbering.
const DOT: u64 = 0;
const DOT_DOT: u64 = 1;
const FIRST: u64 = 2;

/// The fixed part of `struct linux_dirent64`, and what records are multiples of.
const HEADER: usize = 19;
const ALIGNMENT: usize = 8;
/// How much is listed at a time: the kernel's memory use is bounded however large the buffer is.
const MOST: usize = 32 * 1024;

/// `getdents64(2)`.
pub(super) fn getdents64(call: &mut Call<'_>, [fd, buffer, size, ..]: [usize; 6]) -> Result<usize, Errno> {
    let file = call.file(fd)?;
    if file.is_path_only() && file.inode().kind() != FileType::Directory {
        return Err(Errno::EBADF);
    }
    let directory = file.inode().directory().ok_or(Errno::ENOTDIR)?;
    if file.place().is_removed() {
        return Err(Errno::ENOENT);
    }
    let mut records = Records { bytes: Vec::new(), limit: size.min(MOST), full: false };
    records.bytes.try_reserve_exact(records.limit)?;
    let mut at = file.offset();
    if at == DOT && records.add(file.inode().metadata().inode, DOT_DOT, FileType::Directory, b".") {
        at = DOT_DOT;
    }
    if at == DOT_DOT {
        let parent = directory.parent().map_or_else(|| file.inode().metadata().inode, |parent| parent.metadata().inode);
        if records.add(parent, FIRST, FileType::Directory, b"..") {
            at = FIRST;
        }
    }
    if at >= FIRST && !records.full {
        directory.list(at - FIRST, &mut |entry| {
            let next = entry.next + FIRST;
            let added = records.add(entry.inode, next, entry.kind, entry.name);
            if added {
                at = next;
            }
            added
        })?;
    }
    if records.bytes.is_empty() && records.full {
        return Err(Errno::EINVAL); // not even one fits
    }
    call.memory().write_bytes(buffer, &records.bytes)?;
    file.set_offset(at);
    Ok(records.bytes.len())
}

struct Records {
    bytes: Vec<u8>,
    limit: usize,
    full: bool,
}

impl Records {
    /// Adds an entry if it fits.
    fn add(&mut self, inode: u64, next: u64, kind: FileType, name: &[u8]) -> bool {
        let length = (HEADER + name.len() + 1).next_multiple_of(ALIGNMENT);
        self.full = self.full || self.bytes.len() + length > self.limit;
        if self.full {
            return false;
        }
        let end = self.bytes.len() + length;
        self.bytes.extend_from_slice(&inode.to_le_bytes());
        self.bytes.extend_from_slice(&next.to_le_bytes());
        self.bytes.extend_from_slice(&u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes());
        self.bytes.push(kind.entry_type());
        self.bytes.extend_from_slice(name);
        self.bytes.resize(end, 0);
        true
    }
}
