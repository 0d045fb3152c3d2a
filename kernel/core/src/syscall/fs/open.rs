//! Opening and closing (`open(2)`, `close(2)`, `close_range(2)`, `memfd_create(2)`).

use alloc::vec::Vec;

use linux_raw_sys::general as linux;
use linux_raw_sys::general::{
    AT_FDCWD, MFD_ALLOW_SEALING, MFD_CLOEXEC, MFD_EXEC, MFD_NOEXEC_SEAL, O_CLOEXEC, O_CREAT, O_TRUNC,
    O_WRONLY,
};

use super::caller::check_flags;
use super::{Caller, locks};
use crate::error::Errno;
use crate::syscall::abi::OpenHow;
use crate::vfs::{self, File, Name, OpenFlags};

/// `linux/close_range.h`
const CLOSE_RANGE_UNSHARE: u32 = 2;
/// `linux/close_range.h`
const CLOSE_RANGE_CLOEXEC: u32 = 4;

/// `openat(2)`
pub(super) fn openat(
    caller: &Caller<'_>,
    directory: i32,
    path: usize,
    flags: u32,
    mode: u32,
) -> Result<usize, Errno> {
    // 64-bit programs always get it, and `F_GETFL` shows it.
    let flags = OpenFlags::new(flags | linux::O_LARGEFILE)?;
    let path = caller.path(path)?;
    let permissions = mode & 0o7777 & !caller.fs.umask();
    let file = vfs::open(
        &caller.resolver(),
        &|| caller.start(directory),
        &path,
        flags,
        permissions,
    )?;
    caller.install(file, flags.has(O_CLOEXEC))
}

/// `open(2)`
pub(super) fn open(caller: &Caller<'_>, path: usize, flags: u32, mode: u32) -> Result<usize, Errno> {
    openat(caller, AT_FDCWD, path, flags, mode)
}

/// `creat(2)`
pub(super) fn creat(caller: &Caller<'_>, path: usize, mode: u32) -> Result<usize, Errno> {
    openat(caller, AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode)
}

/// `openat2(2)`, without restrictions on the resolution.
pub(super) fn openat2(
    caller: &Caller<'_>,
    directory: i32,
    path: usize,
    how: usize,
    size: usize,
) -> Result<usize, Errno> {
    if size < size_of::<OpenHow>() {
        return Err(Errno::EINVAL);
    }
    if size > size_of::<OpenHow>() {
        return Err(Errno::E2BIG);
    }
    let how: OpenHow = caller.memory.read(how)?;
    let flags = u32::try_from(how.flags).map_err(|_| Errno::EINVAL)?;
    let creates = flags & (O_CREAT | linux::__O_TMPFILE) != 0;
    let mode = u32::try_from(how.mode)
        .ok()
        .filter(|mode| mode & !0o7777 == 0)
        .ok_or(Errno::EINVAL)?;
    if !creates && mode != 0 {
        return Err(Errno::EINVAL);
    }
    if how.resolve != 0 {
        (caller.missing)("openat2 with RESOLVE_* flags");
        return Err(Errno::EINVAL);
    }
    openat(caller, directory, path, flags, mode)
}

/// `close(2)`
pub(super) fn close(caller: &Caller<'_>, fd: i32) -> Result<usize, Errno> {
    let fd = u32::try_from(fd).map_err(|_| Errno::EBADF)?;
    let removed = caller.files.lock().remove(fd)?;
    locks::file_closed(caller.process, &removed.file);
    Ok(0)
}

/// `close_range(2)`. The table of a process is its own, so that there is nothing to unshare.
pub(super) fn close_range(caller: &Caller<'_>, first: u32, last: u32, flags: u32) -> Result<usize, Errno> {
    check_flags(flags, CLOSE_RANGE_CLOEXEC | CLOSE_RANGE_UNSHARE)?;
    if first > last {
        return Err(Errno::EINVAL);
    }
    let mut from = Some(first);
    while let Some(at) = from {
        let mut files = caller.files.lock();
        let Some(fd) = files.next_from(at).map(|(fd, _)| fd).filter(|fd| *fd <= last) else {
            break;
        };
        if flags & CLOSE_RANGE_CLOEXEC != 0 {
            files.set_close_on_exec(fd, true)?;
        } else {
            let removed = files.remove(fd)?;
            drop(files);
            locks::file_closed(caller.process, &removed.file);
        }
        from = fd.checked_add(1);
    }
    Ok(0)
}

/// `memfd_create(2)`
pub(super) fn memfd_create(caller: &Caller<'_>, name: usize, flags: u32) -> Result<usize, Errno> {
    const NAME_LIMIT: usize = 249;
    check_flags(
        flags,
        MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC | MFD_NOEXEC_SEAL,
    )?;
    if flags & (MFD_EXEC | MFD_NOEXEC_SEAL) == MFD_EXEC | MFD_NOEXEC_SEAL {
        return Err(Errno::EINVAL);
    }
    let name = caller
        .memory
        .read_string(name, NAME_LIMIT)?
        .ok_or(Errno::EINVAL)?;
    let sealable = flags & (MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL) != 0;
    let permissions = if flags & MFD_NOEXEC_SEAL == 0 {
        0o777
    } else {
        0o666
    };
    let root = caller.fs.namespace().root();
    let mount = root.mount().ok_or(Errno::ENOSYS)?;
    let inode = mount.file_system.unnamed_file(permissions, sealable)?;
    if flags & MFD_NOEXEC_SEAL != 0
        && let Some(contents) = inode.contents()
    {
        contents.add_seals(linux::F_SEAL_EXEC)?;
    }
    let label: Vec<u8> = [b"/memfd:", &*name, b" (deleted)"].concat();
    let flags_of_file = OpenFlags::internal(linux::O_RDWR | linux::O_LARGEFILE);
    let operations = inode.clone().open(flags_of_file)?;
    let file = File::anonymous(inode, Name::Shared(label.into()), operations, flags_of_file);
    caller.install(file, flags & MFD_CLOEXEC != 0)
}
