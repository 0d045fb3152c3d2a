//! Users and groups of a process, and changing them (`credentials(7)`, "User and group identifiers").
//!
//! All threads of a process have the same: libc's own broadcast of a change to every thread finds it done.

use super::Call;
use super::call::{int, unsigned};
use crate::error::Errno;
use crate::vfs::{Capability, Credentials};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// What the calls take for "leave it".
const KEEP: u32 = u32::MAX;

/// `getuid(2)`.
pub(super) fn getuid(call: &mut Call<'_>, _: [usize; 6]) -> Result<usize, Errno> {
    Ok(call.process().credentials().uid as usize)
}

/// `geteuid(2)`.
pub(super) fn geteuid(call: &mut Call<'_>, _: [usize; 6]) -> Result<usize, Errno> {
    Ok(call.process().credentials().euid as usize)
}

/// `getgid(2)`.
pub(super) fn getgid(call: &mut Call<'_>, _: [usize; 6]) -> Result<usize, Errno> {
    Ok(call.process().credentials().gid as usize)
}

/// `getegid(2)`.
pub(super) fn getegid(call: &mut Call<'_>, _: [usize; 6]) -> Result<usize, Errno> {
    Ok(call.process().credentials().egid as usize)
}

/// `getresuid(2)`.
pub(super) fn getresuid(
    call: &mut Call<'_>,
    [real, effective, saved, ..]: [usize; 6],
) -> Result<usize, Errno> {
    let now = call.process().credentials();
    call.write(real, &now.uid)?;
    call.write(effective, &now.euid)?;
    call.write(saved, &now.suid)?;
    Ok(0)
}

/// `getresgid(2)`.
pub(super) fn getresgid(
    call: &mut Call<'_>,
    [real, effective, saved, ..]: [usize; 6],
) -> Result<usize, Errno> {
    let now = call.process().credentials();
    call.write(real, &now.gid)?;
    call.write(effective, &now.egid)?;
    call.write(saved, &now.sgid)?;
    Ok(0)
}

/// Changes a copy of what the caller has.
fn change(
    call: &Call<'_>,
    change: impl FnOnce(&mut Credentials) -> Result<(), Errno>,
) -> Result<usize, Errno> {
    let mut new = (*call.process().credentials()).clone();
    change(&mut new)?;
    call.process().set_credentials(new);
    Ok(0)
}

fn allow(condition: bool) -> Result<(), Errno> {
    if condition { Ok(()) } else { Err(Errno::EPERM) }
}

/// The three users, or the three groups: real, effective, saved.
type Three = [u32; 3];

impl Credentials {
    fn users(&self) -> Three {
        [self.uid, self.euid, self.suid]
    }

    fn set_users(&mut self, [uid, euid, suid]: Three) {
        self.capabilities.follow_users(self.users(), [uid, euid, suid]);
        (self.uid, self.euid, self.suid, self.fs_uid) = (uid, euid, suid, euid);
    }

    fn groups_of_process(&self) -> Three {
        [self.gid, self.egid, self.sgid]
    }

    fn set_groups_of_process(&mut self, [gid, egid, sgid]: Three) {
        (self.gid, self.egid, self.sgid, self.fs_gid) = (gid, egid, sgid, egid);
    }
}

/// `setuid(2)` and `setgid(2)`: all three with privilege, else the effective one to the real or the saved.
fn set(now: Three, wanted: u32, privileged: bool) -> Result<Three, Errno> {
    if wanted == KEEP {
        return Err(Errno::EINVAL);
    }
    if privileged {
        return Ok([wanted; 3]);
    }
    allow(wanted == now[0] || wanted == now[2])?;
    Ok([now[0], wanted, now[2]])
}

/// `setreuid(2)` and `setregid(2)`.
fn set_two(now: Three, [real, effective]: [u32; 2], privileged: bool) -> Result<Three, Errno> {
    let new_real = if real == KEEP { now[0] } else { real };
    let new_effective = if effective == KEEP { now[1] } else { effective };
    allow(privileged || new_real == now[0] || new_real == now[1])?;
    allow(privileged || effective == KEEP || now.contains(&effective))?;
    let sets_saved = real != KEEP || effective != KEEP && effective != now[0];
    Ok([
        new_real,
        new_effective,
        if sets_saved { new_effective } else { now[2] },
    ])
}

/// `setresuid(2)` and `setresgid(2)`.
fn set_three(now: Three, wanted: Three, privileged: bool) -> Result<Three, Errno> {
    let mut new = now;
    for (place, wanted) in new.iter_mut().zip(wanted) {
        if wanted != KEEP {
            allow(privileged || now.contains(&wanted))?;
            *place = wanted;
        }
    }
    Ok(new)
}

/// `setuid(2)`.
pub(super) fn setuid(call: &mut Call<'_>, [uid, ..]: [usize; 6]) -> Result<usize, Errno> {
    change(call, |it| {
        let users = set(it.users(), unsigned(uid), it.can(Capability::Setuid))?;
        it.set_users(users);
        Ok(())
    })
}

/// `setgid(2)`.
pub(super) fn setgid(call: &mut Call<'_>, [gid, ..]: [usize; 6]) -> Result<usize, Errno> {
    change(call, |it| {
        let groups = set(it.groups_of_process(), unsigned(gid), it.can(Capability::Setgid))?;
        it.set_groups_of_process(groups);
        Ok(())
    })
}

/// `setreuid(2)`.
pub(super) fn setreuid(call: &mut Call<'_>, [real, effective, ..]: [usize; 6]) -> Result<usize, Errno> {
    change(call, |it| {
        let users = set_two(
            it.users(),
            [unsigned(real), unsigned(effective)],
            it.can(Capability::Setuid),
        )?;
        it.set_users(users);
        Ok(())
    })
}

/// `setregid(2)`.
pub(super) fn setregid(call: &mut Call<'_>, [real, effective, ..]: [usize; 6]) -> Result<usize, Errno> {
    change(call, |it| {
        let groups = set_two(
            it.groups_of_process(),
            [unsigned(real), unsigned(effective)],
            it.can(Capability::Setgid),
        )?;
        it.set_groups_of_process(groups);
        Ok(())
    })
}

/// `setresuid(2)`.
pub(super) fn setresuid(
    call: &mut Call<'_>,
    [real, effective, saved, ..]: [usize; 6],
) -> Result<usize, Errno> {
    change(call, |it| {
        let wanted = [real, effective, saved].map(unsigned);
        let users = set_three(it.users(), wanted, it.can(Capability::Setuid))?;
        it.set_users(users);
        Ok(())
    })
}

/// `setresgid(2)`.
pub(super) fn setresgid(
    call: &mut Call<'_>,
    [real, effective, saved, ..]: [usize; 6],
) -> Result<usize, Errno> {
    change(call, |it| {
        let wanted = [real, effective, saved].map(unsigned);
        let groups = set_three(it.groups_of_process(), wanted, it.can(Capability::Setgid))?;
        it.set_groups_of_process(groups);
        Ok(())
    })
}

/// `setfsuid(2)`: always returns what it was.
pub(super) fn setfsuid(call: &mut Call<'_>, [uid, ..]: [usize; 6]) -> Result<usize, Errno> {
    let before = call.process().credentials().fs_uid as usize;
    change(call, |it| {
        let uid = unsigned(uid);
        if uid != KEEP && (it.can(Capability::Setuid) || uid == it.fs_uid || it.users().contains(&uid)) {
            it.capabilities.follow_file_user(it.fs_uid, uid);
            it.fs_uid = uid;
        }
        Ok(())
    })?;
    Ok(before)
}

/// `setfsgid(2)`: always returns what it was.
pub(super) fn setfsgid(call: &mut Call<'_>, [gid, ..]: [usize; 6]) -> Result<usize, Errno> {
    let before = call.process().credentials().fs_gid as usize;
    change(call, |it| {
        let gid = unsigned(gid);
        if gid != KEEP
            && (it.can(Capability::Setgid) || gid == it.fs_gid || it.groups_of_process().contains(&gid))
        {
            it.fs_gid = gid;
        }
        Ok(())
    })?;
    Ok(before)
}

/// The most supplementary groups (`NGROUPS_MAX`).
const GROUPS_MOST: usize = 65536;

/// `getgroups(2)`.
pub(super) fn getgroups(call: &mut Call<'_>, [size, list, ..]: [usize; 6]) -> Result<usize, Errno> {
    let groups = call.process().credentials().groups.clone();
    let size = usize::try_from(int(size)).map_err(|_| Errno::EINVAL)?;
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

/// `setgroups(2)`.
pub(super) fn setgroups(call: &mut Call<'_>, [size, list, ..]: [usize; 6]) -> Result<usize, Errno> {
    allow(call.process().credentials().can(Capability::Setgid))?;
    let size = usize::try_from(int(size)).map_err(|_| Errno::EINVAL)?;
    if size > GROUPS_MOST {
        return Err(Errno::EINVAL);
    }
    let mut groups = Vec::new();
    groups.try_reserve_exact(size)?;
    for index in 0..size {
        groups.push(call.read::<u32>(list.wrapping_add(4 * index))?);
    }
    change(call, |it| {
        it.groups = Arc::from(groups);
        Ok(())
    })
}
