//! Resource limits (`getrlimit(2)`).

use crate::error::Errno;
use linux_raw_sys::general as linux;

/// No limit.
const INFINITY: u64 = u64::MAX;

/// A soft and a hard limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What holds.
    pub soft: u64,
    /// How far the soft one may be raised.
    pub hard: u64,
}

/// The limits of a process, by `RLIMIT_*`.
#[derive(Clone, Copy, Debug)]
pub struct Limits([Limit; 16]);

impl Default for Limits {
    /// What Linux gives its first process, but for 8 MiB of stack as the soft limit.
    fn default() -> Self {
        let mut limits = [Limit {
            soft: INFINITY,
            hard: INFINITY,
        }; 16];
        let mut set = |which: u32, soft, hard| limits[which as usize] = Limit { soft, hard };
        set(linux::RLIMIT_STACK, 8 << 20, INFINITY);
        set(linux::RLIMIT_CORE, 0, INFINITY);
        set(linux::RLIMIT_NOFILE, 1024, 4096);
        set(linux::RLIMIT_MEMLOCK, 8 << 20, 8 << 20);
        set(linux::RLIMIT_SIGPENDING, 1024, 1024);
        set(linux::RLIMIT_MSGQUEUE, 819_200, 819_200);
        set(linux::RLIMIT_NICE, 0, 0);
        set(linux::RLIMIT_RTPRIO, 0, 0);
        Limits(limits)
    }
}

impl Limits {
    /// The limit of a resource.
    ///
    /// # Errors
    /// `EINVAL` if there is no such resource.
    pub fn get(&self, resource: usize) -> Result<Limit, Errno> {
        self.0.get(resource).copied().ok_or(Errno::EINVAL)
    }

    /// Sets the limit of a resource.
    ///
    /// # Errors
    /// `EINVAL` if there is no such resource or the soft limit is above the hard one; `EPERM` for a higher hard
    /// limit without privilege.
    pub fn set(&mut self, resource: usize, limit: Limit, privileged: bool) -> Result<(), Errno> {
        let old = self.0.get_mut(resource).ok_or(Errno::EINVAL)?;
        if limit.soft > limit.hard {
            return Err(Errno::EINVAL);
        }
        if limit.hard > old.hard && !privileged {
            return Err(Errno::EPERM);
        }
        *old = limit;
        Ok(())
    }

    /// `RLIMIT_NOFILE`: file descriptors are below it.
    pub fn open_files(&self) -> u32 {
        u32::try_from(self.0[linux::RLIMIT_NOFILE as usize].soft).unwrap_or(u32::MAX)
    }

    /// `RLIMIT_SIGPENDING`: so many signals may wait for a user before real-time ones are refused.
    pub fn pending_signals(&self) -> u64 {
        self.0[linux::RLIMIT_SIGPENDING as usize].soft
    }

    /// `RLIMIT_CPU`, in seconds.
    pub fn cpu_time(&self) -> Limit {
        self.0[linux::RLIMIT_CPU as usize]
    }

    /// `RLIMIT_STACK`.
    pub fn stack(&self) -> u64 {
        self.0[linux::RLIMIT_STACK as usize].soft
    }

    /// `RLIMIT_FSIZE`.
    pub fn file_size(&self) -> u64 {
        self.0[linux::RLIMIT_FSIZE as usize].soft
    }

    /// `RLIMIT_NPROC`: the most processes that a user may have.
    pub fn processes(&self) -> u64 {
        self.0[linux::RLIMIT_NPROC as usize].soft
    }

    /// `RLIMIT_AS`.
    pub fn address_space(&self) -> usize {
        usize::try_from(self.0[linux::RLIMIT_AS as usize].soft).unwrap_or(usize::MAX)
    }
}
