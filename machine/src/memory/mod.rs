//! Physical memory: addresses, frames, the kernel heap, kernel stacks.
//!
//! The kernel's half of every address space:
//!
//! | from | what |
//! |---|---|
//! | `0xffff_8000_0000_0000` | the direct map: all ordinary memory but the kernel image, writable, not executable |
//! | `0xffff_c000_0000_0000` | kernel stacks, each between unmapped guards ([`stack`]) |
//! | `0xffff_d000_0000_0000` | device registers, uncached |
//! | `0xffff_ffff_8000_0000` | the image: text R-X, rodata R--, data RW- |
//!
//! Invariants:
//! 1. A frame is in exactly one state: free in the allocator, a page table, heap or stack memory of the kernel, or
//!    counted by [`Frame`] handles. Only the last may be mapped for ring 3.
//! 2. Bytes of counted frames are reached only by volatile-like copies ([`Frame::read`], [`Frame::write`]), never by
//!    references: ring 3 may change them at any time.
//! 3. The last `RESERVE` frames are for the kernel's own small allocations: [`Frame`]s stop being handed out before.

mod address;
#[cfg(target_os = "none")]
mod compare;
pub(crate) mod copy;
pub(crate) mod frame;
pub(crate) mod frames;
mod heap;
pub(crate) mod large;
pub(crate) mod stack;
#[cfg(test)]
mod tests;

#[cfg(target_os = "none")]
pub(crate) use address::{DIRECT_BASE, IMAGE_BASE, MMIO_BASE};
pub use address::{PAGE_SIZE, PhysAddr};
pub(crate) use address::{STACKS_BASE, direct};
pub use frame::{Frame, OutOfMemory};
pub use frames::{FrameUse, is_scarce, most_used, usage};
pub use large::{LARGE_SIZE, LargeFrame};
