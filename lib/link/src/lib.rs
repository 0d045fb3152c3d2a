//! The link: what a Threadbare virtual machine and the command that runs it say to each other.
//!
//! # Two channels
//!
//! 1. **Before the start**: the initial RAM disk's first entry, [`run::FILE_NAME`], holds one encoded [`RunSpec`]:
//!    which program to run, and how. The guest never asks for it; it is there when the kernel starts.
//! 2. **While it runs**: one byte stream each way (a virtio console, or a serial port where there is no virtio)
//!    carries *frames*. A frame is the length of its payload as a little-endian `u32`, then the payload: one message
//!    in [postcard](https://postcard.jamesmunns.com/wire-format)'s encoding, [`GuestMessage`] from the virtual
//!    machine and [`HostMessage`] to it.
//!
//! # The conversation
//!
//! ```text
//! guest                                host
//!   │ Hello {version, features}          │   once, before anything else
//!   ├───────────────────────────────────▶│
//!   │ Write {stream, data}               │   at most WINDOW bytes per stream unacknowledged
//!   ├───────────────────────────────────▶│
//!   │          Written {stream, bytes}   │   all of them were taken by the stream: credit
//!   │◀───────────────────────────────────┤
//!   │           Broken {stream, errno}   │   nothing more will be taken, now or later
//!   │◀───────────────────────────────────┤
//!   │ Read {max}                         │   the program waits for standard input
//!   ├───────────────────────────────────▶│
//!   │     Input {data} │ InputError {…}  │   what one read(2) gave; empty is end of file
//!   │◀───────────────────────────────────┤
//!   │ AwaitInput                         │   the program polls standard input
//!   ├───────────────────────────────────▶│
//!   │                        InputReady  │   a Read would be answered at once; nothing was read
//!   │◀───────────────────────────────────┤
//!   │ SeekInput │ SeekOutput {offset}    │   of regular files: the next bytes are from or for there
//!   ├───────────────────────────────────▶│
//!   │ Signal {signal} │ Resize {…}       │   at any time, if the features say so
//!   │◀───────────────────────────────────┤
//!   │ Log │ Crash │ Missing │ Observed   │   for people; never answered
//!   ├───────────────────────────────────▶│
//!   │ Statistics │ Exit {status}         │   the last message; then the machine turns itself off
//!   ├───────────────────────────────────▶│
//! ```
//!
//! # Invariants
//!
//! 1. *Order.* Bytes of one stream arrive in the order in which the program wrote them, and everything written before
//!    [`GuestMessage::Exit`] is delivered before the command ends.
//! 2. *Pull.* The host reads its standard input only to answer a [`GuestMessage::Read`], once per `Read`, and takes
//!    no more than `max` bytes: what the program never asked for stays unread, for whoever shares the descriptor.
//!    There is at most one unanswered `Read`, and at most one unanswered [`GuestMessage::AwaitInput`], which reads
//!    nothing; a `Read` behind an unanswered `AwaitInput` is answered after it.
//! 3. *Credit.* The guest keeps at most [`WINDOW`] bytes per stream unacknowledged; bytes of a
//!    [`GuestMessage::Write`] are acknowledged once, by [`HostMessage::Written`] or, together with all that
//!    follow, by [`HostMessage::Broken`], and at the latest when half a window of them has been taken. So neither side
//!    buffers without bound and a slow reader slows the program, as a pipe does.
//! 4. *Garbage is an error, never a panic.* The program inside may own its whole kernel: [`Decoder`] and the decode
//!    functions answer [`Error`] to any bytes, hold at most one frame, and allocate no more than arrived.
//! 5. *Fallible memory.* Encoding and decoding report [`Error::OutOfMemory`] where a frame's buffer cannot be had.
//!    (The short lists inside [`RunSpec`] and [`Crash`] are allocated by serde, which caps what it trusts a length to
//!    be.)
//!
//! Rejected: a text protocol (three byte-clean streams would need escaping), one console per stream (order between
//! stdout and stderr would be lost, and three virtqueue pairs cost start-up time), and pushing stdin (see invariant
//! 2).

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod crash;
mod error;
mod frame;
mod message;
mod observe;
mod report;
pub mod run;

pub use crash::{AddressClass, Crash, Module, Registers};
pub use error::Error;
pub use frame::{Decoder, HEADER, MAX_PAYLOAD};
pub use message::{ExitStatus, Features, GuestMessage, HostMessage, LogLevel, OutputStream, WINDOW};
pub use observe::{Observe, Observed, Statistics};
pub use report::{CallSite, Missing};
pub use run::{Console, Credentials, HostFile, RunSpec, StreamKind, WindowSize};

/// The version of everything in this crate. Kernel and command are built together, so there is nothing to negotiate:
/// a peer of another version is an error, told in plain words.
pub const VERSION: u32 = 3;

#[cfg(test)]
mod tests;
