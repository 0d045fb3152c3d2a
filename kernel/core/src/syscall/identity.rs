//! Who a process is: its number, limits, name, and `prctl(2)`.

use super::memory::UserMemory;
use super::wait::process_or_self;
use super::{Call, capabilities};
use crate::error::Errno;
use crate::process::{Limit, Process};
use crate::vfs::Capability;
use alloc::format;
use alloc::sync::Arc;
use core::sync::atomic::Ordering;
use linux_raw_sys::{general as linux, prctl as pr};

/// `getpid(2)`.
pub(super) fn getpid(call: &mut Call<'_>, _: [usize; 6]) -> Result<usize, Errno> {
    Ok(call.process().pid as usize)
}

/// `gettid(2)`.
pub(super) fn gettid(call: &mut Call<'_>, _: [usize; 6]) -> Result<usize, Errno> {
    Ok(call.thread.tid() as usize)
}

/// `prlimit64(2)`.
pub(super) fn prlimit64(
    call: &mut Call<'_>,
    [pid, resource, new, old, ..]: [usize; 6],
) -> Result<usize, Errno> {
    let target = process_or_self(call, pid)?;
    let own = call.process().credentials();
    let theirs = target.credentials();
    let same_user = [theirs.uid, theirs.euid, theirs.suid]
        .iter()
        .all(|&uid| uid == own.uid);
    let same_group = [theirs.gid, theirs.egid, theirs.sgid]
        .iter()
        .all(|&gid| gid == own.gid);
    if target.pid != call.process().pid && !own.can(Capability::SysResource) && !(same_user && same_group) {
        return Err(Errno::EPERM);
    }
    let new = if new == 0 {
        None
    } else {
        Some(call.read::<[u64; 2]>(new)?)
    };
    let before = target.limits.lock().get(resource)?;
    if let Some([soft, hard]) = new {
        let privileged = own.can(Capability::SysResource);
        target
            .limits
            .lock()
            .set(resource, Limit { soft, hard }, privileged)?;
        limit_changed(&target, resource);
    }
    call.write_if_wanted(old, &[before.soft, before.hard])?;
    Ok(0)
}

/// Tells those who keep a copy of a limit.
fn limit_changed(target: &Arc<Process>, resource: usize) {
    let limits = *target.limits.lock();
    match u32::try_from(resource) {
        Ok(linux::RLIMIT_CPU) => target.timers.watch_cpu_limit(target),
        Ok(linux::RLIMIT_AS | linux::RLIMIT_STACK) => {
            if let Some(memory) = target.memory_if_alive() {
                let mut memory = memory.lock();
                memory.limit = limits.address_space();
                memory.stack_limit = usize::try_from(limits.stack()).unwrap_or(usize::MAX);
            }
        }
        _ => {}
    }
}

/// `getrlimit(2)`.
pub(super) fn getrlimit(call: &mut Call<'_>, [resource, limit, ..]: [usize; 6]) -> Result<usize, Errno> {
    let now = call.process().limits.lock().get(resource)?;
    call.write(limit, &[now.soft, now.hard])?;
    Ok(0)
}

/// `setrlimit(2)`.
pub(super) fn setrlimit(call: &mut Call<'_>, [resource, limit, ..]: [usize; 6]) -> Result<usize, Errno> {
    prlimit64(call, [0, resource, limit, 0, 0, 0])
}

/// `prctl(2)`.
pub(super) fn prctl(call: &mut Call<'_>, [option, arguments @ .., _]: [usize; 6]) -> Result<usize, Errno> {
    let [argument, ..] = arguments;
    match u32::try_from(option).map_err(|_| Errno::EINVAL)? {
        pr::PR_SET_NAME => {
            let mut name = [0; 16];
            // A string that ends before the end of a mapping must not fault: byte by byte up to its NUL.
            for (at, byte) in name.iter_mut().take(15).enumerate() {
                *byte = call.read::<u8>(argument.checked_add(at).ok_or(Errno::EFAULT)?)?;
                if *byte == 0 {
                    break;
                }
            }
            call.thread
                .set_name(name.split(|&byte| byte == 0).next().unwrap_or_default());
            Ok(0)
        }
        pr::PR_GET_NAME => {
            let name = *call.thread.name.lock();
            call.memory().write_bytes(argument, &name)?;
            Ok(0)
        }
        pr::PR_GET_DUMPABLE => Ok(1),
        pr::PR_SET_DUMPABLE if argument <= 1 => Ok(0),
        pr::PR_GET_PDEATHSIG => {
            let signal = call.process().parent_death_signal.load(Ordering::Relaxed);
            call.write(argument, &u32::from(signal)).map(|()| 0)
        }
        pr::PR_SET_PDEATHSIG => {
            let signal = u8::try_from(argument).ok().filter(|&signal| signal <= 64);
            let signal = signal.ok_or(Errno::EINVAL)?;
            call.process()
                .parent_death_signal
                .store(signal, Ordering::Relaxed);
            Ok(0)
        }
        pr::PR_GET_CHILD_SUBREAPER => {
            let set = call.process().subreaper.load(Ordering::Relaxed);
            call.write(argument, &u32::from(set)).map(|()| 0)
        }
        pr::PR_SET_CHILD_SUBREAPER => {
            call.process().subreaper.store(argument != 0, Ordering::Relaxed);
            Ok(0)
        }
        pr::PR_GET_NO_NEW_PRIVS => Ok(usize::from(
            call.process().no_new_privileges.load(Ordering::Relaxed),
        )),
        pr::PR_SET_NO_NEW_PRIVS if argument == 1 => {
            call.process().no_new_privileges.store(true, Ordering::Relaxed);
            Ok(0)
        }
        pr::PR_SET_NO_NEW_PRIVS => Err(Errno::EINVAL),
        pr::PR_GET_SECCOMP => Ok(0),
        pr::PR_GET_TID_ADDRESS => {
            let address = call.thread.clear_child_tid.load(Ordering::Relaxed);
            call.write(argument, &(address as u64)).map(|()| 0)
        }
        pr::PR_GET_THP_DISABLE if arguments == [0; 4] => {
            Ok(usize::from(call.process().memory().lock().large_pages_refused))
        }
        pr::PR_SET_THP_DISABLE if arguments[1..] == [0; 3] => {
            call.process().memory().lock().large_pages_refused = argument != 0;
            Ok(0)
        }
        pr::PR_GET_THP_DISABLE | pr::PR_SET_THP_DISABLE => Err(Errno::EINVAL),
        pr::PR_GET_TIMERSLACK => Ok(50_000),
        pr::PR_SET_TIMERSLACK => Ok(0),
        option => capabilities::prctl(call, option, arguments)
            .unwrap_or_else(|| Err(call.missing(format!("prctl({option})"), Errno::EINVAL))),
    }
}

/// `uname(2)`.
pub(super) fn uname(call: &mut Call<'_>, [buffer, ..]: [usize; 6]) -> Result<usize, Errno> {
    const FIELD: usize = 65;
    let host = crate::system::hostname();
    let fields: [&[u8]; 6] = [
        b"Linux",
        &host,
        crate::system::RELEASE.as_bytes(),
        crate::system::VERSION.as_bytes(),
        b"x86_64",
        b"(none)",
    ];
    let mut bytes = [0; FIELD * 6];
    for (place, field) in bytes.chunks_exact_mut(FIELD).zip(fields) {
        let length = field.len().min(FIELD - 1);
        place[..length].copy_from_slice(&field[..length]);
    }
    call.memory().write_bytes(buffer, &bytes)?;
    Ok(0)
}
