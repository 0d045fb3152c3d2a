//! A worker's threads that have not run yet: the owner takes the newest, thieves the oldest.
//!
//! One word holds both ends and a version, and every operation is one exchange of that word:
//!
//! ```text
//!     63 ………… 32   31 … 16   15 … 0
//!     version       head      tail      entries [head, tail), oldest first, indices modulo the capacity
//! ```
//!
//! Invariants:
//! 1. `tail - head <= CAPACITY`, in wrapping arithmetic of 16 bits.
//! 2. Every exchange that succeeds raises the version. So slots that were read before an exchange still hold what was read when it
//!    succeeds: nobody has popped and pushed in between. (2^32 operations between a thief's read and its exchange would fool it.)
//! 3. Each entry that is pushed is returned exactly once.
//!
//! Orderings: the release part of the exchange in `push` pairs with the acquire load of the word by whoever takes the entry.
//!
//! Rejected: the deque of Chase and Lev, whose owner pays a full fence for each entry, and crossbeam's in particular: its epochs keep
//! a record for each thread in a thread-local, and to that crate every green thread is a thread (measured: a hundred times slower).

use super::atomic_ref::AtomicRef;
use super::shim::{AtomicU64, Ordering};

/// A power of two, below 2^15.
#[cfg(not(test))]
const CAPACITY: u16 = 256;
#[cfg(test)]
const CAPACITY: u16 = 4;

/// The word, taken apart.
#[derive(Clone, Copy)]
struct Ends {
    version: u32,
    head: u16,
    tail: u16,
}

impl Ends {
    fn unpack(word: u64) -> Ends {
        let bytes = word.to_le_bytes();
        Ends {
            tail: u16::from_le_bytes([bytes[0], bytes[1]]),
            head: u16::from_le_bytes([bytes[2], bytes[3]]),
            version: u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]),
        }
    }

    fn pack(self) -> u64 {
        u64::from(self.version) << 32 | u64::from(self.head) << 16 | u64::from(self.tail)
    }

    fn len(self) -> u16 {
        self.tail.wrapping_sub(self.head)
    }

    /// The next version, with other ends.
    fn with(self, head: u16, tail: u16) -> u64 {
        Ends {
            version: self.version.wrapping_add(1),
            head,
            tail,
        }
        .pack()
    }
}

/// See the module. The methods named "owner" must be called from the owning worker only.
pub(crate) struct Fresh<T: 'static> {
    ends: AtomicU64,
    slots: [AtomicRef<T>; CAPACITY as usize],
}

impl<T> Fresh<T> {
    pub(crate) fn new() -> Self {
        Fresh {
            ends: AtomicU64::new(0),
            slots: std::array::from_fn(|_| AtomicRef::none()),
        }
    }

    fn slot(&self, index: u16) -> &AtomicRef<T> {
        &self.slots[usize::from(index % CAPACITY)]
    }

    /// Whether it looked empty.
    pub(crate) fn is_empty(&self) -> bool {
        Ends::unpack(self.ends.load(Ordering::Relaxed)).len() == 0
    }

    fn exchange(&self, from: u64, to: u64) -> Result<u64, u64> {
        self.ends
            .compare_exchange_weak(from, to, Ordering::AcqRel, Ordering::Acquire)
    }

    /// Owner: adds the newest entry; false when there is no room.
    pub(crate) fn push(&self, entry: &'static T) -> bool {
        let mut word = self.ends.load(Ordering::Relaxed);
        loop {
            let ends = Ends::unpack(word);
            if ends.len() >= CAPACITY {
                return false;
            }
            // Nobody reads this slot with success before the exchange below: it lies outside of the entries.
            self.slot(ends.tail).store(Some(entry), Ordering::Relaxed);
            match self.exchange(word, ends.with(ends.head, ends.tail.wrapping_add(1))) {
                Ok(_) => return true,
                Err(seen) => word = seen,
            }
        }
    }

    /// Owner: takes the newest entry.
    pub(crate) fn pop_newest(&self) -> Option<&'static T> {
        let mut word = self.ends.load(Ordering::Relaxed);
        loop {
            let ends = Ends::unpack(word);
            if ends.len() == 0 {
                return None;
            }
            let newest = ends.tail.wrapping_sub(1);
            let entry = self.slot(newest).load(Ordering::Relaxed);
            match self.exchange(word, ends.with(ends.head, newest)) {
                Ok(_) => return entry,
                Err(seen) => word = seen,
            }
        }
    }

    /// Anyone: takes the oldest entry.
    pub(crate) fn pop_oldest(&self) -> Option<&'static T> {
        let mut only = [None; 1];
        self.claim(&mut only, |_| 1);
        only[0]
    }

    /// Anyone: takes the older half, oldest first, at most [`CAPACITY`] / 2.
    pub(crate) fn take_half(&self, take: impl FnMut(&'static T)) {
        let mut batch = [None; (CAPACITY / 2) as usize];
        self.claim(&mut batch, |length| length - length / 2);
        batch.into_iter().flatten().for_each(take);
    }

    /// Takes as many of the oldest entries as `share` says of the number there are.
    fn claim(&self, batch: &mut [Option<&'static T>], share: impl Fn(usize) -> usize) {
        // Acquire pairs with the release in `push`.
        let mut word = self.ends.load(Ordering::Acquire);
        loop {
            let ends = Ends::unpack(word);
            let count = if ends.len() == 0 {
                0
            } else {
                share(usize::from(ends.len())).min(batch.len())
            };
            let mut head = ends.head;
            for place in &mut batch[..count] {
                *place = self.slot(head).load(Ordering::Relaxed);
                head = head.wrapping_add(1);
            }
            if count == 0 {
                return;
            }
            match self.exchange(word, ends.with(head, ends.tail)) {
                Ok(_) => return,
                Err(seen) => {
                    batch.fill(None);
                    word = seen;
                }
            }
        }
    }
}
