//! Opening and closing.

use super::{AT_FDCWD, Call, descriptor_number, flags};
use crate::error::Errno;
use crate::vfs::{self, Descriptor, OpenFlags, Resolver};
use alloc::format;
use linux_raw_sys::general as linux;

/// `open(2)`.
pub(super) fn open(call: &mut Call<'_>, [path, flags, mode, ..]: [usize; 6]) -> Result<usize, Errno> {
    openat(call, [AT_FDCWD, path, flags, mode, 0, 0])
}

/// `creat(2)`.
pub(super) fn creat(call: &mut Call<'_>, [path, mode, ..]: [usize; 6]) -> Result<usize, Errno> {
    let flags = linux::O_CREAT | linux::O_WRONLY | linux::O_TRUNC;
    openat(call, [AT_FDCWD, path, flags as usize, mode, 0, 0])
}

/// `openat(2)`.
pub(super) fn openat(call: &mut Call<'_>, [directory, path, bits, mode, ..]: [usize; 6]) -> Result<usize, Errno> {
    let open_flags = OpenFlags::new(flags(bits))?;
    let path = call.path(path)?;
    let start = call.start(directory, &path)?;
    let process = call.process();
    let credentials = process.credentials.lock().clone();
    let resolver = Resolver::new(&process.fs, &credentials);
    let permissions = flags(mode) & 0o7777 & !process.fs.umask();
    let file = vfs::open(&resolver, start, &path, open_flags, permissions)?;
    let descriptor = Descriptor { file, close_on_exec: open_flags.has(linux::O_CLOEXEC) };
    insert(call, descriptor, 0)
}

/// Gives a file the lowest free number from `minimum` on.
pub(super) fn insert(call: &Call<'_>, descriptor: Descriptor, minimum: u32) -> Result<usize, Errno> {
    let limit = call.process().limits.lock().open_files();
    let inserted = call.process().files.lock().insert(descriptor, minimum, limit);
    inserted.map(|fd| fd as usize)
}

/// `close(2)`.
pub(super) fn close(call: &mut Call<'_>, [fd, ..]: [usize; 6]) -> Result<usize, Errno> {
    let closed = call.process().files.lock().remove(descriptor_number(fd))?;
    drop(closed); // outside of the lock: closing may do anything
    Ok(0)
}

/// `close_range(2)`.
pub(super) fn close_range(call: &mut Call<'_>, [first, last, bits, ..]: [usize; 6]) -> Result<usize, Errno> {
    const UNSHARE: u32 = 1 << 1;
    const ON_EXEC: u32 = 1 << 2;
    let (first, last, bits) = (flags(first), flags(last), flags(bits));
    if bits & !(UNSHARE | ON_EXEC) != 0 {
        return Err(call.missing(format!("close_range({bits:#x})"), Errno::EINVAL));
    }
    if first > last {
        return Err(Errno::EINVAL);
    }
    let mut from = first;
    loop {
        let mut files = call.process().files.lock();
        let Some((fd, _)) = files.next_from(from).filter(|&(fd, _)| fd <= last) else { return Ok(0) };
        let closed = if bits & ON_EXEC != 0 {
            files.set_close_on_exec(fd, true)?;
            None
        } else {
            Some(files.remove(fd)?)
        };
        drop(files);
        drop(closed);
        let Some(next) = fd.checked_add(1) else { return Ok(0) };
        from = next;
    }
}
