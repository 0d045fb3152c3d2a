//! Descriptors of processes: `pidfd_open(2)` and relatives.

use super::Call;
use super::install::install;
use crate::error::Errno;
use crate::process::{Process, find, find_thread};
use crate::vfs::{
    Anonymous, File, FileOperations, FileType, Name, OpenFlags, Place, Readiness, Timestamp, Watchers,
};
use alloc::sync::Arc;
use linux_raw_sys::general as linux;

/// A process, as an open file: readable once it has ended.
struct PidFile(Arc<Process>);

impl FileOperations for PidFile {
    fn poll(&self, _: &File) -> Readiness {
        if self.0.is_zombie() {
            Readiness::READ
        } else {
            Readiness::NONE
        }
    }

    fn watchers(&self, _: &File) -> Option<&Watchers> {
        Some(&self.0.watchers)
    }
}

/// Opens a descriptor of `process`.
///
/// # Errors
/// `EMFILE`, `ENOMEM`.
pub(super) fn open(call: &Call<'_>, process: Arc<Process>, nonblocking: bool) -> Result<usize, Errno> {
    let inode = Anonymous::new(FileType::Regular, 0o600, Timestamp::now());
    let flags = if nonblocking {
        linux::O_RDWR | linux::O_NONBLOCK
    } else {
        linux::O_RDWR
    };
    let file = File::anonymous(
        inode,
        Name::Static(b"anon_inode:[pidfd]"),
        Arc::new(PidFile(process)),
        OpenFlags::internal(flags),
    );
    Ok(install(call, file, true)? as usize)
}

/// `pidfd_open(2)`.
pub(super) fn pidfd_open(call: &mut Call<'_>, [pid, flags, ..]: [usize; 6]) -> Result<usize, Errno> {
    let flags = u32::try_from(flags).map_err(|_| Errno::EINVAL)?;
    if flags & !linux::O_NONBLOCK != 0 {
        return Err(Errno::EINVAL);
    }
    #[expect(clippy::cast_possible_truncation, reason = "pid_t is an int")]
    let pid = (pid as u32).cast_signed();
    let pid = u32::try_from(pid)
        .ok()
        .filter(|&pid| pid > 0)
        .ok_or(Errno::EINVAL)?;
    match find(pid) {
        Some(process) => open(call, process, flags & linux::O_NONBLOCK != 0),
        None if find_thread(pid).is_some() => Err(Errno::EINVAL), // a thread that leads no process
        None => Err(Errno::ESRCH),
    }
}

/// The process of a descriptor, and whether it does not block.
///
/// # Errors
/// `EBADF` if it is no descriptor of a process.
pub(super) fn process_of(call: &Call<'_>, fd: usize) -> Result<(u32, bool), Errno> {
    let file = call.file(fd)?;
    let process = file.operations_as::<PidFile>().ok_or(Errno::EBADF)?;
    Ok((process.0.pid, file.is_nonblocking()))
}

/// The process of a descriptor, which may be one of its directory in `/proc`.
///
/// # Errors
/// `EBADF` if it is no descriptor of a process; `ESRCH` if that has ended and been waited for.
pub(super) fn target(call: &Call<'_>, fd: usize) -> Result<Arc<Process>, Errno> {
    let file = call.file(fd)?;
    match file.operations_as::<PidFile>() {
        Some(process) => Ok(process.0.clone()),
        None => find(shown_by(file.place()).ok_or(Errno::EBADF)?).ok_or(Errno::ESRCH),
    }
}

/// The process whose directory in `/proc` this is.
fn shown_by(place: &Place) -> Option<u32> {
    let directory = place.inode().directory()?;
    let above = directory.parent()?;
    let is_on_top = above.directory()?.parent().is_none();
    let is_proc = place.mount()?.file_system.name() == "proc";
    let name = directory.name().filter(|_| is_on_top && is_proc)?;
    core::str::from_utf8(&name).ok()?.parse().ok()
}

/// `pidfd_getfd(2)`: another process' open file.
pub(super) fn pidfd_getfd(call: &mut Call<'_>, [fd, wanted, flags, ..]: [usize; 6]) -> Result<usize, Errno> {
    if flags & 0xffff_ffff != 0 {
        return Err(Errno::EINVAL);
    }
    let process = call.file(fd)?;
    let process = process.operations_as::<PidFile>().ok_or(Errno::EBADF)?.0.clone();
    if process.is_zombie() {
        return Err(Errno::ESRCH);
    }
    let own = call.process().credentials();
    if !own.may_inspect(&process.credentials()) {
        return Err(Errno::EPERM);
    }
    let wanted = process.files.lock().get(wanted as u32)?.file.clone();
    Ok(install(call, wanted, true)? as usize)
}
