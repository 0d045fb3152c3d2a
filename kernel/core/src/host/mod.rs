//! The link to the command that started the machine: standard streams, log, reports, the end.
//!
//! One byte channel carries frames both ways (`threadbare_link`). Outgoing frames are handed to the channel at once;
//! incoming ones are taken in the channel's interrupt.
//!
//! Invariants:
//! 1. Of each output stream at most [`WINDOW`](threadbare_link::WINDOW) bytes are on the way: a writer waits for
//!    acknowledgements beyond that.
//! 2. Standard input is asked for only when the program reads: what it does not read is never taken from the host.

mod channel;
pub(crate) mod console;
mod link;
mod regular;
mod streams;
mod terminal;

pub use channel::ByteChannel;
pub use link::{connect, finish, log, received, send};
pub use streams::{StandardStream, open_standard_streams};
pub use terminal::set_window;
