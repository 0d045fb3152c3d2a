//! Unix sockets (`unix(7)`).
//!
//! Each socket has an [`Inbox`](inbox::Inbox): what was sent to it and not received yet. A connected socket knows its
//! peer's inbox, so that sending is appending there, and the two sockets own each other in no way.
//!
//! | module | what it is |
//! |---|---|
//! | [`queue`] | the segments of an inbox: pure |
//! | [`inbox`] | the queue under its lock, and who waits |
//! | [`stream`], [`record`] | sending and receiving bytes, and messages |
//! | [`ancillary`] | descriptors and credentials that travel along |
//! | [`address`], [`names`] | names, and who has which |
//! | [`socket`], [`connection`] | what a descriptor stands for; `connect`, `listen`, `accept` |
//! | [`options`] | `getsockopt` and `setsockopt` |
//!
//! Locks: that of connecting; a socket's state, then nothing; an inbox' queue, then nothing. User memory is copied, waiters are woken and
//! files dropped with neither held.
//!
//! Limits: descriptors on their way are counted over the whole machine, and more than a process may have open are
//! `ETOOMANYREFS`: sockets that travel in circles, which Linux collects, are lost but bounded so. A message costs its
//! bytes and [`queue::OVERHEAD`] for each page; Linux counts its own buffers. `SO_PEEK_OFF` and `MSG_OOB` are absent.

mod address;
mod ancillary;
mod connection;
mod inbox;
mod names;
mod options;
mod queue;
mod record;
mod socket;
mod stream;
#[cfg(test)]
mod tests;

pub use address::Address;
pub use ancillary::{Ancillary, Rights, UserCredentials};
pub use options::{Options, Timeout};
pub use socket::{Direction, Kind, Socket, pair};

/// How a message is to be received, and what came along.
#[derive(Default)]
pub struct Received {
    /// Descriptors and credentials.
    pub ancillary: Option<alloc::boxed::Box<Ancillary>>,
    /// Who sent it.
    pub source: Option<alloc::sync::Arc<Address>>,
    /// How long the message is, where there are messages.
    pub length: usize,
    /// More of the message than there was room for is lost.
    pub truncated: bool,
}

/// How long a call waits.
#[derive(Clone, Copy, Debug)]
pub struct Waiting {
    /// Not at all.
    pub nonblocking: bool,
    /// So many nanoseconds at most; 0 for ever.
    pub timeout: u64,
}

/// What of `MSG_*` concerns receiving.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReceiveFlags {
    /// `MSG_PEEK`: leave it there.
    pub peek: bool,
    /// `MSG_WAITALL`: wait until all has come that there is room for.
    pub wait_all: bool,
}
