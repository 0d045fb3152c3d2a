//! Who asks, and what file permissions say to that (`credentials(7)`, `path_resolution(7)`).

use alloc::sync::Arc;

use linux_raw_sys::general::{R_OK, S_ISGID, S_ISUID, S_IXGRP, W_OK, X_OK};

use super::capabilities::{Capabilities, Capability};
use super::{FileType, Metadata};
use crate::error::Errno;

/// The user and groups on whose behalf files are used.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The real user.
    pub uid: u32,
    /// The effective user.
    pub euid: u32,
    /// The saved user.
    pub suid: u32,
    /// The real group.
    pub gid: u32,
    /// The effective group.
    pub egid: u32,
    /// The saved group.
    pub sgid: u32,
    /// The user that file permissions are checked for: the effective one, unless `setfsuid(2)` says otherwise.
    pub fs_uid: u32,
    /// The group that file permissions are checked for.
    pub fs_gid: u32,
    /// Supplementary groups.
    pub groups: Arc<[u32]>,
    /// Which of the superuser's rights it has.
    pub capabilities: Capabilities,
}

/// What is to be done with a file: a set of the bits of `access(2)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access(u32);

impl Access {
    /// Nothing but being there.
    pub const NONE: Access = Access(0);
    /// Read a file, list a directory.
    pub const READ: Access = Access(R_OK);
    /// Write a file, change the names in a directory.
    pub const WRITE: Access = Access(W_OK);
    /// Execute a file, pass through a directory.
    pub const EXECUTE: Access = Access(X_OK);

    /// The bits of `access(2)`; `None` if there are others.
    pub fn from_bits(bits: u32) -> Option<Access> {
        (bits & !(R_OK | W_OK | X_OK) == 0).then_some(Access(bits))
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Access) -> Access {
        Access(self.0 | other.0)
    }

    fn contains(self, other: Access) -> bool {
        self.0 & other.0 == other.0
    }
}

impl Credentials {
    /// A user with one group.
    pub fn of(uid: u32, gid: u32) -> Self {
        Credentials {
            uid,
            euid: uid,
            suid: uid,
            gid,
            egid: gid,
            sgid: gid,
            fs_uid: uid,
            fs_gid: gid,
            groups: Arc::new([]),
            capabilities: Capabilities::of_user(uid),
        }
    }

    /// The superuser.
    pub fn root() -> Self {
        Credentials::of(0, 0)
    }

    /// The same with the real user and group in charge of files, as `access(2)` wants them.
    #[must_use]
    pub fn as_real(&self) -> Self {
        Credentials {
            fs_uid: self.uid,
            fs_gid: self.gid,
            capabilities: self.capabilities.as_real(self.uid),
            ..self.clone()
        }
    }

    /// The rights after a file has been executed: with `gives_rights`, those of its owner or group if it says so
    /// (`execve(2)`, set-user-ID). Who is kept from that gains no capabilities either.
    #[must_use]
    pub fn after_execution(&self, file: &Metadata, gives_rights: bool) -> Self {
        let mut new = self.clone();
        let says = |bits: u32| gives_rights && file.permissions & bits == bits;
        if says(S_ISUID) {
            new.euid = file.uid;
        }
        if says(S_ISGID | S_IXGRP) {
            new.egid = file.gid;
        }
        (new.suid, new.fs_uid) = (new.euid, new.euid);
        (new.sgid, new.fs_gid) = (new.egid, new.egid);
        let mut given = self.capabilities.given_by_execution(new.uid, new.euid);
        if !gives_rights {
            given = given & self.capabilities.permitted;
        }
        let changes_id = (new.euid, new.egid) != (self.euid, self.egid);
        new.capabilities = self.capabilities.after_execution(given, new.euid, changes_id);
        new
    }

    /// Whether the process may do what this capability allows.
    pub fn can(&self, capability: Capability) -> bool {
        self.capabilities.effective.has(capability)
    }

    /// Whether signals may be sent to a process with the rights `target` (`kill(2)`).
    pub fn may_signal(&self, target: &Credentials) -> bool {
        let same = |id: u32| id == target.uid || id == target.suid;
        same(self.uid) || same(self.euid) || self.can(Capability::Kill)
    }

    /// Whether a process with these rights may look into one with the rights `target` (`ptrace(2)`,
    /// `PTRACE_MODE_ATTACH_REALCREDS`).
    pub fn may_inspect(&self, target: &Credentials) -> bool {
        let same_user = [target.uid, target.euid, target.suid]
            .iter()
            .all(|&id| id == self.uid);
        let same_group = [target.gid, target.egid, target.sgid]
            .iter()
            .all(|&id| id == self.gid);
        let (own, theirs) = (&self.capabilities, &target.capabilities);
        same_user && same_group && theirs.permitted.is_within(own.permitted)
            || self.can(Capability::SysPtrace)
    }

    /// Whether every directory may be passed through.
    pub fn searches_everywhere(&self) -> bool {
        self.can(Capability::DacOverride) || self.can(Capability::DacReadSearch)
    }

    /// Whether `gid` is one of the groups.
    pub fn in_group(&self, gid: u32) -> bool {
        self.fs_gid == gid || self.groups.contains(&gid)
    }

    /// Whether this is the owner of the file, or may do what only owners may.
    pub fn owns(&self, metadata: &Metadata) -> bool {
        self.fs_uid == metadata.uid || self.can(Capability::Fowner)
    }

    /// Checks the permission bits of a file.
    ///
    /// # Errors
    /// `EACCES` if they do not allow `access`.
    pub fn check(&self, metadata: &Metadata, access: Access) -> Result<(), Errno> {
        let class = if self.fs_uid == metadata.uid {
            metadata.permissions >> 6
        } else if self.in_group(metadata.gid) {
            metadata.permissions >> 3
        } else {
            metadata.permissions
        };
        let allowed = Access(class & 7).contains(access) || self.overrides(metadata, access);
        if allowed { Ok(()) } else { Err(Errno::EACCES) }
    }

    /// Whether capabilities allow what permission bits do not.
    fn overrides(&self, metadata: &Metadata, access: Access) -> bool {
        let is_directory = metadata.kind == FileType::Directory;
        // Nobody executes a file that nobody may.
        let executable = is_directory || metadata.permissions & 0o111 != 0;
        let harmless = if is_directory {
            Access::READ.and(Access::EXECUTE)
        } else {
            Access::READ
        };
        (executable || !access.contains(Access::EXECUTE)) && self.can(Capability::DacOverride)
            || harmless.contains(access) && self.can(Capability::DacReadSearch)
    }

    /// Checks the sticky bit: in such a directory only the owner of a file, or of the directory, may remove it
    /// (`unlink(2)`).
    ///
    /// # Errors
    /// `EPERM` if it forbids to remove `child` from `directory`.
    pub fn check_sticky(&self, directory: &Metadata, child: impl FnOnce() -> Metadata) -> Result<(), Errno> {
        let sticky = directory.permissions & linux_raw_sys::general::S_ISVTX != 0;
        if sticky && !self.owns(directory) && !self.owns(&child()) {
            Err(Errno::EPERM)
        } else {
            Ok(())
        }
    }
}
