//! Linux system calls as text, in the style of `strace(1)`.
//!
//! Two halves that share one table of [`Signature`]s. In the kernel, [`captures`] says which bytes of a program's memory
//! belong to a call, before it and after it. Outside, a [`Transcript`] turns calls with these bytes into lines:
//!
//! ```
//! use threadbare_strace::{Captured, Enter, Leave, Transcript};
//! let mut transcript = Transcript::new();
//! let mut text = String::new();
//! let path = [Captured { slot: 1, bytes: b"/etc/passwd\0" }];
//! let arguments = [0xffff_ff9c, 0x1000, 0o2000000, 0, 0, 0];
//! text += &transcript.enter(&Enter { thread: 2, number: 257, arguments, captured: &path });
//! text += &transcript.leave(&Leave { thread: 2, result: 3, captured: &[] });
//! assert_eq!(text, "openat(AT_FDCWD, \"/etc/passwd\", O_RDONLY|O_CLOEXEC) = 3\n");
//! ```
//!
//! Invariants:
//! 1. Any bytes may have been captured, or none: what is missing is shown as the address.
//! 2. What is said of a call depends on the call alone, and on other threads only where a line must be interrupted.
//! 3. Calls and flags that the table does not know are shown in hexadecimal, never hidden.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod capture;
mod errno;
mod flags;
mod format;
mod signature;
mod table;
mod transcript;

pub use capture::{Capture, Extent, captures};
pub use signature::{Kind, Outcome, Signature, Structure, When, signature};
pub use transcript::{Captured, Death, Enter, Leave, SignalInfo, Transcript};

/// The slot of the content of the first element of an array of `iovec`s; the others follow.
pub const CONTENT: u8 = 16;

/// How many bytes of a string are shown, as by `strace -s 32`.
pub const SHOWN: usize = 32;

/// The name of a signal, as `SIGSEGV`.
pub use format::signal_name;

/// The name of an error, as `ENOENT`.
pub use errno::name as errno_name;

#[cfg(test)]
mod tests;
