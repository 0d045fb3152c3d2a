//! `sched_setattr(2)` and `sched_getattr(2)`.

use super::Call;
use super::call::int;
use super::memory::UserMemory;
use super::sched::{Asked, change, known_policy, target};
use crate::error::Errno;
use linux_raw_sys::general as linux;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// `struct sched_attr`, as of Linux 5.3.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct Structure {
    size: u32,
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    runtime: u64,
    deadline: u64,
    period: u64,
    least_utilisation: u32,
    most_utilisation: u32,
}

/// The structure's size in its first version and now.
const FIRST: usize = 48;
const NOW: usize = size_of::<Structure>();
const _: () = assert!(NOW == 56);

const RESET_ON_FORK: u64 = linux::SCHED_FLAG_RESET_ON_FORK as u64;
const KEEP_POLICY: u64 = linux::SCHED_FLAG_KEEP_POLICY as u64;
const KEEP_PARAMETERS: u64 = linux::SCHED_FLAG_KEEP_PARAMS as u64;
/// Flags that concern deadlines, which are ignored without them.
const DEADLINE: u64 = (linux::SCHED_FLAG_RECLAIM | linux::SCHED_FLAG_DL_OVERRUN) as u64;
const UTILISATION: u64 = linux::SCHED_FLAG_UTIL_CLAMP as u64;

/// `sched_setattr(2)`.
pub(super) fn setattr(call: &mut Call<'_>, [pid, from, flags, ..]: [usize; 6]) -> Result<usize, Errno> {
    if from == 0 || int(pid) < 0 || flags != 0 {
        return Err(Errno::EINVAL);
    }
    let given = read(call, from)?;
    if given.policy.cast_signed() < 0
        || given.flags & !(RESET_ON_FORK | KEEP_POLICY | KEEP_PARAMETERS | DEADLINE | UTILISATION) != 0
    {
        return Err(Errno::EINVAL);
    }
    if given.flags & UTILISATION != 0 {
        return Err(call.missing("sched_setattr with utilisation".into(), Errno::EOPNOTSUPP));
    }
    let thread = target(call, pid)?;
    let old = thread.scheduling.attributes();
    let keeps = given.flags & KEEP_PARAMETERS != 0;
    let policy = match given.flags & KEEP_POLICY {
        0 => known_policy(call, given.policy)?,
        _ => old.policy,
    };
    let asked = Asked {
        policy: Some(policy),
        priority: if keeps {
            i32::from(old.priority)
        } else {
            given.priority.cast_signed()
        },
        nice: (!keeps && !policy.is_real_time()).then(|| clamp(given.nice)),
        reset_on_fork: given.flags & RESET_ON_FORK != 0,
    };
    change(call, &thread, asked)
}

/// A nice level, brought into its range.
pub(super) fn clamp(nice: i32) -> i8 {
    i8::try_from(nice.clamp(-20, 19)).unwrap_or(0)
}

/// Reads the structure in whatever size the program has it.
fn read(call: &Call<'_>, from: usize) -> Result<Structure, Errno> {
    const PAGE: usize = 4096;
    let size = match call.read::<u32>(from)? as usize {
        0 => FIRST,
        size => size,
    };
    if !(FIRST..=PAGE).contains(&size) {
        return too_big(call, from);
    }
    let mut given = Structure::default();
    let known = size.min(NOW);
    call.memory()
        .read_bytes(from, &mut given.as_mut_bytes()[..known])?;
    for at in NOW..size {
        let mut byte = [0];
        call.memory().read_bytes(from.wrapping_add(at), &mut byte)?;
        if byte != [0] {
            return too_big(call, from);
        }
    }
    if given.flags & UTILISATION != 0 && size < NOW {
        return Err(Errno::EINVAL);
    }
    Ok(given)
}

/// Tells the program how large the structure is here.
#[expect(clippy::cast_possible_truncation, reason = "a constant")]
fn too_big(call: &Call<'_>, from: usize) -> Result<Structure, Errno> {
    call.write(from, &(NOW as u32))?;
    Err(Errno::E2BIG)
}

/// `sched_getattr(2)`.
pub(super) fn getattr(call: &mut Call<'_>, [pid, to, size, flags, ..]: [usize; 6]) -> Result<usize, Errno> {
    const PAGE: usize = 4096;
    let size = u32::try_from(int(size)).map_err(|_| Errno::EINVAL)? as usize;
    if to == 0 || int(pid) < 0 || !(FIRST..=PAGE).contains(&size) || flags != 0 {
        return Err(Errno::EINVAL);
    }
    let attributes = target(call, pid)?.scheduling.attributes();
    let real_time = attributes.policy.is_real_time();
    let length = size.min(NOW);
    let told = Structure {
        size: u32::try_from(length).unwrap_or(0),
        policy: attributes.policy.number(),
        flags: if attributes.reset_on_fork {
            RESET_ON_FORK
        } else {
            0
        },
        nice: if real_time { 0 } else { i32::from(attributes.nice) },
        priority: if real_time {
            u32::from(attributes.priority)
        } else {
            0
        },
        ..Structure::default()
    };
    call.memory().write_bytes(to, &told.as_bytes()[..length])?;
    Ok(0)
}
