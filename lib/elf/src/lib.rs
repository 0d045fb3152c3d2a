//! The ELF64 headers that a program loader needs (System V gABI, chapters 4 and 5; x86-64 psABI), checked once so
//! that the loader can trust them.
//!
//! Reading goes in two steps, because a loader has a file and not a slice: [`Header::parse`] takes the first
//! [`Header::SIZE`] bytes and says where the program headers lie; [`Image::parse`] takes those. [`Image::read`]
//! does both on a file in memory.
//!
//! What is refused is what Linux's `binfmt_elf` refuses, and also what it finds out too late to report: a
//! segment larger in the file than in memory, or one outside of what a program may map.
//!
//! Invariants:
//! 1. No input makes this crate panic; it allocates only the list of segments, and asks first.
//! 2. For every [`Segment`] of an [`Image`]: `file_size <= memory_size`, `memory_size > 0`, neither end of its
//!    addresses or file offsets wraps, address and offset agree modulo the page size, and (once the loader has
//!    chosen where it lies) `span` covers it.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;
#[cfg(test)]
mod tests;

mod header;
mod image;
mod read;
mod segment;

pub use header::{Header, Kind};
pub use image::{Image, Interpreter, ProgramHeaders};
pub use segment::{Protection, Segment};

/// The unit in which segments are mapped.
pub const PAGE_SIZE: u64 = 4096;

/// The end of the addresses that a program may use with four-level paging, less the guard page that Linux leaves
/// below the canonical hole: Linux's `TASK_SIZE_MAX`.
pub const USER_END: u64 = 0x7fff_ffff_f000;

/// Why a file cannot be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The file does not begin with an ELF header.
    NotElf,
    /// An ELF file for another machine: not 64-bit, not little-endian or not x86-64.
    Machine,
    /// An object that is no program and no shared object: a relocatable or a core file.
    Kind,
    /// The program headers are of the wrong size, missing, too many, or outside of the file.
    ProgramHeaders,
    /// A loadable segment breaks invariant 2.
    Segment,
    /// Nothing is to be loaded.
    Empty,
    /// The entry point lies outside of what a program may use.
    Entry,
    /// The path of the interpreter has no sensible length, or lies outside of what a file can hold.
    Interpreter,
    /// No memory for the list of segments.
    OutOfMemory,
}
