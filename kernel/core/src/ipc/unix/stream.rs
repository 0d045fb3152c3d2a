//! Bytes: sending and receiving on stream sockets.

use super::ancillary::Ancillary;
use super::inbox::Inbox;
use super::queue::{Appended, Head, Queue, Segment};
use super::{ReceiveFlags, Received, Waiting};
use crate::error::Errno;
use crate::vfs::{Sink, Source};
use alloc::boxed::Box;
use alloc::vec::Vec;
use threadbare_machine::memory::{Frame, PAGE_SIZE};

/// Up to so many bytes are copied over the stack, into a page that others share.
const SMALL: usize = 256;

impl Inbox {
    /// Sends all of `source`, the first byte with `ancillary`; `buffer` is the sender's.
    ///
    /// # Errors
    /// `EPIPE` when nobody receives or the sender has said that it ends; `EAGAIN` and its like; `EFAULT`, `ENOBUFS`,
    /// `ENOMEM`. All of them only if nothing was sent.
    pub(super) fn send_stream(
        &self,
        source: &mut dyn Source,
        mut ancillary: Option<Box<Ancillary>>,
        buffer: usize,
        waiting: Waiting,
    ) -> Result<usize, Errno> {
        let total = source.remaining();
        let mut left = total;
        while left > 0 {
            let sent = if left <= SMALL && ancillary.is_none() {
                self.send_small(source, left, buffer, waiting)
            } else {
                self.send_page(source, left, &mut ancillary, buffer, waiting)
            };
            match sent {
                Ok(count) => left -= count,
                Err(error) if left == total => return Err(error),
                Err(_) => break,
            }
        }
        Ok(total - left)
    }

    fn send_small(
        &self,
        source: &mut dyn Source,
        count: usize,
        buffer: usize,
        waiting: Waiting,
    ) -> Result<usize, Errno> {
        let mut bytes = [0; SMALL];
        let bytes = bytes.get_mut(..count).unwrap_or_default();
        source.take(bytes)?;
        let mut page = None;
        loop {
            let appended = waiting.wait(&self.senders, || {
                let mut queue = self.queue();
                Some(match room(&mut queue, buffer)? {
                    Ok(()) => queue.append(bytes, &mut page),
                    Err(error) => Err(error),
                })
            })?;
            match appended {
                Appended::Done => break,
                Appended::NeedsPage => page = Some(Frame::zeroed()?),
            }
        }
        self.has_grown();
        Ok(count)
    }

    fn send_page(
        &self,
        source: &mut dyn Source,
        left: usize,
        ancillary: &mut Option<Box<Ancillary>>,
        buffer: usize,
        waiting: Waiting,
    ) -> Result<usize, Errno> {
        // Before the bytes are taken: what waits must not have been copied already.
        waiting.wait(&self.senders, || room(&mut self.queue(), buffer))?;
        let count = left.min(PAGE_SIZE);
        let page = source.take_page(count)?;
        let mut segment = Some(Segment {
            head: Head {
                ancillary: ancillary.take(),
                source: None,
            },
            ..Segment::of_page(page, count)
        });
        waiting.wait(&self.senders, || {
            let mut queue = self.queue();
            Some(match room(&mut queue, buffer)? {
                Ok(()) => segment.take().map_or(Ok(()), |segment| queue.push(segment)),
                Err(error) => Err(error),
            })
        })?;
        self.has_grown();
        Ok(count)
    }

    /// Receives bytes: as many as there are at once, or with [`ReceiveFlags::wait_all`] all that fit. `by_sender` keeps apart what different processes sent.
    ///
    /// # Errors
    /// What was noted for the receiver; `EAGAIN` and its like; `EFAULT`. Only if nothing was received.
    pub(super) fn receive_stream(
        &self,
        sink: &mut dyn Sink,
        flags: ReceiveFlags,
        by_sender: bool,
        waiting: Waiting,
        received: &mut Received,
    ) -> Result<usize, Errno> {
        if flags.peek {
            return self.peek_stream(sink, by_sender, waiting, received);
        }
        let mut done = 0;
        let mut result = Ok(());
        while sink.remaining() > 0 {
            let room = sink.remaining();
            let stops = |first: &Segment| {
                done > 0 && by_sender && {
                    let next = first.head.ancillary.as_deref();
                    !Ancillary::has_same_sender(received.ancillary.as_deref(), next)
                }
            };
            let attempt = || {
                let mut queue = self.queue();
                match queue.first() {
                    Some(first) if stops(first) => Some(Ok(None)),
                    Some(_) => {
                        let had_room = queue.has_room();
                        let taken = queue.take(room);
                        Some(Ok(taken.map(|taken| (taken, !had_room && queue.has_room()))))
                    }
                    None if done > 0 && !flags.wait_all => Some(Ok(None)),
                    None => ending(&mut queue).map(|ending| ending.map(|()| None)),
                }
            };
            let (mut segment, has_room) = match waiting.wait(&self.receivers, attempt) {
                Ok(Some(taken)) => taken,
                Ok(None) => break,
                Err(error) => {
                    result = Err(error);
                    break;
                }
            };
            if let Err(error) = deliver(&segment, sink) {
                self.queue().put_back(segment);
                result = Err(error);
                break;
            }
            done += segment.length;
            let ancillary = segment.head.ancillary.take();
            let whole = segment.ends;
            self.recycle(segment.page);
            if has_room {
                self.has_room();
            }
            let brought_files = ancillary
                .as_ref()
                .is_some_and(|ancillary| ancillary.rights.is_some());
            if ancillary.is_some() {
                received.ancillary = ancillary;
            }
            if brought_files || whole {
                break;
            }
        }
        if !self.queue().is_empty() {
            self.receivers.wake_one();
        }
        if done > 0 { Ok(done) } else { result.map(|()| 0) }
    }

    fn recycle(&self, page: Option<Frame>) {
        let unused = page.and_then(|page| self.queue().keep(page));
        drop(unused);
    }

    /// Shows what would be received, and leaves it there.
    fn peek_stream(
        &self,
        sink: &mut dyn Sink,
        by_sender: bool,
        waiting: Waiting,
        received: &mut Received,
    ) -> Result<usize, Errno> {
        let room = sink.remaining();
        let segments = waiting.wait(&self.receivers, || {
            let mut queue = self.queue();
            if queue.is_empty() {
                return ending(&mut queue).map(|ending| ending.map(|()| Vec::new()));
            }
            Some(front(&queue, room, by_sender))
        })?;
        let mut done = 0;
        for mut segment in segments {
            segment.length = segment.length.min(sink.remaining());
            deliver(&segment, sink)?;
            done += segment.length;
            if let Some(ancillary) = segment.head.ancillary {
                received.ancillary = Some(ancillary);
            }
        }
        Ok(done)
    }
}

/// The segments that the next `room` bytes lie in.
fn front(queue: &Queue, room: usize, by_sender: bool) -> Result<Vec<Segment>, Errno> {
    let mut segments: Vec<Segment> = Vec::new();
    let mut bytes = 0;
    while bytes < room
        && let Some(next) = queue.at(segments.len())
    {
        let last = segments.last();
        let ancillary = next.head.ancillary.as_deref();
        let before = last.and_then(|last| last.head.ancillary.as_deref());
        if last.is_some() && by_sender && !Ancillary::has_same_sender(before, ancillary) {
            break;
        }
        segments.try_reserve(1)?;
        segments.push(next.clone());
        bytes += next.length;
        if ancillary.is_some_and(|ancillary| ancillary.rights.is_some()) {
            break;
        }
    }
    Ok(segments)
}

/// Whether a stream that is not full may be sent to.
fn room(queue: &mut Queue, buffer: usize) -> Option<Result<(), Errno>> {
    if queue.closed || queue.ended {
        Some(Err(Errno::EPIPE))
    } else if queue.is_full(buffer) {
        None
    } else {
        Some(Ok(()))
    }
}

/// What an empty queue says: an error once, the end, or nothing yet.
pub(super) fn ending(queue: &mut Queue) -> Option<Result<(), Errno>> {
    if let Some(error) = queue.error.take() {
        return Some(Err(error));
    }
    (queue.ended || queue.closed).then_some(Ok(()))
}

/// Copies a segment to where it is wanted.
pub(super) fn deliver(segment: &Segment, sink: &mut dyn Sink) -> Result<(), Errno> {
    match &segment.page {
        Some(page) => sink.put_page(page, segment.start..segment.start + segment.length),
        None => Ok(()),
    }
}
