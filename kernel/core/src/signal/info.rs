//! [`SignalInfo`]: why a signal was sent (`sigaction(2)`, "The siginfo_t argument").

use super::Signal;
use crate::error::Errno;
use threadbare_machine::user::INFO_WORDS;

/// `siginfo_t` has 128 bytes.
pub const SIGINFO_WORDS: usize = 16;

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
    /// `si_addr` of a fault.
    Address(u64),
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
    /// `si_timerid`, `si_overrun` and `si_value` of a timer (`timer_create(2)`).
    Timer {
        /// Which.
        id: u32,
        /// How often it went off before this signal was taken, besides.
        overrun: u32,
        /// What the program gave for it.
        value: u64,
    },
    /// What a program wrote (`rt_sigqueueinfo(2)`): `si_errno`, and as much as Linux keeps of the rest.
    Raw {
        /// `si_errno`.
        errno: i32,
        /// From byte 16 on.
        fields: [u64; 4],
    },
}

/// `si_code` values.
pub(crate) mod code {
    pub(crate) const SI_USER: i32 = 0;
    pub(crate) const SI_KERNEL: i32 = 0x80;
    pub(crate) const SI_QUEUE: i32 = -1;
    pub(crate) const SI_TIMER: i32 = -2;
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

    /// `siginfo_t` as words: those that mean something, and zeroes behind.
    pub fn to_words(self) -> [u64; SIGINFO_WORDS] {
        let mut words = [0; SIGINFO_WORDS];
        words[..INFO_WORDS].copy_from_slice(&self.first_words());
        words
    }

    /// The words of `siginfo_t` that mean something.
    pub(super) fn first_words(&self) -> [u64; INFO_WORDS] {
        let mut words = [0; INFO_WORDS];
        let pair = |low: u32, high: u32| u64::from(high) << 32 | u64::from(low);
        words[0] = u64::from(self.signal.number());
        words[1] = u64::from(self.code.cast_unsigned());
        match self.details {
            Details::Sender { pid, uid, value } => (words[2], words[3]) = (pair(pid, uid), value),
            Details::Address(address) => words[2] = address,
            Details::Child {
                pid,
                uid,
                status,
                user_ticks,
                system_ticks,
            } => {
                (words[2], words[3]) = (pair(pid, uid), u64::from(status));
                (words[4], words[5]) = (user_ticks, system_ticks);
            }
            Details::Timer { id, overrun, value } => (words[2], words[3]) = (pair(id, overrun), value),
            Details::Raw { errno, fields } => {
                words[0] |= u64::from(errno.cast_unsigned()) << 32;
                words[2..6].copy_from_slice(&fields);
            }
        }
        words
    }

    /// What a program wrote as `siginfo_t`, to be sent as `signal`.
    ///
    /// # Errors
    /// `E2BIG` if the bytes that Linux does not keep are not zero, as for all codes whose meaning it does not know.
    pub fn from_words(signal: Signal, words: &[u64; SIGINFO_WORDS]) -> Result<SignalInfo, Errno> {
        let [first, second, fields @ ..] = words;
        let (fields, rest) = fields.split_first_chunk::<4>().ok_or(Errno::EINVAL)?;
        #[expect(clippy::cast_possible_truncation, reason = "halves of a word")]
        let (errno, code) = (
            ((first >> 32) as u32).cast_signed(),
            (*second as u32).cast_signed(),
        );
        let known = matches!(
            code,
            code::SI_QUEUE | code::SI_TIMER | code::SI_TKILL | code::SI_USER
        );
        if !known && rest.iter().any(|&word| word != 0) {
            return Err(Errno::E2BIG);
        }
        Ok(SignalInfo {
            signal,
            code,
            details: Details::Raw {
                errno,
                fields: *fields,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_lie_where_siginfo_has_them() {
        let info = SignalInfo {
            signal: Signal::SIGCHLD,
            code: 1,
            details: Details::Child {
                pid: 7,
                uid: 9,
                status: 3,
                user_ticks: 11,
                system_ticks: 13,
            },
        };
        assert_eq!(info.to_words()[..7], [17, 1, 9 << 32 | 7, 3, 11, 13, 0]);
    }

    #[test]
    fn what_a_program_wrote_comes_back_and_what_means_nothing_is_refused() {
        let mut words = [0; SIGINFO_WORDS];
        words[0] = 5 << 32 | 1; // si_signo is what it is sent as, whatever stands here
        words[1] = 0xffff_ffff; // SI_QUEUE
        words[3] = 42;
        let info = SignalInfo::from_words(Signal::SIGHUP, &words);
        assert_eq!(info.map(SignalInfo::to_words), Ok(words));
        words[1] = 0xffff_ff00;
        words[15] = 1;
        assert_eq!(SignalInfo::from_words(Signal::SIGHUP, &words), Err(Errno::E2BIG));
    }
}
