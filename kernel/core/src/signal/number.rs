//! Signal numbers and sets of them.

use crate::error::Errno;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// A signal, 1 to 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signal(u8);

/// What a signal does when the program has said nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultAction {
    /// Ends the process; those that would dump core are told apart.
    Terminate {
        /// Linux would write a core file.
        core: bool,
    },
    /// Nothing.
    Ignore,
    /// Stops the process.
    Stop,
    /// Continues it.
    Continue,
}

#[expect(missing_docs, reason = "signal(7) names them")]
impl Signal {
    pub const SIGHUP: Signal = Signal(1);
    pub const SIGINT: Signal = Signal(2);
    pub const SIGQUIT: Signal = Signal(3);
    pub const SIGILL: Signal = Signal(4);
    pub const SIGTRAP: Signal = Signal(5);
    pub const SIGABRT: Signal = Signal(6);
    pub const SIGBUS: Signal = Signal(7);
    pub const SIGFPE: Signal = Signal(8);
    pub const SIGKILL: Signal = Signal(9);
    pub const SIGSEGV: Signal = Signal(11);
    pub const SIGPIPE: Signal = Signal(13);
    pub const SIGALRM: Signal = Signal(14);
    pub const SIGTERM: Signal = Signal(15);
    pub const SIGCHLD: Signal = Signal(17);
    pub const SIGCONT: Signal = Signal(18);
    pub const SIGSTOP: Signal = Signal(19);
    pub const SIGTSTP: Signal = Signal(20);
    pub const SIGTTIN: Signal = Signal(21);
    pub const SIGTTOU: Signal = Signal(22);
    pub const SIGXCPU: Signal = Signal(24);
    pub const SIGXFSZ: Signal = Signal(25);
    pub const SIGVTALRM: Signal = Signal(26);
    pub const SIGPROF: Signal = Signal(27);
    pub const SIGWINCH: Signal = Signal(28);
    pub const SIGIO: Signal = Signal(29);
    pub const SIGSYS: Signal = Signal(31);
}

impl Signal {
    /// How many there are.
    pub const COUNT: usize = 64;

    /// The signal of that number.
    ///
    /// # Errors
    /// `EINVAL` if there is none.
    pub fn new(number: usize) -> Result<Signal, Errno> {
        #[expect(clippy::cast_possible_truncation, reason = "at most 64")]
        match number {
            1..=Signal::COUNT => Ok(Signal(number as u8)),
            _ => Err(Errno::EINVAL),
        }
    }

    /// Its number.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Its place in a table of all.
    pub(super) fn index(self) -> usize {
        usize::from(self.0.wrapping_sub(1)) % Signal::COUNT // as it is at most that, to spare a check
    }

    /// The set of it alone, as bits.
    #[inline]
    pub(super) const fn bit(self) -> u64 {
        1_u64.wrapping_shl(self.0.wrapping_sub(1) as u32) // as above
    }

    /// What it does by default (`signal(7)`, "Standard signals").
    pub fn default_action(self) -> DefaultAction {
        match self.0 {
            17 | 23 | 28 => DefaultAction::Ignore,
            18 => DefaultAction::Continue,
            19..=22 => DefaultAction::Stop,
            3..=8 | 11 | 24 | 25 | 31 => DefaultAction::Terminate { core: true },
            _ => DefaultAction::Terminate { core: false },
        }
    }

    /// Whether it may be neither blocked nor handled.
    pub fn is_absolute(self) -> bool {
        matches!(self, Signal::SIGKILL | Signal::SIGSTOP)
    }

    /// Whether several of it may wait.
    pub const fn is_real_time(self) -> bool {
        self.0 >= 32
    }
}

/// A set of signals, as the program writes it: bit `n - 1` for signal `n`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable)]
#[repr(transparent)]
pub struct SignalSet(u64);

impl SignalSet {
    /// No signal.
    pub const EMPTY: SignalSet = SignalSet(0);

    /// From the program's bits.
    pub const fn from_bits(bits: u64) -> SignalSet {
        SignalSet(bits)
    }

    /// The program's bits.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether `signal` is in it.
    pub const fn contains(self, signal: Signal) -> bool {
        self.0 & signal.bit() != 0
    }

    /// This set and `signal`.
    #[must_use]
    pub const fn with(self, signal: Signal) -> SignalSet {
        SignalSet(self.0 | signal.bit())
    }

    /// This set but for `signal`.
    #[must_use]
    pub const fn without(self, signal: Signal) -> SignalSet {
        SignalSet(self.0 & !signal.bit())
    }

    /// The signals of either.
    #[must_use]
    pub const fn union(self, other: SignalSet) -> SignalSet {
        SignalSet(self.0 | other.0)
    }

    /// The signals of this set that are not in `other`.
    #[must_use]
    pub const fn minus(self, other: SignalSet) -> SignalSet {
        SignalSet(self.0 & !other.0)
    }

    /// Without those that cannot be blocked.
    #[must_use]
    pub const fn blockable(self) -> SignalSet {
        self.without(Signal::SIGKILL).without(Signal::SIGSTOP)
    }

    /// The signals that faults raise, which are delivered before others.
    const FAULTS: SignalSet = SignalSet::EMPTY
        .with(Signal::SIGSEGV)
        .with(Signal::SIGBUS)
        .with(Signal::SIGILL)
        .with(Signal::SIGTRAP)
        .with(Signal::SIGFPE)
        .with(Signal::SIGSYS);

    /// The signals that stop a process.
    pub const STOPS: SignalSet = SignalSet(0b1111 << 18);

    /// The signals that do nothing by default.
    pub const IGNORED_BY_DEFAULT: SignalSet = SignalSet(1 << 16 | 1 << 17 | 1 << 22 | 1 << 27);

    /// The one of them that is delivered next: those of faults first, then lower numbers first.
    pub fn next(self) -> Option<Signal> {
        let faults = self.0 & Self::FAULTS.0;
        let from = if faults == 0 { self.0 } else { faults };
        (from != 0).then(|| Signal(u8::try_from(from.trailing_zeros()).unwrap_or(0) + 1))
    }

    /// Whether no signal is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The signals of both.
    #[must_use]
    pub const fn and(self, other: SignalSet) -> SignalSet {
        SignalSet(self.0 & other.0)
    }
}
