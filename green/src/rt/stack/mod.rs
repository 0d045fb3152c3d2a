//! Stacks for very many threads.
//!
//! Address space is reserved in *chunks*, each one mapping of equal *slots*, committed lazily by the kernel page by
//! page. A slot is a guard page, a stack, and at its top the thread's control block and TLS block (`rt::control`).
//!
//! Guards are guard markers (`MADV_GUARD_INSTALL`, Linux 6.13): they live in the page tables, so a million guarded
//! stacks are one kernel mapping. Older kernels, and memory that is locked, get `mprotect`, which splits the mapping: two
//! mappings a stack, and `vm.max_map_count` (65,530 by default) ends that near 32,000 stacks. The error then says so.
//!
//! Slots come in size classes. A slot's stride is an odd number of pages: with a power of two, all the threads' hottest
//! lines would share a few cache sets (measured: twice the time of a switch). Huge pages are refused for the mapping, for one
//! would commit 2 MiB to a thread that needs 4 KiB.
//!
//! Invariants:
//! 1. A chunk is never unmapped, and its slots never move: addresses inside are stack memory for ever.
//! 2. A slot is in exactly one place: its class's free list, a worker's warm list, or a thread.
//! 3. Below every slot that was ever handed out lies an installed guard.

mod chunk;
pub(crate) mod overflow;
mod pool;
#[cfg(test)]
mod tests;

pub(crate) use chunk::{extent, for_each_used};
pub(crate) use pool::{CLASSES, DEFAULT_STACK_SIZE, Pool, class_for, class_size};

/// The page size of x86-64.
pub(crate) const PAGE: usize = 4096;
