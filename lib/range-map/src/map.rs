//! The map and its queries.

use alloc::collections::BTreeMap;
use core::fmt;
use core::ops::Range;

/// A value that can be cut with its range and joined again.
pub trait Piece: Sized {
    /// Keeps the first `distance` addresses of the range and returns the value for the rest.
    fn cut(&mut self, distance: usize) -> Self;

    /// Whether `next`, whose range begins `distance` addresses after this one's, where this one's ends, goes on
    /// where `self` stops: whether `self.cut(distance)` of the joined range would give `next` back.
    fn joins(&self, distance: usize, next: &Self) -> bool;
}

/// An ordered map from non-overlapping ranges to values. The crate's documentation has the invariants.
#[derive(Clone)]
pub struct RangeMap<V> {
    /// By start address; each with the end of its range.
    pub(crate) ranges: BTreeMap<usize, Entry<V>>,
}

#[derive(Clone)]
pub(crate) struct Entry<V> {
    pub(crate) end: usize,
    pub(crate) value: V,
}

impl<V> RangeMap<V> {
    /// A map with no ranges.
    pub const fn new() -> Self {
        RangeMap {
            ranges: BTreeMap::new(),
        }
    }

    /// How many ranges there are.
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The range that holds `address`, and its value.
    pub fn get(&self, address: usize) -> Option<(Range<usize>, &V)> {
        let (start, entry) = self.ranges.range(..=address).next_back()?;
        (address < entry.end).then_some((*start..entry.end, &entry.value))
    }

    /// The range that holds `address`, and its value to be changed. A change is not merged with the neighbours.
    pub fn get_mut(&mut self, address: usize) -> Option<(Range<usize>, &mut V)> {
        let (start, entry) = self.ranges.range_mut(..=address).next_back()?;
        (address < entry.end).then_some((*start..entry.end, &mut entry.value))
    }

    /// The first range that begins at or after `address`, and its value.
    pub fn next_from(&self, address: usize) -> Option<(Range<usize>, &V)> {
        self.ranges.range(address..).next().map(item)
    }

    /// All ranges with their values, in ascending order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Range<usize>, &V)> {
        self.ranges.iter().map(item)
    }

    /// The ranges that have an address in common with `range`, whole, in ascending order.
    pub fn overlapping(&self, range: Range<usize>) -> impl DoubleEndedIterator<Item = (Range<usize>, &V)> {
        let from = match self.get(range.start) {
            Some((first, _)) if !range.is_empty() => first.start,
            _ => range.start,
        };
        self.ranges.range(from..range.end.max(from)).map(item)
    }

    /// Whether no address of `range` is in the map.
    pub fn is_free(&self, range: Range<usize>) -> bool {
        self.overlapping(range).next().is_none()
    }

    /// Whether every address of `range` is in the map. An empty range is.
    pub fn covers(&self, range: Range<usize>) -> bool {
        let mut at = range.start;
        for (piece, _) in self.overlapping(range.clone()) {
            if piece.start > at {
                return false;
            }
            at = piece.end;
        }
        at >= range.end
    }

    /// How many addresses all ranges have together.
    pub fn total(&self) -> usize {
        self.iter().map(|(range, _)| range.len()).sum()
    }

    /// Takes all ranges out.
    pub fn clear(&mut self) {
        self.ranges.clear();
    }
}

fn item<'a, V>((start, entry): (&'a usize, &'a Entry<V>)) -> (Range<usize>, &'a V) {
    (*start..entry.end, &entry.value)
}

impl<V> Default for RangeMap<V> {
    fn default() -> Self {
        RangeMap::new()
    }
}

impl<V: fmt::Debug> fmt::Debug for RangeMap<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self.iter()).finish()
    }
}
