//! Pipes and FIFOs (`pipe(7)`, `fifo(7)`).
//!
//! A pipe is a ring of pages ([`ring`]) under a lock with its waiters ([`state`]); [`transfer`] moves bytes, [`splice`] to other files, [`end`] is
//! what a descriptor stands for, [`fifo`] finds the pipe of a file that has a name. Pages are taken as they are written:
//! an idle pipe has at most one.

mod end;
mod fifo;
mod ring;
mod splice;
mod state;
#[cfg(test)]
mod tests;
mod transfer;

pub use end::{End, create};
pub use fifo::open as open_fifo;
pub use state::{MAX_SIZE, USER_PAGES_SOFT};
