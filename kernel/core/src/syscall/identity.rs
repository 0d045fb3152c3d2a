//! Who a process is: numbers, users, groups, limits, name.

use super::Call;
use super::memory::UserMemory;
use crate::error::Errno;
use crate::process::Limit;
use alloc::format;
use linux_raw_sys::{general as linux, prctl as pr};

/// `getpid(2)`.
pub(super) fn getpid(call: &mut Call<'_>, _: [usize; 6]) -> Result<usize, Errno> {
    Ok(call.process().pid as usize)
}

/// `gettid(2)`.
pub(super) fn gettid(call: &mut Call<'_>, _: [usize; 6]) -> Result<usize, Errno> {
    Ok(call.thread.tid as usize)
}

/// `getppid(2)`: the first process of a machine has no parent.
pub(super) fn getppid(_: &mut Call<'_>, _: [usize; 6]) -> Result<usize, Errno> {
    Ok(0)
}

/// `getpgrp(2)`, `getpgid(2)` and `getsid(2)` of the only process.
pub(super) fn getpgid(call: &mut Call<'_>, [pid, ..]: [usize; 6]) -> Result<usize, Errno> {
    let own = call.process().pid;
    if pid == 0 || pid as u64 == u64::from(own) {
        Ok(own as usize)
    } else {
        Err(Errno::ESRCH)
    }
}

/// `getpgrp(2)`, which takes no argument.
pub(super) fn getpgrp(call: &mut Call<'_>, _: [usize; 6]) -> Result<usize, Errno> {
    getpid(call, [0; 6])
}

/// `getuid(2)`.
pub(super) fn getuid(call: &mut Call<'_>, _: [usize; 6]) -> Result<usize, Errno> {
    Ok(call.process().credentials.lock().uid as usize)
}

/// `geteuid(2)`.
pub(super) fn geteuid(call: &mut Call<'_>, _: [usize; 6]) -> Result<usize, Errno> {
    Ok(call.process().credentials.lock().fs_uid as usize)
}

/// `getgid(2)`.
pub(super) fn getgid(call: &mut Call<'_>, _: [usize; 6]) -> Result<usize, Errno> {
    Ok(call.process().credentials.lock().gid as usize)
}

/// `getegid(2)`.
pub(super) fn getegid(call: &mut Call<'_>, _: [usize; 6]) -> Result<usize, Errno> {
    Ok(call.process().credentials.lock().fs_gid as usize)
}

/// `getgroups(2)`.
pub(super) fn getgroups(call: &mut Call<'_>, [size, list, ..]: [usize; 6]) -> Result<usize, Errno> {
    let groups = call.process().credentials.lock().groups.clone();
    let size = int(size)?;
    if size == 0 {
        return Ok(groups.len());
    }
    if size < groups.len() {
        return Err(Errno::EINVAL);
    }
    for (index, group) in groups.iter().enumerate() {
        call.write(list.wrapping_add(4 * index), group)?;
    }
    Ok(groups.len())
}

/// A non-negative `int`.
fn int(value: usize) -> Result<usize, Errno> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "an int is the low half of its register"
    )]
    let value = value as u32;
    if value > i32::MAX as u32 {
        Err(Errno::EINVAL)
    } else {
        Ok(value as usize)
    }
}

/// `prlimit64(2)`.
pub(super) fn prlimit64(
    call: &mut Call<'_>,
    [pid, resource, new, old, ..]: [usize; 6],
) -> Result<usize, Errno> {
    if pid != 0 && pid as u64 != u64::from(call.process().pid) {
        return Err(Errno::ESRCH);
    }
    let new = if new == 0 {
        None
    } else {
        Some(call.read::<[u64; 2]>(new)?)
    };
    let before = call.process().limits.lock().get(resource)?;
    if let Some([soft, hard]) = new {
        let privileged = call.process().credentials.lock().is_privileged();
        call.process()
            .limits
            .lock()
            .set(resource, Limit { soft, hard }, privileged)?;
    }
    call.write_if_wanted(old, &[before.soft, before.hard])?;
    Ok(0)
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

/// `prctl(2)`, as far as one process without privileges to drop can mean it.
pub(super) fn prctl(call: &mut Call<'_>, [option, argument, ..]: [usize; 6]) -> Result<usize, Errno> {
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
        pr::PR_GET_PDEATHSIG => call.write(argument, &0u32).map(|()| 0),
        pr::PR_SET_PDEATHSIG if argument <= 64 => Ok(0), // there is no parent that could die
        pr::PR_GET_NO_NEW_PRIVS | pr::PR_GET_KEEPCAPS | pr::PR_GET_SECCOMP => Ok(0),
        pr::PR_GET_TIMERSLACK => Ok(50_000),
        pr::PR_SET_TIMERSLACK => Ok(0),
        pr::PR_CAPBSET_READ if argument <= 40 => Ok(1),
        pr::PR_CAPBSET_READ => Err(Errno::EINVAL),
        unknown => Err(call.missing(format!("prctl({unknown})"), Errno::EINVAL)),
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

/// `capget(2)`: root has all capabilities, others none.
pub(super) fn capget(call: &mut Call<'_>, [header, data, ..]: [usize; 6]) -> Result<usize, Errno> {
    const VERSION_3: u32 = linux::_LINUX_CAPABILITY_VERSION_3;
    let [version, pid] = call.read::<[u32; 2]>(header)?;
    if version != VERSION_3 {
        call.write(header, &VERSION_3)?;
        return if data == 0 { Ok(0) } else { Err(Errno::EINVAL) };
    }
    if pid != 0 && pid != call.process().pid {
        return Err(Errno::ESRCH);
    }
    let all = if call.process().credentials.lock().is_privileged() {
        u32::MAX
    } else {
        0
    };
    let high = all & 0x1ff; // 41 capabilities
    call.write_if_wanted(data, &[all, all, 0, high, high, 0])?;
    Ok(0)
}
