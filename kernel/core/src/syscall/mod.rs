//! The Linux system calls.
//!
//! [`serve`] reads number and arguments from the registers, finds the call in [`table`], and writes its result
//! back. A call is a function of a [`Call`] and its arguments that returns a value or an [`Errno`]: the one that its man
//! page names. The shortest are answered before that, by [`leaves`]. What the kernel does not have is `ENOSYS` or `EINVAL`, and is reported at the end of the run.
//!
//! Invariants:
//! 1. User memory is read once and through [`memory::UserMemory`] only; what a call decides on is its own copy.
//! 2. No lock is held while user memory is touched.

pub mod abi;
pub mod fs;
pub mod memory;

mod adjtimex;
mod call;
mod capabilities;
mod epoll;
mod eventfd;
mod futex;
mod identity;
mod install;
mod io;
mod kill;
mod leaves;
mod mapping;
mod names;
mod nice;
mod pidfd;
mod pipe;
mod poll;
mod process;
mod relations;
mod sched;
mod sched_attributes;
mod select;
mod shared_memory;
mod signalfd;
mod signals;
mod sockets;
mod system;
mod table;
mod threads;
mod timerfd;
mod timers;
mod times;
mod unshare;
mod usage;
mod users;
mod wait;

pub use call::Call;
pub(crate) use futex::{announce_end, hand_mutexes_on};
pub(crate) use leaves::leaves;
pub use table::{Function, name, serve};

/// The number of `restart_syscall(2)`, by which an interrupted wait goes on.
pub(crate) const RESTART_SYSCALL: u64 = linux_raw_sys::general::__NR_restart_syscall as u64;
