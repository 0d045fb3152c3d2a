//! The kernel's core: everything between the machine and the leaf crates (file systems, drivers).
//!
//! Read in this order: [`boot`] (from the machine to the first program), [`process`] (what runs, and the loop that
//! serves it), [`syscall`] (what it may ask), [`mm`] (its memory), [`vfs`] (its files), [`signal`], [`sched`] (who runs
//! when), [`host`] (the link to the command outside), [`report`] (what is told when something dies).
//!
//! Rules:
//! 1. No program can panic the kernel: what a program says is checked where it is used, and answered with the error
//!    that the man page names.
//! 2. What a program makes the kernel allocate is asked for first (`try_reserve`, `Frame::zeroed`) and answered with
//!    ENOMEM; the kernel's own small allocations are covered by a reserve of frames.
#![no_std]
#![forbid(unsafe_code)]
#![allow(
    clippy::cast_possible_truncation,
    reason = "on the one architecture that this is for, usize and u64 are one"
)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod clock;
pub mod error;
pub mod ipc;
pub mod mm;
pub mod process;
pub mod random;
pub mod sched;
pub mod signal;
pub mod syscall;
pub mod system;
pub mod time;
pub mod tty;
pub mod vfs;

// These reach the machine's devices, which the host does not have.
#[cfg(target_os = "none")]
pub mod boot;
pub mod host;
pub mod report;
pub mod trace;

#[cfg(all(target_os = "none", feature = "vm-tests"))]
pub mod tests;

#[cfg(target_os = "none")]
pub use boot::{Parts, run};
