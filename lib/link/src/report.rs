//! What a program asked for and the kernel does not have.

use serde::{Deserialize, Serialize};

/// One kind of request that was refused because it is not implemented, and how often.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Missing<'a> {
    /// What was asked for, in Linux's words: `io_uring_setup`, `ioctl(TIOCSTI)`, `mmap(MAP_GROWSDOWN)`, `syscall 9999`.
    #[serde(borrow)]
    pub what: &'a str,
    /// The error that it got (Linux's number).
    pub errno: u16,
    /// How often.
    pub count: u64,
    /// Name of the thread that asked first.
    #[serde(borrow, with = "serde_bytes")]
    pub thread: &'a [u8],
    /// Where it asked first.
    #[serde(borrow)]
    pub site: CallSite<'a>,
}

/// The place of an instruction in a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CallSite<'a> {
    /// Its address.
    pub address: u64,
    /// The file that is mapped there; empty where none is.
    #[serde(borrow, with = "serde_bytes")]
    pub module: &'a [u8],
    /// The instruction's offset in that file.
    pub file_offset: u64,
}
