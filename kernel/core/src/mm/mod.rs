//! The memory of a process: what is mapped where, and how a page gets there when it is first touched.
//!
//! A [`Vma`] says what a range of addresses means; nothing is mapped until it is touched. A fault asks the VMA for
//! the page: zeroes, or a page of a file. A private page is shared with its file (or the initial RAM disk) until it is
//! first written, then copied.
//!
//! Invariants:
//! 1. A page is mapped only inside a VMA that allows what the mapping allows.
//! 2. A private mapping is writable in the page table only if its frame belongs to it alone.
//! 3. The address space is locked by a sleeping lock; nothing that may touch user memory is called with it held.

mod address_space;
mod change;
mod current;
mod duplicate;
mod fault;
mod grow;
mod huge;
mod place;
mod remote;
mod revoke;
mod special;
mod usage;
mod vma;
mod word;

pub use address_space::{AddressSpace, Layout, Range2};
pub use current::CurrentMemory;
pub use fault::{FaultError, Touch};
pub use place::Whereto;
pub(crate) use revoke::{Cuts, count_mappings, is_written_through_mappings, punch, truncate};
pub(crate) use special::Special;
pub(crate) use usage::{has_room_for_threads, is_more_than_the_machine, is_scarce as memory_is_scarce};
pub use vma::{Backing, Huge, OnFork, Vma};
pub use word::SharedWord;
