//! How threads are scheduled (`sched(7)`): policies and priorities. Nice levels of several at once: [`super::nice`].

use super::Call;
use super::call::int;
use super::memory::UserMemory;
use crate::error::Errno;
use crate::process::{Thread, find_thread};
use crate::sched::{self, Attributes, Policy, ROUND_ROBIN_TURN};
use crate::vfs::{Capability, Credentials};
use alloc::sync::Arc;
use linux_raw_sys::general as linux;

/// The highest real-time priority.
const HIGHEST: i32 = 99;

/// `sched_yield(2)`.
pub(super) fn sched_yield(_: &mut Call<'_>, _: [usize; 6]) -> Result<usize, Errno> {
    sched::yield_now();
    Ok(0)
}

/// The thread that `pid`, an `int`, means: the caller for 0.
///
/// # Errors
/// `EINVAL` for a negative number, `ESRCH` if there is none.
pub(super) fn target(call: &Call<'_>, pid: usize) -> Result<Arc<Thread>, Errno> {
    let tid = u32::try_from(int(pid)).map_err(|_| Errno::EINVAL)?;
    let tid = if tid == 0 { call.thread.tid() } else { tid };
    find_thread(tid).ok_or(Errno::ESRCH)
}

/// `sched_getscheduler(2)`.
pub(super) fn getscheduler(call: &mut Call<'_>, [pid, ..]: [usize; 6]) -> Result<usize, Errno> {
    let attributes = target(call, pid)?.scheduling.attributes();
    let flag = if attributes.reset_on_fork {
        linux::SCHED_RESET_ON_FORK
    } else {
        0
    };
    Ok((attributes.policy.number() | flag) as usize)
}

/// `sched_setscheduler(2)`.
pub(super) fn setscheduler(
    call: &mut Call<'_>,
    [pid, policy, parameter, ..]: [usize; 6],
) -> Result<usize, Errno> {
    let policy = u32::try_from(int(policy)).map_err(|_| Errno::EINVAL)?;
    if parameter == 0 || int(pid) < 0 {
        return Err(Errno::EINVAL);
    }
    let priority = call.read::<i32>(parameter)?;
    let thread = target(call, pid)?;
    let asked = Asked {
        policy: Some(known_policy(call, policy & !linux::SCHED_RESET_ON_FORK)?),
        priority,
        nice: None,
        reset_on_fork: policy & linux::SCHED_RESET_ON_FORK != 0,
    };
    change(call, &thread, asked)
}

/// `sched_getparam(2)`.
pub(super) fn getparam(call: &mut Call<'_>, [pid, to, ..]: [usize; 6]) -> Result<usize, Errno> {
    if to == 0 {
        return Err(Errno::EINVAL);
    }
    let attributes = target(call, pid)?.scheduling.attributes();
    let priority = if attributes.policy.is_real_time() {
        attributes.priority
    } else {
        0
    };
    call.write(to, &i32::from(priority))?;
    Ok(0)
}

/// `sched_setparam(2)`.
pub(super) fn setparam(call: &mut Call<'_>, [pid, parameter, ..]: [usize; 6]) -> Result<usize, Errno> {
    if parameter == 0 || int(pid) < 0 {
        return Err(Errno::EINVAL);
    }
    let priority = call.read::<i32>(parameter)?;
    let thread = target(call, pid)?;
    let asked = Asked {
        policy: None,
        priority,
        nice: None,
        reset_on_fork: thread.scheduling.attributes().reset_on_fork,
    };
    change(call, &thread, asked)
}

/// `sched_get_priority_max(2)`.
pub(super) fn priority_max(call: &mut Call<'_>, [policy, ..]: [usize; 6]) -> Result<usize, Errno> {
    Ok(if has_priorities(call, policy)? { 99 } else { 0 })
}

/// `sched_get_priority_min(2)`.
pub(super) fn priority_min(call: &mut Call<'_>, [policy, ..]: [usize; 6]) -> Result<usize, Errno> {
    Ok(usize::from(has_priorities(call, policy)?))
}

fn has_priorities(call: &Call<'_>, policy: usize) -> Result<bool, Errno> {
    let policy = u32::try_from(int(policy)).map_err(|_| Errno::EINVAL)?;
    Ok(policy != linux::SCHED_DEADLINE && known_policy(call, policy)?.is_real_time())
}

/// `sched_rr_get_interval(2)`.
pub(super) fn rr_get_interval(call: &mut Call<'_>, [pid, to, ..]: [usize; 6]) -> Result<usize, Errno> {
    let nanoseconds = match target(call, pid)?.scheduling.attributes().policy {
        Policy::RoundRobin => ROUND_ROBIN_TURN,
        Policy::Fifo => 0,
        _ => threadbare_run_queue::fair::SLICE,
    };
    call.write(to, &[0, nanoseconds])?;
    Ok(0)
}

/// What a program asks for; what it does not name stays.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) policy: Option<Policy>,
    pub(super) priority: i32,
    pub(super) nice: Option<i8>,
    pub(super) reset_on_fork: bool,
}

/// The policy with a number.
///
/// # Errors
/// `EINVAL`; deadline scheduling, which Linux has, is named.
pub(super) fn known_policy(call: &Call<'_>, number: u32) -> Result<Policy, Errno> {
    Policy::from_number(number).ok_or_else(|| match number {
        linux::SCHED_DEADLINE => call.missing("SCHED_DEADLINE".into(), Errno::EINVAL),
        _ => Errno::EINVAL,
    })
}

/// Schedules `thread` as asked, if the caller may.
pub(super) fn change(call: &Call<'_>, thread: &Thread, asked: Asked) -> Result<usize, Errno> {
    let old = thread.scheduling.attributes();
    let policy = asked.policy.unwrap_or(old.policy);
    let priority = u8::try_from(asked.priority)
        .ok()
        .filter(|&priority| i32::from(priority) <= HIGHEST);
    let priority = priority.ok_or(Errno::EINVAL)?;
    if policy.is_real_time() != (priority != 0) {
        return Err(Errno::EINVAL);
    }
    let new = Attributes {
        policy,
        nice: asked.nice.unwrap_or(old.nice),
        priority,
        reset_on_fork: asked.reset_on_fork,
    };
    if !may_change(call, thread, old, new) {
        return Err(Errno::EPERM);
    }
    sched::set_attributes(thread, new);
    Ok(0)
}

/// Whether the caller may have `thread` scheduled by `new` instead of `old` (`sched(7)`, "Privileges and resource limits").
fn may_change(call: &Call<'_>, thread: &Thread, old: Attributes, new: Attributes) -> bool {
    let own = call.process().credentials();
    if own.can(Capability::SysNice) {
        return true;
    }
    let allowed = if new.policy.is_real_time() {
        let most = limit(thread, linux::RLIMIT_RTPRIO);
        let changes = new.policy != old.policy;
        let rises = !old.policy.is_real_time() || new.priority > old.priority;
        !(changes && most == 0 || rises && u64::from(new.priority) > most)
    } else {
        let leaves_idle = old.policy == Policy::Idle && new.policy != Policy::Idle;
        (new.nice >= old.nice || limit_allows(thread, new.nice))
            && (!leaves_idle || limit_allows(thread, old.nice))
    };
    let keeps_reset = !old.reset_on_fork || new.reset_on_fork;
    allowed && keeps_reset && is_same_owner(&own, &thread.process.credentials())
}

/// Whether `RLIMIT_NICE` of the thread's process allows this level.
pub(super) fn limit_allows(thread: &Thread, nice: i8) -> bool {
    let needed = u64::try_from(20 - i32::from(nice)).unwrap_or(0);
    needed <= limit(thread, linux::RLIMIT_NICE)
}

fn limit(thread: &Thread, resource: u32) -> u64 {
    let limits = thread.process.limits.lock();
    limits.get(resource as usize).map_or(0, |limit| limit.soft)
}

fn is_same_owner(own: &Credentials, other: &Credentials) -> bool {
    own.euid == other.euid || own.euid == other.uid
}

/// `sched_getaffinity(2)`: there is one CPU.
pub(super) fn getaffinity(call: &mut Call<'_>, [pid, size, mask, ..]: [usize; 6]) -> Result<usize, Errno> {
    if size < 8 || !size.is_multiple_of(8) {
        return Err(Errno::EINVAL);
    }
    target(call, pid).map_err(|_| Errno::ESRCH)?;
    call.write(mask, &1u64)?;
    Ok(8)
}

/// `sched_setaffinity(2)`: the one CPU must be among those asked for.
pub(super) fn setaffinity(call: &mut Call<'_>, [pid, size, mask, ..]: [usize; 6]) -> Result<usize, Errno> {
    let mut first = [0];
    if size > 0 {
        call.memory().read_bytes(mask, &mut first)?;
    }
    let thread = target(call, pid).map_err(|_| Errno::ESRCH)?;
    let own = call.process().credentials();
    if !own.can(Capability::SysNice) && !is_same_owner(&own, &thread.process.credentials()) {
        return Err(Errno::EPERM);
    }
    if first[0] & 1 == 1 {
        Ok(0)
    } else {
        Err(Errno::EINVAL)
    }
}
