//! `getpriority(2)` and `setpriority(2)`: nice levels of a thread, a process group, or all that a user runs.

use super::Call;
use super::call::int;
use super::sched::limit_allows;
use super::sched_attributes::clamp;
use crate::error::Errno;
use crate::process::{Process, Thread, all, find_thread, members_of_group};
use crate::sched::{self, Attributes};
use crate::vfs::Capability;
use alloc::sync::Arc;
use alloc::vec::Vec;
use linux_raw_sys::general as linux;

/// `getpriority(2)`: the most favourable of their levels, as 20 − level, so that it is not taken for an error.
pub(super) fn getpriority(call: &mut Call<'_>, [which, who, ..]: [usize; 6]) -> Result<usize, Errno> {
    let threads = targets(call, which, who)?;
    let levels = threads.iter().map(|thread| thread.scheduling.attributes().nice);
    let least = levels.min().ok_or(Errno::ESRCH)?;
    Ok(usize::try_from(20 - i32::from(least)).unwrap_or(0))
}

/// `setpriority(2)`.
pub(super) fn setpriority(call: &mut Call<'_>, [which, who, nice, ..]: [usize; 6]) -> Result<usize, Errno> {
    let nice = clamp(int(nice));
    let threads = targets(call, which, who)?;
    let mut result = Err(Errno::ESRCH);
    for thread in threads {
        match set_one(call, &thread, nice) {
            Err(error) => result = Err(error),
            // An error about another stays.
            Ok(()) if result == Err(Errno::ESRCH) => result = Ok(0),
            Ok(()) => {}
        }
    }
    result
}

fn set_one(call: &Call<'_>, thread: &Thread, nice: i8) -> Result<(), Errno> {
    let own = call.process().credentials();
    let other = thread.process.credentials();
    let old = thread.scheduling.attributes();
    if !own.can(Capability::SysNice) {
        if own.euid != other.uid && own.euid != other.euid {
            return Err(Errno::EPERM);
        }
        if nice < old.nice && !limit_allows(thread, nice) {
            return Err(Errno::EACCES);
        }
    }
    sched::set_attributes(thread, Attributes { nice, ..old });
    Ok(())
}

/// The threads that are meant; `who` is 0 for the caller's own.
fn targets(call: &Call<'_>, which: usize, who: usize) -> Result<Vec<Arc<Thread>>, Errno> {
    let who = int(who).cast_unsigned();
    let or_own = |own: u32| if who == 0 { own } else { who };
    Ok(match u32::try_from(int(which)).map_err(|_| Errno::EINVAL)? {
        linux::PRIO_PROCESS => find_thread(or_own(call.thread.tid())).into_iter().collect(),
        linux::PRIO_PGRP => {
            let members = members_of_group(or_own(call.process().group()));
            gather(members)?
        }
        linux::PRIO_USER => {
            let user = or_own(call.process().credentials().uid);
            gather(all().filter(|process| process.credentials().uid == user))?
        }
        _ => return Err(Errno::EINVAL),
    })
}

fn gather(processes: impl Iterator<Item = Arc<Process>>) -> Result<Vec<Arc<Thread>>, Errno> {
    let mut threads = Vec::new();
    for process in processes {
        for thread in process.threads() {
            threads.try_reserve(1)?;
            threads.push(thread);
        }
    }
    Ok(threads)
}
