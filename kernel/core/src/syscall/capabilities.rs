//! Capabilities of a process, and giving them up (`capabilities(7)`, `capget(2)`, `prctl(2)`).

use super::Call;
use super::wait::process_or_self;
use crate::error::Errno;
use crate::vfs::{Capabilities, Capability, CapabilitySet, Credentials, SecureBits};
use linux_raw_sys::{general as linux, prctl as pr};
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// `struct __user_cap_data_struct`: 32 capabilities of each set.
#[derive(Clone, Copy, Default, FromBytes, Immutable, IntoBytes)]
#[repr(C)]
struct Part {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// `struct __user_cap_header_struct`.
type Header = [u32; 2];

/// How many [`Part`]s a version of the interface has.
fn parts(version: u32) -> Option<usize> {
    match version {
        linux::_LINUX_CAPABILITY_VERSION_1 => Some(linux::_LINUX_CAPABILITY_U32S_1 as usize),
        linux::_LINUX_CAPABILITY_VERSION_2 | linux::_LINUX_CAPABILITY_VERSION_3 => {
            Some(linux::_LINUX_CAPABILITY_U32S_3 as usize)
        }
        _ => None,
    }
}

/// Reads the header: how many parts follow, and whom it is about. A version that is not known is answered with the newest one.
///
/// # Errors
/// `EFAULT`; `EINVAL` for an unknown version.
fn read_header(call: &Call<'_>, header: usize) -> Result<(usize, u32), Errno> {
    let [version, pid] = call.read::<Header>(header)?;
    match parts(version) {
        Some(parts) => Ok((parts, pid)),
        None => {
            call.write(header, &linux::_LINUX_CAPABILITY_VERSION_3)?;
            Err(Errno::EINVAL)
        }
    }
}

/// `capget(2)`.
pub(super) fn capget(call: &mut Call<'_>, [header, data, ..]: [usize; 6]) -> Result<usize, Errno> {
    let (parts, pid) = match read_header(call, header) {
        Err(Errno::EINVAL) if data == 0 => return Ok(0), // a question about versions
        read => read?,
    };
    if data == 0 {
        return Ok(0);
    }
    if pid.cast_signed() < 0 {
        return Err(Errno::EINVAL);
    }
    let sets = process_or_self(call, pid as usize)?.credentials().capabilities;
    let mut both = [Part::default(); 2];
    for (part, shift) in both.iter_mut().zip([0, 32]) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the other half is in the other part"
        )]
        let half = |set: CapabilitySet| (set.bits() >> shift) as u32;
        *part = Part {
            effective: half(sets.effective),
            permitted: half(sets.permitted),
            inheritable: half(sets.inheritable),
        };
    }
    match parts {
        1 => call.write(data, &both[0])?,
        _ => call.write(data, &both)?,
    }
    Ok(0)
}

/// `capset(2)`.
pub(super) fn capset(call: &mut Call<'_>, [header, data, ..]: [usize; 6]) -> Result<usize, Errno> {
    let (parts, pid) = read_header(call, header)?;
    if pid != 0 && pid != call.process().pid && pid != call.thread.tid() {
        return Err(Errno::EPERM);
    }
    let [low, high] = match parts {
        1 => [call.read::<Part>(data)?, Part::default()],
        _ => call.read::<[Part; 2]>(data)?,
    };
    let set = |low: u32, high: u32| CapabilitySet::from_bits(u64::from(low) | u64::from(high) << 32);
    let permitted = set(low.permitted, high.permitted);
    let effective = set(low.effective, high.effective);
    let inheritable = set(low.inheritable, high.inheritable);
    change(call, |sets, may_set| {
        let inherits = sets.inheritable | if may_set { sets.bounding } else { sets.permitted };
        let allowed = inheritable.is_within(inherits)
            && inheritable.is_within(sets.inheritable | sets.bounding)
            && permitted.is_within(sets.permitted)
            && effective.is_within(permitted);
        allow(allowed)?;
        *sets = Capabilities {
            permitted,
            effective,
            inheritable,
            ambient: sets.ambient & permitted & inheritable,
            ..*sets
        };
        Ok(())
    })
}

fn allow(condition: bool) -> Result<(), Errno> {
    if condition { Ok(()) } else { Err(Errno::EPERM) }
}

/// Changes the sets of the caller; the function is told whether it has `CAP_SETPCAP`.
fn change(
    call: &Call<'_>,
    change: impl FnOnce(&mut Capabilities, bool) -> Result<(), Errno>,
) -> Result<usize, Errno> {
    let mut new: Credentials = (*call.process().credentials()).clone();
    let may_set = new.can(Capability::Setpcap);
    change(&mut new.capabilities, may_set)?;
    call.process().set_credentials(new);
    Ok(0)
}

/// The options of `prctl(2)` about capabilities; `None` for the others.
pub(super) fn prctl(call: &Call<'_>, option: u32, arguments: [usize; 4]) -> Option<Result<usize, Errno>> {
    let sets = || call.process().credentials().capabilities;
    let [argument, ..] = arguments;
    Some(match option {
        pr::PR_CAPBSET_READ => CapabilitySet::of_number(argument)
            .map(|one| usize::from(one.is_within(sets().bounding)))
            .ok_or(Errno::EINVAL),
        pr::PR_CAPBSET_DROP => change(call, |sets, may_set| {
            allow(may_set)?;
            let one = CapabilitySet::of_number(argument).ok_or(Errno::EINVAL)?;
            sets.bounding = sets.bounding.without(one);
            Ok(())
        }),
        pr::PR_GET_SECUREBITS => Ok(sets().secure.bits() as usize),
        pr::PR_SET_SECUREBITS => change(call, |sets, may_set| {
            let new = sets.secure.changed_to(argument).filter(|_| may_set);
            sets.secure = new.ok_or(Errno::EPERM)?;
            Ok(())
        }),
        pr::PR_GET_KEEPCAPS => Ok(usize::from(sets().secure.has(SecureBits::KEEP_CAPABILITIES))),
        pr::PR_SET_KEEPCAPS if argument > 1 => Err(Errno::EINVAL),
        pr::PR_SET_KEEPCAPS => change(call, |sets, _| {
            allow(!sets.secure.locks(SecureBits::KEEP_CAPABILITIES))?;
            sets.secure = sets.secure.with(SecureBits::KEEP_CAPABILITIES, argument == 1);
            Ok(())
        }),
        pr::PR_CAP_AMBIENT => ambient(call, arguments),
        _ => return None,
    })
}

/// `PR_CAP_AMBIENT`.
fn ambient(call: &Call<'_>, [operation, number, rest @ ..]: [usize; 4]) -> Result<usize, Errno> {
    let operation = u32::try_from(operation).map_err(|_| Errno::EINVAL)?;
    if rest != [0; 2] {
        return Err(Errno::EINVAL);
    }
    if operation == pr::PR_CAP_AMBIENT_CLEAR_ALL {
        if number != 0 {
            return Err(Errno::EINVAL);
        }
        return change(call, |sets, _| {
            sets.ambient = CapabilitySet::EMPTY;
            Ok(())
        });
    }
    let one = CapabilitySet::of_number(number).ok_or(Errno::EINVAL)?;
    match operation {
        pr::PR_CAP_AMBIENT_IS_SET => {
            let ambient = call.process().credentials().capabilities.ambient;
            Ok(usize::from(one.is_within(ambient)))
        }
        pr::PR_CAP_AMBIENT_RAISE => change(call, |sets, _| {
            let held = one.is_within(sets.permitted & sets.inheritable);
            allow(held && !sets.secure.has(SecureBits::NO_AMBIENT_RAISE))?;
            sets.ambient = sets.ambient | one;
            Ok(())
        }),
        pr::PR_CAP_AMBIENT_LOWER => change(call, |sets, _| {
            sets.ambient = sets.ambient.without(one);
            Ok(())
        }),
        _ => Err(Errno::EINVAL),
    }
}
