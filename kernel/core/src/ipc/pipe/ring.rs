//! The pages of a pipe: what is in it, and what still fits.
//!
//! As on Linux (`pipe(7)`), the capacity counts pages, not bytes. A write fills up the last page only if what it has
//! beyond whole pages fits there as one piece; so at most `PIPE_BUF` bytes are never torn apart.

use crate::error::Errno;
use alloc::collections::VecDeque;
use core::ops::Range;
use threadbare_machine::memory::{Frame, PAGE_SIZE};

/// A part of a page that is to be read.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) page: Frame,
    pub(super) start: usize,
    pub(super) length: usize,
    /// It was written with `O_DIRECT`: read at once or lost.
    pub(super) packet: bool,
    /// The rest of the page may be written: nobody else has it, and it is no packet.
    pub(super) open_ended: bool,
}

impl Segment {
    fn end(&self) -> usize {
        self.start.saturating_add(self.length)
    }
}

/// Where bytes go that are written.
pub(super) enum Place {
    /// Into this part of the last page.
    Behind(Frame, Range<usize>),
    /// Into a page of their own; perhaps one is at hand.
    Fresh(Option<Frame>),
}

/// What is in a pipe.
#[derive(Debug)]
pub(super) struct Ring {
    segments: VecDeque<Segment>,
    slots: usize,
    /// A page that was read empty and is used again: bytes that nobody has written since are never shown.
    spare: Option<Frame>,
}

impl Ring {
    /// An empty one for `slots` pages, which are taken as they are written.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub(super) fn new(slots: usize) -> Result<Ring, Errno> {
        let mut segments = VecDeque::new();
        segments.try_reserve_exact(slots)?;
        Ok(Ring {
            segments,
            slots,
            spare: None,
        })
    }

    pub(super) fn slots(&self) -> usize {
        self.slots
    }

    pub(super) fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.segments.len() >= self.slots
    }

    /// How many segments there are.
    pub(super) fn length(&self) -> usize {
        self.segments.len()
    }

    /// How many bytes can be read.
    pub(super) fn bytes(&self) -> usize {
        self.segments.iter().map(|segment| segment.length).sum()
    }

    /// What is in it, in the order of reading.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Segment> {
        self.segments.iter()
    }

    /// What is read next.
    pub(super) fn first(&self) -> Option<&Segment> {
        self.segments.front()
    }

    /// The first `count` bytes have been read. Returns a page that is no longer needed, to be dropped where no lock is
    /// held.
    pub(super) fn consume(&mut self, count: usize) -> Option<Frame> {
        let first = self.segments.front_mut()?;
        if count < first.length && !first.packet {
            first.start = first.start.saturating_add(count);
            first.length -= count;
            return None;
        }
        let page = self.segments.pop_front()?.page;
        if self.spare.is_some() || page.is_shared() {
            return Some(page);
        }
        self.spare = Some(page);
        None
    }

    /// Where the next of `left` bytes are to be put. Only the `beginning` of a write fills up the last page.
    pub(super) fn place(&mut self, left: usize, beginning: bool) -> Option<Place> {
        let odd = left % PAGE_SIZE;
        if beginning
            && odd != 0
            && let Some(last) = self.segments.back().filter(|last| last.open_ended)
            && last.end() <= PAGE_SIZE - odd
        {
            let at = last.end();
            return Some(Place::Behind(last.page.clone(), at..at + odd));
        }
        (!self.is_full()).then(|| Place::Fresh(self.spare.take()))
    }

    /// Puts a few bytes in: behind the last segment, into the spare page, or into `page`. `None` if it is full, `false` if
    /// a page is to be brought.
    pub(super) fn put_few(&mut self, bytes: &[u8], page: &mut Option<Frame>) -> Option<bool> {
        if let Some(last) = self.segments.back_mut().filter(|last| last.open_ended)
            && last.end() <= PAGE_SIZE - bytes.len()
        {
            last.page.write(last.end(), bytes);
            last.length += bytes.len();
            return Some(true);
        }
        if self.is_full() {
            return None;
        }
        let Some(page) = self.spare.take().or_else(|| page.take()) else {
            return Some(false);
        };
        page.write(0, bytes);
        self.push(Segment {
            page,
            start: 0,
            length: bytes.len(),
            packet: false,
            open_ended: true,
        });
        Some(true)
    }

    /// Puts bytes before all others.
    pub(super) fn put_back(&mut self, page: Frame, length: usize) {
        self.segments.push_front(Segment {
            page,
            start: 0,
            length,
            packet: false,
            open_ended: false,
        });
    }

    /// `count` bytes have been put behind the last segment.
    pub(super) fn extend(&mut self, count: usize) {
        if let Some(last) = self.segments.back_mut() {
            last.length = last.length.saturating_add(count);
        }
    }

    /// Appends a segment. The caller has seen that the ring is not full.
    pub(super) fn push(&mut self, segment: Segment) {
        self.segments.push_back(segment);
    }

    /// Changes the number of pages.
    ///
    /// # Errors
    /// `EBUSY` if more are in use; `ENOMEM`.
    pub(super) fn resize(&mut self, slots: usize) -> Result<(), Errno> {
        if slots < self.segments.len() {
            return Err(Errno::EBUSY);
        }
        self.segments.try_reserve_exact(slots - self.segments.len())?;
        self.slots = slots;
        Ok(())
    }
}
