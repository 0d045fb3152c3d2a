//! Page tables (SDM 3A, 5.5: 4-level paging).
//!
//! Invariants:
//! 1. A user entry that holds a frame number owns one count of that [`Frame`](crate::memory::Frame), or names a page
//!    of the initial RAM disk, which is never writable.
//! 2. A frame is dropped only after its translation has been flushed from every CPU that may hold it. With one CPU
//!    that is an INVLPG where the space is the running one; another space is flushed when it is next
//!    loaded ([`recent`]).
//! 3. The upper half of every top-level table is the kernel's, filled once at boot and the same in all: kernel
//!    mappings made later appear in tables below it.

mod cursor;
mod entry;
mod groups;
pub(crate) mod kernel;
mod large;
#[cfg(target_os = "none")]
pub(crate) mod recent;
mod share;
#[cfg(any(target_os = "none", test))]
mod slots;
mod space;
mod tables;
#[cfg(test)]
mod tests;

pub use cursor::Cursor;

/// How often another address space was loaded since the start, for statistics.
pub fn space_loads() -> u64 {
    crate::cpu::control::SPACE_LOADS.load(core::sync::atomic::Ordering::Relaxed)
}

pub use entry::Access;
pub use space::{Mapping, SpaceHandle, USER_END, UserSpace};
