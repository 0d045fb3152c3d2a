//! [`SignalInfo`]: why a signal was sent (`sigaction(2)`, "The siginfo_t argument").

use super::Signal;

/// What the handler is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignalInfo {
    /// The signal.
    pub signal: Signal,
    /// `si_code`.
    pub code: i32,
    /// What depends on the code.
    pub details: Details,
}

/// The fields after `si_code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Details {
    /// `si_pid`, `si_uid`, and `si_value` where a value was sent.
    Sender {
        /// Who.
        pid: u32,
        /// Whose.
        uid: u32,
        /// With what.
        value: u64,
    },
    /// `si_pid`, `si_uid`, `si_status`, `si_utime` and `si_stime` of SIGCHLD.
    Child {
        /// Which child.
        pid: u32,
        /// Whose.
        uid: u32,
        /// Its exit status, or the signal.
        status: u32,
        /// Its time in ring 3, in ticks of `times(2)`.
        user_ticks: u64,
        /// Its time in the kernel, in ticks.
        system_ticks: u64,
    },
    /// `si_addr` of a fault.
    Address(u64),
    /// All bytes after `si_code`, as a program gave them (`rt_sigqueueinfo(2)`).
    Raw([u8; 112]),
}

/// `si_code` values.
pub(crate) mod code {
    pub(crate) const SI_USER: i32 = 0;
    pub(crate) const SI_KERNEL: i32 = 0x80;
    pub(crate) const SI_TKILL: i32 = -6;
    pub(crate) const ILL_ILLOPN: i32 = 2;
    pub(crate) const FPE_INTDIV: i32 = 1;
    pub(crate) const FPE_FLTINV: i32 = 7;
    pub(crate) const SEGV_MAPERR: i32 = 1;
    pub(crate) const SEGV_ACCERR: i32 = 2;
    pub(crate) const BUS_ADRALN: i32 = 1;
    pub(crate) const BUS_ADRERR: i32 = 2;
    pub(crate) const TRAP_TRACE: i32 = 2;
}

impl SignalInfo {
    /// A signal that the kernel sends for no particular reason.
    pub fn from_kernel(signal: Signal) -> SignalInfo {
        SignalInfo {
            signal,
            code: code::SI_KERNEL,
            details: Details::Address(0),
        }
    }

    /// A signal sent by a process, with `kill` or `tgkill`.
    pub fn from_process(signal: Signal, code: i32, pid: u32, uid: u32) -> SignalInfo {
        SignalInfo {
            signal,
            code,
            details: Details::Sender { pid, uid, value: 0 },
        }
    }

    /// The 128 bytes of `siginfo_t`.
    pub fn to_bytes(self) -> [u8; 128] {
        let mut bytes = [0; 128];
        let mut put =
            |offset: usize, field: &[u8]| bytes[offset..offset + field.len()].copy_from_slice(field);
        put(0, &u32::from(self.signal.number()).to_le_bytes());
        put(8, &self.code.to_le_bytes());
        match self.details {
            Details::Sender { pid, uid, value } => {
                put(16, &pid.to_le_bytes());
                put(20, &uid.to_le_bytes());
                put(24, &value.to_le_bytes());
            }
            Details::Child {
                pid,
                uid,
                status,
                user_ticks,
                system_ticks,
            } => {
                put(16, &pid.to_le_bytes());
                put(20, &uid.to_le_bytes());
                put(24, &status.to_le_bytes());
                put(32, &user_ticks.to_le_bytes());
                put(40, &system_ticks.to_le_bytes());
            }
            Details::Address(address) => put(16, &address.to_le_bytes()),
            Details::Raw(raw) => put(16, &raw),
        }
        bytes
    }
}
