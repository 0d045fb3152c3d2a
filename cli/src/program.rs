//! The program: where it is, whether it can be executed, and what else it needs.
//!
//! 1. [`find`] does what a shell and `execve(2)` do before a program starts.
//! 2. [`elf`] reads the few facts of an ELF file that a loader looks at.
//! 3. [`libraries`] finds what the dynamic linker will look for, where it will look ([`cache`] reads its index).

pub(crate) mod cache;
pub(crate) mod elf;
pub(crate) mod find;
pub(crate) mod libraries;
