//! Green threads with the interface of `std::thread`.
//!
//! What is here behaves as documented for [`std::thread`], on threads that cost a page or two of memory and a few tens of
//! nanoseconds. All of it also works from operating-system threads, and the two kinds can wait for each other.
//!
//! Differences, all of them:
//! - [`Builder::stack_size`] rounds up to a size class; the default is 88 KiB (or `RUST_MIN_STACK`), not 2 MiB.
//! - `std::thread::current()` inside a green thread names an unnamed thread of std; use [`current`] of this module. So the message
//!   that std prints for a panic does not know the green thread's name.
//! - A call that blocks the operating system's thread (std's own locks and sleep, blocking files and sockets) holds up a worker.
//!   The runtime notices after ten milliseconds and lets another take its queue.

mod builder;
mod header;
mod join;
mod local;
mod park;
mod scope;

pub use builder::{Builder, spawn};
pub(crate) use header::Header;
pub use header::{Thread, ThreadId};
pub use join::JoinHandle;
pub use local::current;
pub use park::{park, park_timeout, sleep};
#[expect(deprecated, reason = "std still has them")]
pub use park::{park_timeout_ms, sleep_ms};
pub use scope::{Scope, ScopedJoinHandle, scope};
pub use std::thread::{AccessError, LocalKey, Result, available_parallelism, panicking};

/// Lets other threads run. As [`std::thread::yield_now`].
#[inline]
pub fn yield_now() {
    crate::rt::yield_now();
}
