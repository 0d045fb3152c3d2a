//! A worker's queue of runnable threads: one producer and consumer, and thieves at the same end as the consumer.
//!
//! The design is Go's and tokio's. `tail` is written by the owner only. `head` moves by compare-exchange, by the owner
//! (one entry) or by a thief (half). An entry is read before the exchange that claims it, and counts only if the
//! exchange succeeds.
//!
//! Invariants:
//! 1. `tail - head <= CAPACITY`, in wrapping arithmetic; entries `[head, tail)` are the queue, oldest first.
//! 2. A slot is overwritten only when `head` was seen beyond it, so a thief that read a stale slot fails its exchange.
//!    (The counters would have to wrap, 2^32 operations, between a thief's read and its exchange to fool it.)
//! 3. Each entry that is pushed is returned exactly once.
//!
//! Orderings: the release store of `tail` in `push` pairs with the acquire load in `steal`, so a thief sees the entry.
//! The release part of the exchange of `head` pairs with the acquire load in `push`, so the owner overwrites a slot only
//! after the claimer has read it.

use super::atomic_ref::AtomicRef;
use super::shim::{AtomicU32, Ordering};

/// A power of two: indices are masked.
#[cfg(not(test))]
pub(crate) const CAPACITY: usize = 256;
#[cfg(test)]
pub(crate) const CAPACITY: usize = 4;

const MASK: usize = CAPACITY - 1;

/// The queue of one worker. The methods named "owner" must be called from that worker only.
pub(crate) struct Ring<T: 'static> {
    head: AtomicU32,
    tail: AtomicU32,
    slots: [AtomicRef<T>; CAPACITY],
}

/// There was no room.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl<T> Ring<T> {
    pub(crate) fn new() -> Self {
        Ring {
            head: AtomicU32::new(0),
            tail: AtomicU32::new(0),
            slots: std::array::from_fn(|_| AtomicRef::none()),
        }
    }

    fn slot(&self, index: u32) -> &AtomicRef<T> {
        &self.slots[index as usize & MASK]
    }

    /// Owner: appends `entry`.
    pub(crate) fn push(&self, entry: &'static T) -> Result<(), Full> {
        let tail = self.tail.load(Ordering::Relaxed);
        // Pairs with the exchanges of `head`: a claimed slot has been read.
        let head = self.head.load(Ordering::Acquire);
        if tail.wrapping_sub(head) as usize >= CAPACITY {
            return Err(Full);
        }
        self.slot(tail).store(Some(entry), Ordering::Relaxed);
        // Publishes the slot to thieves.
        self.tail.store(tail.wrapping_add(1), Ordering::Release);
        Ok(())
    }

    /// Owner: takes the oldest entry.
    pub(crate) fn pop(&self) -> Option<&'static T> {
        let tail = self.tail.load(Ordering::Relaxed);
        let mut head = self.head.load(Ordering::Relaxed);
        while head != tail {
            let entry = self.slot(head).load(Ordering::Relaxed);
            let next = head.wrapping_add(1);
            match self
                .head
                .compare_exchange_weak(head, next, Ordering::AcqRel, Ordering::Relaxed)
            {
                Ok(_) => return entry,
                Err(seen) => head = seen,
            }
        }
        None
    }

    /// Owner: takes the older half, to make room; the caller gets the entries through `take`.
    pub(crate) fn drain_half(&self, take: impl FnMut(&'static T)) {
        let mut batch = [None; CAPACITY];
        let count = self.claim_half(&mut batch, self.tail.load(Ordering::Relaxed));
        batch[..count].iter().copied().flatten().for_each(take);
    }

    /// Thief, owner of `into`: moves the older half of this ring there and returns one of the entries.
    /// `None` when there was nothing, or another claimed it first.
    pub(crate) fn steal_into(&self, into: &Ring<T>) -> Option<&'static T> {
        let mut batch = [None; CAPACITY];
        // Pairs with the release store in `push`.
        let count = self.claim_half(&mut batch, self.tail.load(Ordering::Acquire));
        let (&first, rest) = batch[..count].split_first()?;
        for entry in rest.iter().copied().flatten() {
            // A thief's ring is empty, and half a ring fits.
            into.push(entry)
                .expect("a thief's own ring has room for half of another");
        }
        first
    }

    /// Claims the older half, rounded up, of `[head, tail)`, by one exchange.
    fn claim_half(&self, batch: &mut [Option<&'static T>; CAPACITY], tail: u32) -> usize {
        let mut head = self.head.load(Ordering::Acquire);
        loop {
            let length = tail.wrapping_sub(head) as usize;
            // A stale tail can lie behind a newer head: the difference is then huge.
            if length == 0 || length > CAPACITY {
                return 0;
            }
            let count = length - length / 2;
            let mut index = head;
            for place in &mut batch[..count] {
                *place = self.slot(index).load(Ordering::Relaxed);
                index = index.wrapping_add(1);
            }
            match self
                .head
                .compare_exchange_weak(head, index, Ordering::AcqRel, Ordering::Acquire)
            {
                Ok(_) => return count,
                Err(seen) => head = seen,
            }
        }
    }

    /// The oldest entry, which stays: a hint, for a thief may have it by now.
    #[inline]
    pub(crate) fn peek(&self) -> Option<&'static T> {
        let head = self.head.load(Ordering::Relaxed);
        if head == self.tail.load(Ordering::Relaxed) {
            return None;
        }
        self.slots[head as usize & MASK].load(Ordering::Relaxed)
    }

    /// How many more entries it holds. Exact, or too low, for the owner.
    pub(crate) fn room(&self) -> usize {
        let head = self.head.load(Ordering::Relaxed);
        let length = self.tail.load(Ordering::Relaxed).wrapping_sub(head) as usize;
        CAPACITY.saturating_sub(length)
    }

    /// Whether it looked empty. A hint for anyone but the owner.
    pub(crate) fn is_empty(&self) -> bool {
        self.head.load(Ordering::Relaxed) == self.tail.load(Ordering::Relaxed)
    }
}
