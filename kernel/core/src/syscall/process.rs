//! The end of processes and threads, `execve`, and what a thread tells about itself.

use super::Call;
use super::memory::UserMemory;
use crate::error::Errno;
use crate::process::{ExitStatus, From, Program, execute_from};
use crate::vfs::{FileType, Place, Resolver, SymlinkPolicy};
use alloc::format;
use alloc::vec::Vec;
use core::sync::atomic::Ordering;
use linux_raw_sys::general as linux;
use threadbare_machine::user;

/// `exit_group(2)`.
pub(super) fn exit_group(call: &mut Call<'_>, [status, ..]: [usize; 6]) -> Result<usize, Errno> {
    call.process().end(ExitStatus::Exited(status.to_le_bytes()[0]));
    Ok(0)
}

/// `exit(2)`: ends the thread; with the last one the process ends, with its status.
pub(super) fn exit(call: &mut Call<'_>, [status, ..]: [usize; 6]) -> Result<usize, Errno> {
    call.thread.exit(status.to_le_bytes()[0]);
    Ok(0)
}

/// `execve(2)`.
pub(super) fn execve(
    call: &mut Call<'_>,
    [path, arguments, environment, ..]: [usize; 6],
) -> Result<usize, Errno> {
    let start = From::Directory(call.process().fs.working_directory());
    let path = read_path(call, path)?;
    if path.is_empty() {
        return Err(Errno::ENOENT);
    }
    replace(call, start, path, [arguments, environment])
}

/// `execveat(2)`.
pub(super) fn execveat(
    call: &mut Call<'_>,
    [directory, path, arguments, environment, flags, _]: [usize; 6],
) -> Result<usize, Errno> {
    let known = linux::AT_EMPTY_PATH | linux::AT_SYMLINK_NOFOLLOW;
    let flags = u32::try_from(flags).map_err(|_| Errno::EINVAL)?;
    if flags & !known != 0 {
        return Err(Errno::EINVAL);
    }
    let path = read_path(call, path)?;
    let file = || -> Result<Place, Errno> { Ok(call.file(directory)?.place().clone()) };
    #[expect(clippy::cast_possible_truncation, reason = "a descriptor is an int")]
    let directory = (directory as u32).cast_signed();
    if path.is_empty() {
        if flags & linux::AT_EMPTY_PATH == 0 {
            return Err(Errno::ENOENT);
        }
        let name = format!("/dev/fd/{directory}").into_bytes();
        let start = From::File(file()?);
        return replace(call, start, name, [arguments, environment]);
    }
    let start = if directory == linux::AT_FDCWD || path.starts_with(b"/") {
        call.process().fs.working_directory()
    } else {
        file()?
    };
    if flags & linux::AT_SYMLINK_NOFOLLOW != 0 {
        let credentials = call.process().credentials();
        let resolver = Resolver::new(&call.process().fs, &credentials);
        let place = resolver.lookup(|| Ok(start.clone()), &path, SymlinkPolicy::Keep)?;
        if place.inode().kind() == FileType::Symlink {
            return Err(Errno::ELOOP);
        }
    }
    replace(call, From::Directory(start), path, [arguments, environment])
}

fn replace(
    call: &mut Call<'_>,
    start: From,
    path: Vec<u8>,
    [arguments, environment]: [usize; 2],
) -> Result<usize, Errno> {
    let program = Program {
        path,
        arguments: read_strings(&call.memory(), arguments)?,
        environment: read_strings(&call.memory(), environment)?,
    };
    match execute_from(call.thread, start, program) {
        Ok(context) => {
            *call.context = context;
            Ok(0)
        }
        Err(failure) => Err(failure.errno),
    }
}

fn read_path(call: &Call<'_>, path: usize) -> Result<Vec<u8>, Errno> {
    let memory: &dyn UserMemory = &call.memory();
    memory.read_path(path)?.into_vec()
}

/// A null-terminated array of pointers to strings; a null array is an empty one, as on Linux.
fn read_strings(memory: &dyn UserMemory, array: usize) -> Result<Vec<Vec<u8>>, Errno> {
    const LONGEST: usize = 32 * 4096;
    const TOTAL: usize = 2 << 20;
    let mut strings = Vec::new();
    let mut total = 0;
    if array == 0 {
        return Ok(strings);
    }
    let mut at = array;
    loop {
        let mut pointer = [0; 8];
        memory.read_bytes(at, &mut pointer)?;
        let pointer = usize::from_le_bytes(pointer);
        if pointer == 0 {
            break;
        }
        let string = memory.read_string(pointer, LONGEST)?.ok_or(Errno::E2BIG)?;
        total += string.len() + 9;
        if total > TOTAL {
            return Err(Errno::E2BIG);
        }
        strings.try_reserve(1)?;
        strings.push(string);
        at = at.checked_add(8).ok_or(Errno::EFAULT)?;
    }
    Ok(strings)
}

/// `set_tid_address(2)`.
pub(super) fn set_tid_address(call: &mut Call<'_>, [address, ..]: [usize; 6]) -> Result<usize, Errno> {
    call.thread.clear_child_tid.store(address, Ordering::Relaxed);
    Ok(call.thread.tid() as usize)
}

/// `arch_prctl(2)`.
pub(super) fn arch_prctl(call: &mut Call<'_>, [code, argument, ..]: [usize; 6]) -> Result<usize, Errno> {
    const ARCH_SET_GS: usize = 0x1001;
    const ARCH_SET_FS: usize = 0x1002;
    const ARCH_GET_FS: usize = 0x1003;
    const ARCH_GET_GS: usize = 0x1004;
    /// Asked by glibc 2.28 to 2.39 at start; "not supported" is the usual answer.
    const ARCH_CET_STATUS: usize = 0x3001;
    let set = |done: bool| if done { Ok(0) } else { Err(Errno::EPERM) };
    match code {
        ARCH_SET_FS => set(user::set_fs_base(argument as u64)),
        ARCH_SET_GS => set(user::set_gs_base(argument as u64)),
        ARCH_GET_FS => call.write(argument, &user::fs_base()).map(|()| 0),
        ARCH_GET_GS => call.write(argument, &user::gs_base()).map(|()| 0),
        ARCH_CET_STATUS => Err(Errno::EINVAL),
        unknown => Err(call.missing(format!("arch_prctl({unknown:#x})"), Errno::EINVAL)),
    }
}
