//! A buddy allocator over unit numbers, as a pure algorithm: it hands out numbers and never touches memory.
//!
//! A *block* of order `k` is `2^k` consecutive units whose first number is a multiple of `2^k`; its *buddy* is the
//! block with which it forms the block of the next order (Knuth, TAOCP 1, 2.5). The state lives in one [`Entry`] a
//! unit, handed in by the owner, so that a kernel can place it where it likes. Only the entries of the first
//! units of free blocks carry anything; adding a range of any size touches a logarithmic number of them.
//!
//! Single units that come back, and the rest of a small block that was split for one, are kept *warm*: handed out next,
//! last come first, without splitting and merging.
//!
//! Invariants:
//! 1. Every unit is in at most one free block, or warm, or handed out, or was never added.
//! 2. Two free buddies never exist side by side: freeing merges as far as it can. Warm units are no free blocks, and
//!    become such before an allocation fails.
//! 3. `free` counts exactly the units in free blocks and the warm ones.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;
#[cfg(test)]
mod tests;

/// Orders run from 0 to `ORDERS - 1`: the largest block has 1,024 units (4 MiB of pages).
pub const ORDERS: usize = 11;

const NONE: u32 = u32::MAX;

/// How many single units are kept warm.
const WARM: usize = 64;

/// When none is warm, a block of this order is warmed at once.
const WARMED: usize = 3;

/// The `free_order` of a warm unit.
const IS_WARM: u8 = u8::MAX;

/// The allocator's state for one unit. Zeroed bytes are the right initial state.
#[derive(Clone, Copy, Debug, Default)]
pub struct Entry {
    next: u32,
    previous: u32,
    /// 1 + the order of the free block that begins here; 0 where none does; `IS_WARM` of a warm unit.
    free_order: u8,
}

/// The allocator. `'a` is the life of the entries it was given.
#[derive(Debug)]
pub struct Buddy<'a> {
    entries: &'a mut [Entry],
    heads: [u32; ORDERS],
    free: usize,
    warm: [u32; WARM],
    warm_count: usize,
}

impl<'a> Buddy<'a> {
    /// An allocator of units `0..entries.len()`, none of them free yet.
    pub const fn new(entries: &'a mut [Entry]) -> Self {
        Buddy {
            entries,
            heads: [NONE; ORDERS],
            free: 0,
            warm: [NONE; WARM],
            warm_count: 0,
        }
    }

    /// How many units are free.
    pub fn free(&self) -> usize {
        self.free
    }

    /// Gives `start..end` to the allocator.
    ///
    /// # Panics
    /// When the range reaches past the entries. Giving a unit twice breaks invariant 1.
    pub fn add(&mut self, start: usize, end: usize) {
        assert!(end <= self.entries.len(), "range past the entries");
        let mut at = start;
        while at < end {
            let order = largest_block(at, end);
            self.free += 1 << order;
            self.merge(at, order);
            at += 1 << order;
        }
    }

    /// Takes a block of `2^order` units and returns its first number; `None` when there is none.
    #[inline]
    pub fn allocate(&mut self, order: usize) -> Option<usize> {
        if order > 0 || self.warm_count == 0 {
            return self.allocate_cold(order);
        }
        self.warm_count -= 1;
        self.free -= 1;
        let unit = self.warm[self.warm_count] as usize;
        self.entries[unit].free_order = 0;
        Some(unit)
    }

    #[inline(never)]
    fn allocate_cold(&mut self, order: usize) -> Option<usize> {
        if order == 0
            && let Some(block) = self.split(WARMED)
        {
            for unit in block + 1..block + (1 << WARMED) {
                self.warm(unit);
            }
            self.free -= 1;
            return Some(block);
        }
        let block = self.split(order).or_else(|| {
            self.cool();
            self.split(order)
        })?;
        self.free -= 1 << order;
        Some(block)
    }

    /// Makes free blocks of the warm units.
    fn cool(&mut self) {
        while self.warm_count > 0 {
            self.warm_count -= 1;
            self.merge(self.warm[self.warm_count] as usize, 0);
        }
    }

    /// Takes a block out of the free ones.
    fn split(&mut self, order: usize) -> Option<usize> {
        let found = (order..ORDERS).find(|&k| self.heads[k] != NONE)?;
        let block = self.heads[found] as usize;
        self.unlink(block, found);
        for k in (order..found).rev() {
            self.link(block + (1 << k), k); // the upper half stays free
        }
        Some(block)
    }

    /// Returns the block of `2^order` units that begins at `block`.
    ///
    /// # Panics
    /// When the block is not aligned, past the entries, or begins a free block (a double free).
    pub fn release(&mut self, block: usize, order: usize) {
        assert!(
            block.is_multiple_of(1 << order) && block + (1 << order) <= self.entries.len(),
            "no such block"
        );
        assert!(
            self.entries[block].free_order == 0,
            "block {block} is free already"
        );
        self.free += 1 << order;
        if order == 0 && self.warm_count < WARM {
            self.warm(block);
        } else {
            self.merge(block, order);
        }
    }

    fn warm(&mut self, unit: usize) {
        self.warm[self.warm_count] = narrow(unit);
        self.warm_count += 1;
        self.entries[unit].free_order = IS_WARM;
    }

    /// Makes a free block, joined with its buddies.
    fn merge(&mut self, block: usize, order: usize) {
        let (mut block, mut order) = (block, order);
        while order + 1 < ORDERS {
            let buddy = block ^ (1 << order);
            if self
                .entries
                .get(buddy)
                .is_none_or(|entry| usize::from(entry.free_order) != order + 1)
            {
                break;
            }
            self.unlink(buddy, order);
            block = block.min(buddy);
            order += 1;
        }
        self.link(block, order);
    }

    fn link(&mut self, block: usize, order: usize) {
        let head = self.heads[order];
        self.entries[block] = Entry {
            next: head,
            previous: NONE,
            free_order: free_order_of(order),
        };
        if head != NONE {
            self.entries[head as usize].previous = narrow(block);
        }
        self.heads[order] = narrow(block);
    }

    fn unlink(&mut self, block: usize, order: usize) {
        let Entry { next, previous, .. } = self.entries[block];
        self.entries[block].free_order = 0;
        match previous {
            NONE => self.heads[order] = next,
            _ => self.entries[previous as usize].next = next,
        }
        if next != NONE {
            self.entries[next as usize].previous = previous;
        }
    }
}

/// The order of the largest block that begins at `at` and ends at or before `end`.
fn largest_block(at: usize, end: usize) -> usize {
    let by_alignment = at.trailing_zeros() as usize;
    let by_length = (end - at).ilog2() as usize;
    by_alignment.min(by_length).min(ORDERS - 1)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "units are numbered below 2^32: 16 TiB of pages"
)]
const fn narrow(unit: usize) -> u32 {
    unit as u32
}

#[expect(clippy::cast_possible_truncation, reason = "orders are below ORDERS")]
const fn free_order_of(order: usize) -> u8 {
    order as u8 + 1
}
