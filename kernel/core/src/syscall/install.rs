//! Giving new open files their descriptors.

use super::Call;
use crate::error::Errno;
use crate::vfs::{Descriptor, File};
use alloc::sync::Arc;

/// Gives an open file the lowest free descriptor.
///
/// # Errors
/// `EMFILE`; `ENOMEM`.
pub(super) fn install(call: &Call<'_>, file: Arc<File>, close_on_exec: bool) -> Result<u32, Errno> {
    let process = call.process();
    let limit = process.limits.lock().open_files();
    process
        .files
        .lock()
        .insert(Descriptor { file, close_on_exec }, 0, limit)
}

/// Gives two open files descriptors, and writes their numbers to `to`: both, or neither.
///
/// # Errors
/// As [`install`]; `EFAULT`.
pub(super) fn install_pair(
    call: &Call<'_>,
    [first, second]: [Arc<File>; 2],
    close_on_exec: bool,
    to: usize,
) -> Result<usize, Errno> {
    let first = install(call, first, close_on_exec)?;
    let second = match install(call, second, close_on_exec) {
        Ok(second) => second,
        Err(error) => return Err(undo(call, &[first], error)),
    };
    match call.write(to, &[first, second]) {
        Ok(()) => Ok(0),
        Err(error) => Err(undo(call, &[first, second], error)),
    }
}

fn undo(call: &Call<'_>, descriptors: &[u32], error: Errno) -> Errno {
    for &fd in descriptors {
        // Dropped after the table's lock: what drops may take any lock.
        let removed = call.process().files.lock().remove(fd);
        drop(removed);
    }
    error
}
