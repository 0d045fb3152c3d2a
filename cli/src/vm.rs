//! The virtual machine as a process: QEMU, found, told what to be, started, and never left behind.
//!
//! # Start-up
//!
//! The time from command to program is mostly QEMU's own, and most of that is the dynamic linking of its 50
//! libraries. So the process is started first, and what it will read is written meanwhile:
//!
//! 1. QEMU gets its kernel and its initial RAM disk as files in memory that it inherits and that are empty yet
//!    ([`memory_file`]).
//! 2. Its command line ends in `-readconfig` of a pipe, the *gate*. QEMU reads it when its libraries are loaded and
//!    before it looks at any other file; it waits there until [`Vm::open_gate`] closes the pipe.
//!
//! # Invariants
//!
//! 1. *No QEMU outlives the command*, whatever kills the command: [`stage`].
//! 2. QEMU has no access to the terminal or to the command's streams: standard input is `/dev/null`, its output is
//!    the crash console, its errors are collected; the program's streams go through the link. It is in a process
//!    group of its own, so that a terminal's interrupt reaches the command only.

pub(crate) mod accelerator;
pub(crate) mod image;
pub(crate) mod memory_file;
mod probe;
mod process;
pub(crate) mod qemu;
pub(crate) mod stage;

pub(crate) use process::Vm;
