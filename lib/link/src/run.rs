//! What to run: the specification that the kernel finds in its initial RAM disk.

use crate::{Error, LogLevel, Observe, VERSION, frame};
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// Name of the archive's first entry, which holds the specification and is not part of the guest's file system.
pub const FILE_NAME: &str = "threadbare.run";

/// A program and its surroundings. Byte strings carry no terminating NUL and contain none.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RunSpec<'a> {
    /// The absolute path to execute; the kernel follows symbolic links and `#!` lines.
    #[serde(borrow, with = "serde_bytes")]
    pub program: &'a [u8],
    /// The arguments, the program's name for itself first.
    #[serde(borrow)]
    pub arguments: Vec<&'a [u8]>,
    /// The environment, each `NAME=value`.
    #[serde(borrow)]
    pub environment: Vec<&'a [u8]>,
    /// The working directory, absolute.
    #[serde(borrow, with = "serde_bytes")]
    pub working_directory: &'a [u8],
    /// What `uname -n` says.
    #[serde(borrow, with = "serde_bytes")]
    pub hostname: &'a [u8],
    /// Who runs it.
    pub credentials: Credentials,
    /// `umask(2)` of the program.
    pub umask: u16,
    /// The wall clock at the start of the machine, in nanoseconds since 1970-01-01 UTC.
    pub realtime_ns: u64,
    /// Entropy for the kernel's random generator.
    pub seed: [u8; 32],
    /// What standard input, output and error are.
    pub streams: [StreamKind; 3],
    /// The size of the terminal, if one of the streams is one.
    pub window: WindowSize,
    /// The machine's own terminal. If there is one, it is all three streams, whatever `streams` says.
    pub console: Option<Console>,
    /// The memory that the user asked for, in bytes (the machine's own memory map counts, this is for messages).
    pub memory_bytes: u64,
    /// The least important lines of its log that the kernel shall send; `None`: no log.
    pub log_level: Option<LogLevel>,
    /// What else the kernel shall tell.
    pub observe: Observe,
    /// What the moments are drawn from at which tasks switch, if they are to be drawn.
    pub preempt_seed: Option<u64>,
}

impl<'a> RunSpec<'a> {
    /// The bytes of the file [`FILE_NAME`]: [`VERSION`], little-endian, then the fields.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        let mut out = Vec::from(VERSION.to_le_bytes());
        frame::append_plain(self, &mut out)?;
        Ok(out)
    }

    /// The specification in the bytes of that file.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        let (version, fields) = bytes.split_first_chunk().ok_or(Error::Malformed)?;
        match u32::from_le_bytes(*version) {
            VERSION => frame::parse(fields),
            found => Err(Error::Version { found }),
        }
    }
}

/// Whose rights a program has.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Credentials {
    /// User; 0 is root.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

/// A terminal of the machine: its keys come from standard input, its screen is standard output.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Console {
    /// Whether it has keys. If not, standard input is never read.
    pub keyboard: bool,
    /// Whether characters may have several bytes (`IUTF8` of `termios(3)`).
    pub utf8: bool,
}

/// What a standard stream is on the host, as far as a program can tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum StreamKind {
    /// Not open: the program gets EBADF.
    Closed,
    /// A pipe, a socket, a device: inside, the end of a pipe.
    Pipe,
    /// A terminal: inside, one too.
    Terminal,
    /// A regular file: inside, one too, of which no more is to be had than its descriptor gives.
    File(HostFile),
    /// Standard error alone: the same open file as standard output.
    SameAsOutput,
}

/// What a program may know about a regular file of the host.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct HostFile {
    /// Its permission bits.
    pub permissions: u16,
    /// Its size in bytes.
    pub size: u64,
    /// When it was changed last, in nanoseconds since 1970-01-01 UTC.
    pub modified_ns: u64,
    /// The offset of the next read or write.
    pub position: u64,
    /// Whether each write goes to its end (`O_APPEND`).
    pub appends: bool,
}

/// The size of a terminal, as in `struct winsize`.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct WindowSize {
    /// Lines of text.
    pub rows: u16,
    /// Characters in a line.
    pub columns: u16,
    /// Width in pixels, or 0.
    pub width_pixels: u16,
    /// Height in pixels, or 0.
    pub height_pixels: u16,
}
