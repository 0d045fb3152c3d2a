//! All entries, in blocks that grow and never go away, so that a late event finds at worst an entry of somebody else.
//!
//! A token is an entry's index in its low half and the entry's generation in its high half.

use std::sync::atomic::Ordering;
use std::sync::{Mutex, OnceLock, PoisonError};

use super::entry::Entry;

/// Entries of the first block; each further block is as large as all before it.
const FIRST: u32 = 64;

/// Together they have a place for every index.
const BLOCKS: usize = 27;

/// See the module.
pub(super) struct Slab {
    blocks: [OnceLock<Box<[Entry]>>; BLOCKS],
    free: Mutex<Free>,
}

struct Free {
    indices: Vec<u32>,
    /// Entries from here on have never been used.
    unused: u32,
}

impl Slab {
    pub(super) const fn new() -> Slab {
        Slab {
            blocks: [const { OnceLock::new() }; BLOCKS],
            free: Mutex::new(Free {
                indices: Vec::new(),
                unused: 0,
            }),
        }
    }

    /// An entry that nobody uses, and its token.
    pub(super) fn take(&'static self) -> (&'static Entry, u64) {
        let index = {
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            free.indices.pop().unwrap_or_else(|| {
                free.unused += 1;
                free.unused - 1
            })
        };
        let (block, offset) = place(index);
        let entries = self.blocks[block].get_or_init(|| {
            let length = if block == 0 { FIRST } else { FIRST << (block - 1) };
            (0..length).map(|_| Entry::new()).collect()
        });
        let entry = &entries[offset];
        entry.renew();
        let generation = entry.generation.load(Ordering::Relaxed);
        (entry, u64::from(generation) << 32 | u64::from(index))
    }

    /// The entry's registration ended.
    pub(super) fn give(&self, entry: &Entry, token: u64) {
        // Release: events of the old generation that were let through came before.
        entry.generation.fetch_add(1, Ordering::Release);
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.indices.push(low(token));
    }

    /// The entry of a token, unless its registration has ended. May be late: then a new user of the entry sees one false alarm.
    pub(super) fn find(&'static self, token: u64) -> Option<&'static Entry> {
        let entry = self.place_of(token)?;
        let generation = u64::from(entry.generation.load(Ordering::Acquire));
        (generation == token >> 32).then_some(entry)
    }

    /// The entry that a token was for, which is not looked at.
    pub(super) fn place_of(&'static self, token: u64) -> Option<&'static Entry> {
        let (block, offset) = place(low(token));
        self.blocks.get(block)?.get()?.get(offset)
    }

    /// How many are in use.
    pub(super) fn used(&self) -> usize {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.unused as usize - free.indices.len()
    }
}

fn low(token: u64) -> u32 {
    u32::try_from(token & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

/// The block of an entry, and its place there: block 0 has [0, 64), block 1 [64, 128), block 2 [128, 256) and so on.
fn place(index: u32) -> (usize, usize) {
    if index < FIRST {
        return (0, index as usize);
    }
    let power = index.ilog2();
    let block = power - FIRST.ilog2() + 1;
    (block as usize, (index - (1 << power)) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_dense_and_within_their_blocks() {
        assert_eq!(place(63), (0, 63));
        assert_eq!(place(64), (1, 0));
        assert_eq!(place(127), (1, 63));
        assert_eq!(place(128), (2, 0));
        assert_eq!(place(u32::MAX).0, BLOCKS - 1);
    }

    #[test]
    fn a_token_of_an_ended_registration_finds_nothing() {
        static SLAB: Slab = Slab::new();
        let (first, token) = SLAB.take();
        assert!(std::ptr::eq(SLAB.find(token).unwrap(), first));
        SLAB.give(first, token);
        assert!(SLAB.find(token).is_none());
        let (again, other) = SLAB.take();
        assert!(std::ptr::eq(first, again));
        assert_ne!(token, other);
        assert_eq!(SLAB.used(), 1);
    }

    #[test]
    fn entries_of_several_blocks_are_all_different() {
        static SLAB: Slab = Slab::new();
        let taken: Vec<_> = (0..1000).map(|_| SLAB.take()).collect();
        let mut addresses: Vec<_> = taken
            .iter()
            .map(|(entry, _)| std::ptr::from_ref(*entry) as usize)
            .collect();
        addresses.sort_unstable();
        addresses.dedup();
        assert_eq!(addresses.len(), 1000);
        for (entry, token) in taken {
            assert!(std::ptr::eq(SLAB.find(token).unwrap(), entry));
        }
    }
}
