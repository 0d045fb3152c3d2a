//! The superuser's rights, one by one (`capabilities(7)`).
//!
//! Invariants, as on Linux:
//! 1. The effective set is within the permitted one.
//! 2. The ambient set is within the permitted and the inheritable one.
//! 3. Nothing joins the bounding set.
//!
//! All threads of a process have the same sets. Files carry none: attributes of the namespace `security` are not kept.

use core::ops::{BitAnd, BitOr};

use linux_raw_sys::general as linux;

/// A right that the kernel asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[expect(missing_docs, reason = "capabilities(7) describes each by its name")]
pub enum Capability {
    Chown = linux::CAP_CHOWN,
    DacOverride = linux::CAP_DAC_OVERRIDE,
    DacReadSearch = linux::CAP_DAC_READ_SEARCH,
    Fowner = linux::CAP_FOWNER,
    Fsetid = linux::CAP_FSETID,
    Kill = linux::CAP_KILL,
    Setgid = linux::CAP_SETGID,
    Setuid = linux::CAP_SETUID,
    Setpcap = linux::CAP_SETPCAP,
    SysChroot = linux::CAP_SYS_CHROOT,
    SysPtrace = linux::CAP_SYS_PTRACE,
    SysAdmin = linux::CAP_SYS_ADMIN,
    IpcOwner = linux::CAP_IPC_OWNER,
    SysNice = linux::CAP_SYS_NICE,
    SysResource = linux::CAP_SYS_RESOURCE,
    SysTime = linux::CAP_SYS_TIME,
    Mknod = linux::CAP_MKNOD,
}

/// A set of capabilities, by number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CapabilitySet(u64);

impl CapabilitySet {
    /// None.
    pub const EMPTY: Self = CapabilitySet(0);
    /// All that there are.
    pub const ALL: Self = CapabilitySet((2 << linux::CAP_LAST_CAP) - 1);
    /// Those that follow the user whose files are used (`capabilities(7)`, "Effect of user ID changes").
    const OF_FILES: Self = CapabilitySet(
        1 << linux::CAP_CHOWN
            | 1 << linux::CAP_MKNOD
            | 1 << linux::CAP_DAC_OVERRIDE
            | 1 << linux::CAP_DAC_READ_SEARCH
            | 1 << linux::CAP_FOWNER
            | 1 << linux::CAP_FSETID
            | 1 << linux::CAP_LINUX_IMMUTABLE
            | 1 << linux::CAP_MAC_OVERRIDE,
    );

    /// From bits; those that mean nothing are dropped.
    pub fn from_bits(bits: u64) -> Self {
        CapabilitySet(bits) & Self::ALL
    }

    /// The capability with this number alone; `None` if there is none.
    pub fn of_number(number: usize) -> Option<Self> {
        (number <= linux::CAP_LAST_CAP as usize).then(|| CapabilitySet(1 << number))
    }

    /// As a bit mask.
    pub fn bits(self) -> u64 {
        self.0
    }

    /// Whether `capability` is among them.
    pub fn has(self, capability: Capability) -> bool {
        self.0 >> (capability as u32) & 1 == 1
    }

    /// Whether all of them are in `other`.
    pub fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// These without those of `other`.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        CapabilitySet(self.0 & !other.0)
    }
}

impl BitOr for CapabilitySet {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        CapabilitySet(self.0 | other.0)
    }
}

impl BitAnd for CapabilitySet {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        CapabilitySet(self.0 & other.0)
    }
}

/// How far user 0 is special (`capabilities(7)`, "The securebits flags"). Every second bit locks the one below it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SecureBits(u32);

impl SecureBits {
    /// `SECBIT_NOROOT`: executing as user 0 gives nothing.
    pub const NO_ROOT: Self = SecureBits(1 << 0);
    /// `SECBIT_NO_SETUID_FIXUP`: changing users changes no sets.
    pub const NO_SETUID_FIXUP: Self = SecureBits(1 << 2);
    /// `SECBIT_KEEP_CAPS`: who stops being user 0 keeps what is permitted.
    pub const KEEP_CAPABILITIES: Self = SecureBits(1 << 4);
    /// `SECBIT_NO_CAP_AMBIENT_RAISE`.
    pub const NO_AMBIENT_RAISE: Self = SecureBits(1 << 6);
    const LOCKS: u32 = 0xaa;
    const ALL: u32 = 0xff;

    /// As a number.
    pub fn bits(self) -> u32 {
        self.0
    }

    /// Whether `bit` is set.
    pub fn has(self, bit: Self) -> bool {
        self.0 & bit.0 != 0
    }

    /// Whether `bit` cannot be changed any more.
    pub fn locks(self, bit: Self) -> bool {
        self.0 & bit.0 << 1 != 0
    }

    /// The same with `bit` set or not.
    #[must_use]
    pub fn with(self, bit: Self, set: bool) -> Self {
        SecureBits(if set { self.0 | bit.0 } else { self.0 & !bit.0 })
    }

    /// What becomes of them when a program asks for `bits`; `None` for bits that are locked or mean nothing.
    pub fn changed_to(self, bits: usize) -> Option<Self> {
        let bits = u32::try_from(bits).ok()?;
        let locks = self.0 & Self::LOCKS;
        let changes_locked = locks >> 1 & (self.0 ^ bits) != 0;
        let unlocks = locks & !bits != 0;
        (!changes_locked && !unlocks && bits & !Self::ALL == 0).then_some(SecureBits(bits))
    }
}

/// The sets of a process.
#[derive(Clone, Copy, Debug)]
pub struct Capabilities {
    /// What it may make effective.
    pub permitted: CapabilitySet,
    /// What the kernel asks for.
    pub effective: CapabilitySet,
    /// What executed files may pass on.
    pub inheritable: CapabilitySet,
    /// What stays when a program is executed that gives no rights.
    pub ambient: CapabilitySet,
    /// The most that executing a file gives.
    pub bounding: CapabilitySet,
    /// How far user 0 is special.
    pub secure: SecureBits,
}

impl Capabilities {
    /// Those with which a process begins that nobody took anything from.
    pub fn of_user(uid: u32) -> Self {
        let held = if uid == 0 {
            CapabilitySet::ALL
        } else {
            CapabilitySet::EMPTY
        };
        Capabilities {
            permitted: held,
            effective: held,
            inheritable: CapabilitySet::EMPTY,
            ambient: CapabilitySet::EMPTY,
            bounding: CapabilitySet::ALL,
            secure: SecureBits::default(),
        }
    }

    /// The users, real, effective and saved, have changed.
    pub fn follow_users(&mut self, before: [u32; 3], after: [u32; 3]) {
        if self.secure.has(SecureBits::NO_SETUID_FIXUP) {
            return;
        }
        if before.contains(&0) && !after.contains(&0) {
            if !self.secure.has(SecureBits::KEEP_CAPABILITIES) {
                self.permitted = CapabilitySet::EMPTY;
                self.effective = CapabilitySet::EMPTY;
            }
            self.ambient = CapabilitySet::EMPTY;
        }
        match (before[1], after[1]) {
            (0, 1..) => self.effective = CapabilitySet::EMPTY,
            (1.., 0) => self.effective = self.permitted,
            _ => {}
        }
    }

    /// The user whose files are used has changed (`setfsuid(2)`).
    pub fn follow_file_user(&mut self, before: u32, after: u32) {
        if self.secure.has(SecureBits::NO_SETUID_FIXUP) {
            return;
        }
        match (before, after) {
            (0, 1..) => self.effective = self.effective.without(CapabilitySet::OF_FILES),
            (1.., 0) => self.effective = self.effective | self.permitted & CapabilitySet::OF_FILES,
            _ => {}
        }
    }

    /// The same as seen by `access(2)`, which asks for the real user.
    #[must_use]
    pub fn as_real(mut self, uid: u32) -> Self {
        if !self.secure.has(SecureBits::NO_SETUID_FIXUP) {
            self.effective = if uid == 0 {
                self.permitted
            } else {
                CapabilitySet::EMPTY
            };
        }
        self
    }

    /// What executing a file permits to a process with these users that is not to be kept from anything, before the ambient
    /// set is added (`capabilities(7)`, "Capabilities and execution of programs by root").
    pub fn given_by_execution(&self, real: u32, effective: u32) -> CapabilitySet {
        if (real == 0 || effective == 0) && !self.secure.has(SecureBits::NO_ROOT) {
            self.bounding | self.inheritable
        } else {
            CapabilitySet::EMPTY
        }
    }

    /// The sets after a file has been executed by which `given` is permitted. All of it is effective for effective user 0.
    #[must_use]
    pub fn after_execution(mut self, given: CapabilitySet, effective: u32, changes_id: bool) -> Self {
        if changes_id {
            self.ambient = CapabilitySet::EMPTY;
        }
        self.permitted = given | self.ambient;
        self.effective = if effective == 0 && !self.secure.has(SecureBits::NO_ROOT) {
            self.permitted
        } else {
            self.ambient
        };
        self.secure = self.secure.with(SecureBits::KEEP_CAPABILITIES, false);
        self
    }
}
