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

/// So many pages are sent, or segments received, under one lock.
const BATCH: usize = 8;

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
                self.send_pages(source, left, &mut ancillary, buffer, waiting)
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

    fn send_pages(
        &self,
        source: &mut dyn Source,
        left: usize,
        ancillary: &mut Option<Box<Ancillary>>,
        buffer: usize,
        waiting: Waiting,
    ) -> Result<usize, Errno> {
        // Before the bytes are taken: what waits must not have been copied already.
        waiting.wait(&self.senders, || room(&mut self.queue(), buffer))?;
        let mut batch = [const { None }; BATCH];
        let mut taken = 0;
        for slot in &mut batch {
            let count = (left - taken).min(PAGE_SIZE);
            if count == 0 {
                break;
            }
            match source.take_page(count) {
                Ok(page) => *slot = Some(Segment::of_page(page, count)),
                Err(error) if taken == 0 => return Err(error),
                Err(_) => break,
            }
            taken += count;
        }
        if let Some(Some(first)) = batch.first_mut() {
            first.head = Head::of(ancillary.take(), None);
        }
        waiting.wait(&self.senders, || {
            let mut queue = self.queue();
            Some(match room(&mut queue, buffer)? {
                Ok(()) => queue.push_all(&mut batch),
                Err(error) => Err(error),
            })
        })?;
        self.has_grown();
        Ok(taken)
    }

    /// Receives bytes: as many as there are at once, or with [`ReceiveFlags::wait_all`] all that fit. `by_sender` keeps
    /// apart what different processes sent.
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
        while sink.remaining() > 0
            && received
                .ancillary
                .as_ref()
                .is_none_or(|ancillary| ancillary.rights.is_none())
        {
            let room = sink.remaining();
            let mut batch = [const { None }; BATCH];
            let attempt = || {
                let mut queue = self.queue();
                if queue.is_empty() {
                    return if done > 0 && !flags.wait_all {
                        Some(Ok(false))
                    } else {
                        ending(&mut queue).map(|ending| ending.map(|()| false))
                    };
                }
                let had_room = queue.has_room();
                let before = (done > 0).then_some(received.ancillary.as_deref());
                take(&mut queue, room, by_sender, before, &mut batch);
                Some(Ok(!had_room && queue.has_room()))
            };
            match waiting.wait(&self.receivers, attempt) {
                Ok(true) => self.has_room(),
                Ok(false) => {}
                Err(error) => {
                    result = Err(error);
                    break;
                }
            }
            let before = done;
            result = self.deliver_all(&mut batch, sink, &mut done, received);
            if result.is_err() || done == before {
                break;
            }
        }
        if !self.queue().is_empty() {
            self.receivers.wake_one();
        }
        if done > 0 { Ok(done) } else { result.map(|()| 0) }
    }

    /// Copies what was taken to where it is wanted; what cannot be is put back.
    fn deliver_all(
        &self,
        batch: &mut [Option<Segment>],
        sink: &mut dyn Sink,
        done: &mut usize,
        received: &mut Received,
    ) -> Result<(), Errno> {
        let mut spare = None;
        for at in 0..batch.len() {
            let Some(mut segment) = batch.get_mut(at).and_then(Option::take) else {
                break;
            };
            if let Err(error) = deliver(&segment, sink) {
                let mut queue = self.queue();
                for segment in batch.iter_mut().rev().filter_map(Option::take) {
                    queue.put_back(segment);
                }
                queue.put_back(segment);
                return Err(error);
            }
            *done += segment.length;
            if let Some(head) = segment.head.take()
                && head.ancillary.is_some()
            {
                received.ancillary = head.ancillary;
            }
            spare = segment.page;
        }
        let unused = spare.and_then(|page| self.queue().keep(page));
        drop(unused);
        Ok(())
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
            if let Some(ancillary) = segment.head.and_then(|head| head.ancillary) {
                received.ancillary = Some(ancillary);
            }
        }
        Ok(done)
    }
}

/// Takes up to `room` bytes: not past descriptors, and only of one sender if that matters; `before` is what came with
/// bytes that were received already.
fn take(
    queue: &mut Queue,
    mut room: usize,
    by_sender: bool,
    before: Option<Option<&Ancillary>>,
    batch: &mut [Option<Segment>],
) {
    let mut at = 0;
    while room > 0
        && at < batch.len()
        && let Some(first) = queue.first()
    {
        if by_sender {
            let last = match at.checked_sub(1) {
                None => before,
                Some(last) => batch
                    .get(last)
                    .map(|last| last.as_ref().and_then(Segment::ancillary)),
            };
            if last.is_some_and(|last| !Ancillary::has_same_sender(last, first.ancillary())) {
                break;
            }
        }
        let brings_files = first
            .ancillary()
            .is_some_and(|ancillary| ancillary.rights.is_some());
        let Some(segment) = queue.take(room) else { break };
        room -= segment.length;
        if let Some(slot) = batch.get_mut(at) {
            *slot = Some(segment);
        }
        at += 1;
        if brings_files {
            break;
        }
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
        let ancillary = next.ancillary();
        let before = last.and_then(Segment::ancillary);
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
