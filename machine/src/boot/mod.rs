//! From the loader to the first Rust function.
//!
//! 1. The loader (QEMU, Cloud Hypervisor, Firecracker) enters at the address of the PVH note: 32-bit protected mode,
//!    paging off, EBX = physical address of the start info ([`pvh`]).
//! 2. [`pvh`] switches to long mode on static page tables: the first 4 GiB identically and in the direct map, the
//!    first at the image's own addresses in the top 2 GiB, too.
//! 3. [`start`] reads the start info, patches `stac`/`clac` in, makes the real page tables (W^X, NX), hands the free
//!    memory to the frame allocator, loads the descriptor tables, and calls the kernel's main on a guarded stack.
//!
//! Invariants:
//! 1. The initial RAM disk and the command line stay where the loader put them; they are never given to the frame
//!    allocator and never mapped writable, so `&'static` references to them are sound.

mod layout;
mod pieces;
mod pvh;
mod start;
mod start_info;

pub(crate) use layout::is_kernel_text;
pub use start::{command_line, initrd};
