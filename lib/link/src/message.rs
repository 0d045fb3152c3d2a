//! The messages of the running machine.

use crate::{Crash, Error, Missing, Observed, Statistics, WindowSize, frame};
use alloc::{boxed::Box, vec::Vec};
use serde::{Deserialize, Serialize};

/// The most bytes of one stream that the guest may have sent and not yet seen acknowledged.
pub const WINDOW: u32 = 256 * 1024;

/// From the virtual machine to the command.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum GuestMessage<'a> {
    /// The first message: the kernel is up and about to start the program.
    Hello {
        /// [`crate::VERSION`] of the kernel.
        version: u32,
        /// What the kernel can do beyond the first version of the protocol.
        features: Features,
    },
    /// The program wrote `data`.
    Write {
        /// Where to.
        stream: OutputStream,
        /// What; not empty.
        #[serde(borrow, with = "serde_bytes")]
        data: &'a [u8],
    },
    /// The program waits for up to `max` bytes of standard input.
    Read {
        /// At least 1.
        max: u32,
    },
    /// The kernel tells something, at a level that [`crate::RunSpec::log_level`] admits.
    Log {
        /// How important it is.
        level: LogLevel,
        /// One line, without its newline.
        text: &'a str,
    },
    /// A fault is about to kill the program, or one of its processes.
    Crash(#[serde(borrow)] Box<Crash<'a>>),
    /// The program asked for something that the kernel does not have; sent once per kind, before the `Exit`.
    Missing(#[serde(borrow)] Missing<'a>),
    /// The program ended. Nothing follows.
    Exit(ExitStatus),
    /// What a thread does. Only if [`crate::RunSpec::observe`] asks for it.
    Observed(#[serde(borrow)] Observed<'a>),
    /// What happened how often; once, before the `Exit`. Only if [`crate::RunSpec::observe`] asks for it.
    Statistics(Box<Statistics>),
    /// The program wants to know when standard input can be read (`poll(2)`), and does not read it yet.
    AwaitInput,
    /// Standard input, which is a regular file, is to be read from here on. Not while a [`Read`](Self::Read) is unanswered.
    SeekInput {
        /// As of `lseek(2)`, from the beginning.
        offset: u64,
    },
    /// What is written next to this stream, which is a regular file, belongs here.
    SeekOutput {
        /// Which stream.
        stream: OutputStream,
        /// As of `lseek(2)`, from the beginning.
        offset: u64,
    },
}

impl<'a> GuestMessage<'a> {
    /// Appends this message to `out` as one frame.
    pub fn append_to(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        frame::append(self, out)
    }

    /// The message in one frame's payload.
    pub fn decode(payload: &'a [u8]) -> Result<Self, Error> {
        frame::parse(payload)
    }
}

/// From the command to the virtual machine.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum HostMessage<'a> {
    /// The answer to a [`GuestMessage::Read`]: what one `read(2)` gave. Empty: the end of the file.
    Input {
        /// At most as many bytes as were asked for.
        #[serde(borrow, with = "serde_bytes")]
        data: &'a [u8],
    },
    /// The other answer to a [`GuestMessage::Read`]: reading failed.
    InputError {
        /// With what (Linux's number).
        errno: u16,
    },
    /// The stream took `bytes` more bytes.
    Written {
        /// Which stream.
        stream: OutputStream,
        /// How many since the last acknowledgement.
        bytes: u32,
    },
    /// The stream takes no more, and what is on the way is dropped; EPIPE where nobody reads it any more.
    Broken {
        /// Which stream.
        stream: OutputStream,
        /// What each later write of the program fails with.
        errno: u16,
    },
    /// Send a signal to the process group of the program that was started first. Only if [`Features::SIGNALS`].
    Signal {
        /// Linux's number.
        signal: u8,
    },
    /// The terminal has a new size. Only if [`Features::RESIZE`].
    Resize(WindowSize),
    /// The answer to a [`GuestMessage::AwaitInput`]: a `read(2)` would not block now. Nothing was read.
    InputReady,
}

impl<'a> HostMessage<'a> {
    /// Appends this message to `out` as one frame.
    pub fn append_to(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        frame::append(self, out)
    }

    /// The message in one frame's payload.
    pub fn decode(payload: &'a [u8]) -> Result<Self, Error> {
        frame::parse(payload)
    }
}

/// A set of abilities of a kernel.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Features(u32);

impl Features {
    /// None of those below.
    pub const NONE: Self = Self(0);
    /// [`HostMessage::Signal`] is understood.
    pub const SIGNALS: Self = Self(1);
    /// [`HostMessage::Resize`] is understood.
    pub const RESIZE: Self = Self(2);

    /// Both sets together.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is in `self`.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// A stream that the program writes to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum OutputStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// How important a line of the kernel's log is; the first is the most important.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum LogLevel {
    /// Something failed.
    Error,
    /// Something may be wrong.
    Warn,
    /// What a user may want to know.
    Info,
    /// What a developer may want to know.
    Debug,
    /// Everything.
    Trace,
}

/// How a program ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ExitStatus {
    /// By itself, with this status.
    Exited(u8),
    /// By this signal.
    Signaled(u8),
}

impl ExitStatus {
    /// The status as a shell and Docker tell it: 128 + N for a death by signal N.
    pub const fn code(self) -> u8 {
        match self {
            ExitStatus::Exited(status) => status,
            ExitStatus::Signaled(signal) => 128u8.saturating_add(signal),
        }
    }
}
