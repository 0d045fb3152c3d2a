//! The system calls on files.
//!
//! Each is a function of a [`Caller`] and of its arguments in the types that the man page gives them; [`find`] maps
//! numbers to them. Arguments are checked in the order of Linux where a program can tell: a bad descriptor before a bad
//! address, a bad flag before either.

pub(super) mod adapter;
mod attributes;
mod caller;
mod control;
mod copy;
mod descriptors;
mod directories;
mod locks;
pub(super) mod names;
mod open;
mod owner;
mod seek;
mod size;
mod splice;
mod stat;
mod status;
mod table;
mod transfer;
pub(super) mod user_data;
mod xattr;

pub(super) use adapter::tell_of_size_limit;
pub use caller::Caller;
pub use locks::release_process as release_locks_of_process;
pub use table::{Function, SystemCall, find};
pub(super) use transfer::room;

use crate::error::Errno;
use crate::syscall::Call;

/// A system call on behalf of a thread.
type Served = fn(&mut Call<'_>, [usize; 6]) -> Result<usize, Errno>;

/// The name of the system call on files that has this number, and what serves a thread with it.
pub(super) const fn served(number: u32) -> Option<(&'static str, Served)> {
    match find(number) {
        Some(call) => Some((call.name, call.serve)),
        None => None,
    }
}
