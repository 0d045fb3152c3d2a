//! [`Queue`]: what was sent to a socket and not received yet.

use super::address::Address;
use super::ancillary::Ancillary;
use crate::error::Errno;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use threadbare_machine::memory::{Frame, PAGE_SIZE};

/// What a page on its way costs beside its bytes: about what Linux' buffers cost.
pub(super) const OVERHEAD: usize = 768;

/// A part of a page that was sent.
#[derive(Clone)]
pub(super) struct Segment {
    /// `None` for an empty message.
    pub(super) page: Option<Frame>,
    pub(super) start: usize,
    pub(super) length: usize,
    /// What travels with its first byte.
    pub(super) head: Option<Box<Head>>,
    /// It is the last of a message.
    pub(super) ends: bool,
}

/// What travels with the first byte of what was sent.
#[derive(Clone, Default)]
pub(super) struct Head {
    pub(super) ancillary: Option<Box<Ancillary>>,
    pub(super) source: Option<Arc<Address>>,
}

impl Head {
    /// With these, if there is anything.
    pub(super) fn of(ancillary: Option<Box<Ancillary>>, source: Option<Arc<Address>>) -> Option<Box<Head>> {
        (ancillary.is_some() || source.is_some()).then(|| Box::new(Head { ancillary, source }))
    }
}

impl Segment {
    /// Bytes at the start of a page, of a stream.
    pub(super) fn of_page(page: Frame, length: usize) -> Segment {
        Segment {
            page: Some(page),
            start: 0,
            length,
            head: None,
            ends: false,
        }
    }

    /// Descriptors and credentials that travel with its first byte.
    pub(super) fn ancillary(&self) -> Option<&Ancillary> {
        self.head.as_ref()?.ancillary.as_deref()
    }

    fn cost(&self) -> usize {
        self.length.saturating_add(OVERHEAD)
    }

    fn end(&self) -> usize {
        self.start.saturating_add(self.length)
    }
}

/// What was sent to a socket, and whether more will be.
pub(super) struct Queue {
    segments: VecDeque<Segment>,
    /// What the segments cost.
    used: usize,
    /// Nobody receives any more.
    pub(super) closed: bool,
    /// The socket is gone: not only does it not want to receive.
    pub(super) dead: bool,
    /// Nobody sends any more.
    pub(super) ended: bool,
    /// The one inbox whose socket may send, while the receiver has a peer.
    pub(super) only_from: Option<usize>,
    /// The buffer of who sent last.
    buffer: usize,
    /// What the next receive fails with, once the queue is empty.
    pub(super) error: Option<Errno>,
    /// A page that was received whole.
    spare: Option<Frame>,
}

/// What becomes of a small piece.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Appended {
    Done,
    /// It needs a page, which is to be brought.
    NeedsPage,
}

impl Queue {
    pub(super) fn new() -> Queue {
        Queue {
            segments: VecDeque::new(),
            used: 0,
            closed: false,
            dead: false,
            ended: false,
            only_from: None,
            buffer: 0,
            error: None,
            spare: None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// How many bytes a stream holds.
    pub(super) fn bytes(&self) -> usize {
        self.segments.iter().map(|segment| segment.length).sum()
    }

    /// How many bytes the first message has.
    pub(super) fn first_record(&self) -> usize {
        let mut total = 0usize;
        for segment in &self.segments {
            total = total.saturating_add(segment.length);
            if segment.ends {
                break;
            }
        }
        total
    }

    /// How many messages wait.
    pub(super) fn records(&self) -> usize {
        self.segments.iter().filter(|segment| segment.ends).count()
    }

    /// What all of it costs.
    pub(super) fn used(&self) -> usize {
        self.used
    }

    /// Whether a sender with this buffer has to wait.
    pub(super) fn is_full(&mut self, buffer: usize) -> bool {
        self.buffer = buffer;
        self.used >= buffer
    }

    /// Whether who sent last finds room, as poll calls it.
    pub(super) fn has_room(&self) -> bool {
        self.is_writable(self.buffer)
    }

    /// Whether the socket of the inbox `sender` may send.
    pub(super) fn may_send(&self, sender: usize) -> bool {
        self.only_from.is_none_or(|only| only == sender)
    }

    /// Whether one more message may wait: of strangers, only so many.
    pub(super) fn takes_from(&self, sender: usize, strangers: Option<usize>) -> bool {
        self.only_from == Some(sender) || strangers.is_none_or(|most| self.records() <= most)
    }

    /// Whether poll calls it writable: as on Linux, with three quarters free.
    pub(super) fn is_writable(&self, buffer: usize) -> bool {
        self.used.saturating_mul(4) <= buffer
    }

    /// Appends a segment.
    ///
    /// # Errors
    /// `ENOBUFS`.
    pub(super) fn push(&mut self, segment: Segment) -> Result<(), Errno> {
        self.reserve(1)?;
        self.push_reserved(segment);
        Ok(())
    }

    #[inline]
    fn push_reserved(&mut self, segment: Segment) {
        self.used = self.used.saturating_add(segment.cost());
        self.segments.push_back(segment);
    }

    /// Appends all segments of a batch, up to the first place where there is none.
    ///
    /// # Errors
    /// `ENOBUFS`, and nothing is appended.
    pub(super) fn push_all(&mut self, batch: &mut [Option<Segment>]) -> Result<(), Errno> {
        self.reserve(batch.len())?;
        for segment in batch.iter_mut().map_while(Option::take) {
            self.push_reserved(segment);
        }
        Ok(())
    }

    /// Makes sure that `count` segments can be pushed.
    ///
    /// # Errors
    /// `ENOBUFS`.
    pub(super) fn reserve(&mut self, count: usize) -> Result<(), Errno> {
        self.segments.try_reserve(count).map_err(|_| Errno::ENOBUFS)
    }

    /// Appends a few bytes of a stream, to the last page if they fit there, else to the spare one or to `page`.
    ///
    /// # Errors
    /// `ENOBUFS`.
    pub(super) fn append(&mut self, bytes: &[u8], page: &mut Option<Frame>) -> Result<Appended, Errno> {
        if let Some(last) = self.segments.back_mut()
            && last.head.is_none()
            && let end = last.end()
            && end.saturating_add(bytes.len()) <= PAGE_SIZE
            && let Some(page) = &last.page
            && !page.is_shared()
        {
            page.write(end, bytes);
            last.length = last.length.saturating_add(bytes.len());
            self.used = self.used.saturating_add(bytes.len());
            return Ok(Appended::Done);
        }
        let Some(page) = self.spare.take().or_else(|| page.take()) else {
            return Ok(Appended::NeedsPage);
        };
        page.write(0, bytes);
        self.push(Segment::of_page(page, bytes.len()))?;
        Ok(Appended::Done)
    }

    /// The first segment.
    pub(super) fn first(&self) -> Option<&Segment> {
        self.segments.front()
    }

    /// The segment at this place.
    pub(super) fn at(&self, place: usize) -> Option<&Segment> {
        self.segments.get(place)
    }

    /// Takes up to `room` bytes off the front, out of one segment.
    #[inline]
    pub(super) fn take(&mut self, room: usize) -> Option<Segment> {
        if self.segments.front()?.length > room {
            return self.take_part(room);
        }
        let first = self.segments.pop_front()?;
        self.used = self.used.saturating_sub(first.cost());
        Some(first)
    }

    /// Takes `room` bytes of the first segment, which has more.
    fn take_part(&mut self, room: usize) -> Option<Segment> {
        let first = self.segments.front_mut()?;
        let taken = Segment {
            page: first.page.clone(),
            start: first.start,
            length: room,
            head: first.head.take(),
            ends: false,
        };
        first.start = first.start.saturating_add(room);
        first.length -= room;
        self.used = self.used.saturating_sub(room);
        Some(taken)
    }

    /// Puts back what was taken last, for it could not be delivered.
    pub(super) fn put_back(&mut self, segment: Segment) {
        self.used = self.used.saturating_add(segment.cost());
        self.segments.push_front(segment);
    }

    /// Keeps a page that was received whole, for the next small piece. Returns what is not kept.
    pub(super) fn keep(&mut self, page: Frame) -> Option<Frame> {
        if self.spare.is_none() && !page.is_shared() {
            self.spare = Some(page);
            return None;
        }
        Some(page)
    }

    /// Takes all that is there, to be dropped where no lock is held.
    pub(super) fn clear(&mut self) -> (VecDeque<Segment>, Option<Frame>) {
        self.used = 0;
        (core::mem::take(&mut self.segments), self.spare.take())
    }
}
