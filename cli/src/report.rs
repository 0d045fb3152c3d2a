//! What happened, for people: faults of programs, deaths of the kernel, what a program asked for in vain.
//!
//! The kernel sends raw facts; names come from the files that were packed ([`modules`]) and from the kernel's own
//! image.

pub(crate) mod crash;
mod demangle;
mod disassembly;
pub(crate) mod kernel;
pub(crate) mod listing;
pub(crate) mod missing;
mod modules;
mod operand;
pub(crate) mod statistics;
mod symbols;
mod unwind;
mod words;
