//! Where there is room.

use core::ops::Range;

use crate::RangeMap;

impl<V> RangeMap<V> {
    /// The highest start of `size` free addresses within `within` that is a multiple of `alignment`.
    ///
    /// `alignment` is a power of two, or nothing is found; nor is it for a `size` of 0.
    pub fn highest_gap(&self, within: Range<usize>, size: usize, alignment: usize) -> Option<usize> {
        if size == 0 || !alignment.is_power_of_two() {
            return None;
        }
        let mut end = within.end;
        for (range, _) in self.overlapping(within.clone()).rev() {
            if let Some(start) = highest_start(range.end.max(within.start)..end, size, alignment) {
                return Some(start);
            }
            end = range.start.max(within.start);
        }
        highest_start(within.start..end, size, alignment)
    }

    /// The lowest start of `size` free addresses within `within` that is a multiple of `alignment`, as
    /// [`highest_gap`](Self::highest_gap).
    pub fn lowest_gap(&self, within: Range<usize>, size: usize, alignment: usize) -> Option<usize> {
        if size == 0 || !alignment.is_power_of_two() {
            return None;
        }
        let mut start = within.start;
        for (range, _) in self.overlapping(within.clone()) {
            if let Some(start) = lowest_start(start..range.start, size, alignment) {
                return Some(start);
            }
            start = range.end;
        }
        lowest_start(start..within.end, size, alignment)
    }
}

fn highest_start(gap: Range<usize>, size: usize, alignment: usize) -> Option<usize> {
    let start = gap.end.checked_sub(size)? & !(alignment - 1);
    (start >= gap.start).then_some(start)
}

fn lowest_start(gap: Range<usize>, size: usize, alignment: usize) -> Option<usize> {
    let start = gap.start.checked_next_multiple_of(alignment)?;
    (start.checked_add(size)? <= gap.end).then_some(start)
}
