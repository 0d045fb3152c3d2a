//! What the arguments of a call are.

use crate::flags::Flags;
use crate::table::TABLE;

/// A system call.
#[derive(Clone, Copy)]
pub struct Signature {
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: &'static str,
    /// Its arguments, in order.
    pub arguments: &'static [Kind],
    /// What it returns.
    pub outcome: Outcome,
}

/// What a call returns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// A number.
    Number,
    /// An address or a set.
    Hex,
    /// Permission bits.
    Octal,
    /// Nothing: it does not return.
    Never,
}

/// When the bytes of an argument mean something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// The program gives them.
    Enter,
    /// The kernel gives them.
    Leave,
}

/// What an argument is.
#[derive(Clone, Copy)]
pub enum Kind {
    /// An `int`.
    Int,
    /// A `long`.
    Long,
    /// An `unsigned long`.
    Unsigned,
    /// In hexadecimal, 0 included.
    Hex,
    /// An address that is not looked at.
    Pointer,
    /// Permission bits.
    Mode,
    /// A descriptor.
    Fd,
    /// A descriptor of a directory, or `AT_FDCWD`.
    Directory,
    /// A set of flags, or one of some choices.
    Flags(&'static Flags),
    /// Flags that end the list where they do not call for a mode: those of `open`, and the mode after them.
    OpenFlags,
    /// The number of a signal.
    Signal,
    /// A string that is shown whole.
    Path,
    /// A string.
    Text,
    /// As many bytes as another argument says, given by the program.
    Data {
        /// Which argument.
        length: u8,
    },
    /// As many bytes as the result says, given by the kernel.
    Filled,
    /// A structure.
    One(Structure, When),
    /// As many structures as another argument says.
    Many {
        /// What they are.
        structure: Structure,
        /// Which argument says how many.
        count: u8,
        /// When they are shown.
        when: When,
    },
    /// The arguments of a program.
    Strings,
    /// Its environment, which is only counted.
    Variables,
    /// A request of `ioctl`.
    Request,
    /// A command of `fcntl`, which ends the list where it takes no argument.
    Command,
    /// The flags of `clone`, of which a part is a signal, and the rest of its arguments.
    CloneFlags,
    /// Where a mapping shall be; nowhere in particular is NULL. Its descriptor and offset are the last arguments.
    MapAddress,
}

/// In place of an argument: the result says how many.
pub(crate) const RESULT: u8 = u8::MAX;

/// A structure in memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Structure {
    /// `int`
    Int,
    /// `int[2]`
    Pair,
    /// `long`
    Long,
    /// `struct stat`
    Stat,
    /// `struct statfs`, `struct sysinfo` and such: only its address is shown.
    Opaque,
    /// `struct timespec`
    Timespec,
    /// `struct timeval`
    Timeval,
    /// `struct itimerval`
    Itimerval,
    /// `sigset_t`
    SignalSet,
    /// The kernel's `struct sigaction`
    Action,
    /// What `wait4(2)` tells.
    WaitStatus,
    /// `struct iovec`
    Vector,
    /// `struct pollfd`
    Poll,
    /// `struct epoll_event`
    Epoll,
    /// `struct sockaddr`, with its length in the next argument.
    Address,
    /// `struct rlimit`
    Limit,
    /// `struct utsname`
    Names,
    /// `struct winsize`
    Window,
}

impl Structure {
    /// Its size in bytes.
    pub const fn size(self) -> usize {
        match self {
            Structure::Int | Structure::WaitStatus => 4,
            Structure::Pair
            | Structure::Long
            | Structure::SignalSet
            | Structure::Poll
            | Structure::Window => 8,
            Structure::Timespec | Structure::Timeval | Structure::Vector | Structure::Limit => 16,
            Structure::Epoll => 12,
            Structure::Itimerval | Structure::Action => 32,
            Structure::Stat => 144,
            Structure::Address => 110,
            Structure::Names => 390,
            Structure::Opaque => 0,
        }
    }
}

impl Kind {
    /// When its text is known.
    pub const fn when(self) -> When {
        match self {
            Kind::Filled => When::Leave,
            Kind::One(_, when) | Kind::Many { when, .. } => when,
            _ => When::Enter,
        }
    }
}

/// The signature of a call, if the table has it.
pub fn signature(number: u32) -> Option<&'static Signature> {
    let at = TABLE.binary_search_by_key(&number, |row| row.number).ok()?;
    TABLE.get(at)
}
