//! Changes: insertion, removal, and change in place.

use alloc::vec::Vec;
use core::ops::{Bound, Range};

use crate::map::{Entry, Piece, RangeMap};

impl<V: Piece> RangeMap<V> {
    /// Puts `value` at `range` if no address of it is taken, and merges it with what it touches.
    ///
    /// # Errors
    /// The value comes back if an address is taken, or the range is empty.
    pub fn insert(&mut self, range: Range<usize>, value: V) -> Result<(), V> {
        if range.is_empty() || !self.is_free(range.clone()) {
            return Err(value);
        }
        let _ = self.ranges.insert(
            range.start,
            Entry {
                end: range.end,
                value,
            },
        );
        self.join_at(range.start);
        self.join_at(range.end);
        Ok(())
    }

    /// Puts `value` at `range` in place of what was there, which is given to `removed` piece by piece as
    /// [`remove`](Self::remove) does. Nothing happens if the range is empty.
    pub fn overwrite(&mut self, range: Range<usize>, value: V, removed: impl FnMut(Range<usize>, V)) {
        self.remove(range.clone(), removed);
        // After the removal nothing of the range is taken; an empty one is refused, which is what is wanted.
        let _ = self.insert(range, value);
    }

    /// Takes everything within `range` out and gives it to `removed`, cut to the range, in ascending order.
    pub fn remove(&mut self, range: Range<usize>, mut removed: impl FnMut(Range<usize>, V)) {
        if range.is_empty() {
            return;
        }
        self.split_at(range.start);
        self.split_at(range.end);
        while let Some(start) = self.ranges.range(range.clone()).next().map(|(start, _)| *start) {
            if let Some(entry) = self.ranges.remove(&start) {
                removed(start..entry.end, entry.value);
            }
        }
    }

    /// Lets `change` alter every value within `range`, cut to the range, and merges what became one.
    pub fn update(&mut self, range: Range<usize>, mut change: impl FnMut(Range<usize>, &mut V)) {
        if range.is_empty() {
            return;
        }
        self.split_at(range.start);
        self.split_at(range.end);
        for (start, entry) in self.ranges.range_mut(range.clone()) {
            change(*start..entry.end, &mut entry.value);
        }
        let mut border = Some(range.start);
        while let Some(address) = border {
            self.join_at(address);
            let after = (Bound::Excluded(address), Bound::Included(range.end));
            border = self.ranges.range(after).next().map(|(start, _)| *start);
        }
    }

    /// Cuts the range that has `address` within it, so that one begins there.
    pub fn split_at(&mut self, address: usize) {
        let Some((&start, entry)) = self.ranges.range_mut(..address).next_back() else {
            return;
        };
        if address < entry.end {
            let rest = Entry {
                end: entry.end,
                value: entry.value.cut(address - start),
            };
            entry.end = address;
            let _ = self.ranges.insert(address, rest);
        }
    }

    /// Merges the range that ends at `address` with the one that begins there, if they are one.
    fn join_at(&mut self, address: usize) {
        let Some(next) = self.ranges.get(&address) else {
            return;
        };
        let (end, previous) = (next.end, self.ranges.range(..address).next_back());
        let joins = previous.is_some_and(|(start, entry)| {
            entry.end == address && entry.value.joins(address - start, &next.value)
        });
        if joins {
            let _ = self.ranges.remove(&address);
            if let Some((_, entry)) = self.ranges.range_mut(..address).next_back() {
                entry.end = end;
            }
        }
    }
}

impl<V> IntoIterator for RangeMap<V> {
    type Item = (Range<usize>, V);
    type IntoIter = alloc::vec::IntoIter<(Range<usize>, V)>;

    /// All ranges with their values, in ascending order.
    fn into_iter(self) -> Self::IntoIter {
        let ranges: Vec<_> = self
            .ranges
            .into_iter()
            .map(|(start, entry)| (start..entry.end, entry.value))
            .collect();
        ranges.into_iter()
    }
}
