//! A process that shares descriptors or places with others gets its own (`unshare(2)`; `execve(2)` for descriptors).

use super::end;
use super::table::Process;
use crate::error::Errno;
use threadbare_machine::sync::SpinLock;

/// Gives it a copy of the descriptors that it shares. It has one thread.
///
/// # Errors
/// `ENOMEM`.
pub fn unshare_files(process: &Process) -> Result<(), Errno> {
    if !process.files.is_shared() {
        return Ok(());
    }
    let copy = process.files.lock().duplicate()?;
    if let Some(left) = process.files.replace(SpinLock::new(copy)) {
        // The others have ended meanwhile, and have left the closing to the last one.
        end::close_each(left, |files| files.next_from(0).map(|(fd, _)| fd));
    }
    Ok(())
}

/// Gives it root, working directory and umask of its own, if it shares them. It has one thread.
pub fn unshare_places(process: &Process) {
    if process.fs.is_shared() {
        let copy = process.fs.duplicate();
        process.fs.replace(copy);
    }
}
