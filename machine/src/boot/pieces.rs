//! A few ranges of frame numbers, kept without allocating.

/// How many pieces are kept track of; memory maps have a handful.
const MOST: usize = 32;

/// Disjoint ranges `[start, end)` of frame numbers. A piece too many is dropped: that memory is not used.
#[derive(Clone)]
pub(super) struct Pieces {
    pieces: [(usize, usize); MOST],
    count: usize,
}

impl Pieces {
    pub(super) fn new() -> Self {
        Pieces {
            pieces: [(0, 0); MOST],
            count: 0,
        }
    }

    /// Adds a range that overlaps none so far.
    pub(super) fn add(&mut self, start: usize, end: usize) {
        if start < end && self.count < MOST {
            self.pieces[self.count] = (start, end);
            self.count += 1;
        }
    }

    /// Removes a range from all pieces.
    pub(super) fn remove(&mut self, start: usize, end: usize) {
        if start >= end {
            return;
        }
        let old = self.clone();
        self.count = 0;
        for &(from, to) in old.as_slice() {
            self.add(from, to.min(start));
            self.add(from.max(end), to);
        }
    }

    /// The pieces cut to `[start, end)`.
    pub(super) fn within(&self, start: usize, end: usize) -> Pieces {
        let mut cut = self.clone();
        cut.remove(0, start);
        cut.remove(end, usize::MAX);
        cut
    }

    /// Takes `count` consecutive frames below `border` and returns the first.
    pub(super) fn take(&mut self, count: usize, border: usize) -> Option<usize> {
        let fits = |&&(start, end): &&(usize, usize)| start + count <= end.min(border);
        let start = self
            .as_slice()
            .iter()
            .filter(fits)
            .map(|&(start, _)| start)
            .max()?;
        self.remove(start, start + count);
        Some(start)
    }

    pub(super) fn as_slice(&self) -> &[(usize, usize)] {
        &self.pieces[..self.count]
    }
}
