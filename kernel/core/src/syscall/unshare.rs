//! `unshare(2)`: descriptors and places of one's own. Namespaces are left out, and named when asked for.

use super::Call;
use crate::error::Errno;
use crate::process::{unshare_files, unshare_places};
use alloc::format;
use core::sync::atomic::Ordering;
use linux_raw_sys::general as linux;

/// What only who has one thread has alone already.
const OF_THREADS: u32 = linux::CLONE_THREAD | linux::CLONE_SIGHAND | linux::CLONE_VM;
const NAMESPACES: u32 = linux::CLONE_NEWNS
    | linux::CLONE_NEWUTS
    | linux::CLONE_NEWIPC
    | linux::CLONE_NEWUSER
    | linux::CLONE_NEWPID
    | linux::CLONE_NEWNET
    | linux::CLONE_NEWCGROUP
    | linux::CLONE_NEWTIME;
/// There are no System V semaphores to undo.
const KNOWN: u32 = OF_THREADS | linux::CLONE_FILES | linux::CLONE_FS | linux::CLONE_SYSVSEM;

/// `unshare(2)`. The threads of a process have one table of descriptors and one working directory: a thread cannot have its
/// own.
pub(super) fn unshare(call: &mut Call<'_>, [flags, ..]: [usize; 6]) -> Result<usize, Errno> {
    let flags = u32::try_from(flags).map_err(|_| Errno::EINVAL)?;
    if flags & !(KNOWN | NAMESPACES) != 0 {
        return Err(Errno::EINVAL);
    }
    let process = call.process();
    let alone = process.alive.load(Ordering::Relaxed) == 1;
    if flags & OF_THREADS != 0 && !alone {
        return Err(Errno::EINVAL);
    }
    let wants_own = flags & (linux::CLONE_FILES | linux::CLONE_FS) != 0;
    if flags & NAMESPACES != 0 || wants_own && !alone {
        return Err(call.missing(format!("unshare({flags:#x})"), Errno::EINVAL));
    }
    if flags & linux::CLONE_FILES != 0 {
        unshare_files(process)?;
    }
    if flags & linux::CLONE_FS != 0 {
        unshare_places(process);
    }
    Ok(0)
}
