//! Messages: sending and receiving on datagram and sequenced-packet sockets.

use super::ancillary::Ancillary;
use super::inbox::Inbox;
use super::queue::{Head, Queue, Segment};
use super::stream::{deliver, ending};
use super::{Address, ReceiveFlags, Received, Waiting};
use crate::error::Errno;
use crate::vfs::{Sink, Source};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use threadbare_machine::memory::PAGE_SIZE;

/// Who may have how many messages wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// The sender's buffer.
    pub(super) buffer: usize,
    /// How many messages may wait from those who are not the receiver's own peer.
    pub(super) strangers: Option<usize>,
    /// Who sends, for that.
    pub(super) sender: usize,
}

impl Inbox {
    /// Sends `source` as one message.
    ///
    /// # Errors
    /// `EMSGSIZE` if it does not fit the sender's buffer; `ECONNREFUSED` or `EPIPE` when nobody receives; `EPERM` if the
    /// receiver has another peer; `EAGAIN` and its like; `EFAULT`, `ENOBUFS`, `ENOMEM`.
    pub(super) fn send_record(
        &self,
        source: &mut dyn Source,
        ancillary: Option<Box<Ancillary>>,
        from: Option<Arc<Address>>,
        room: Room,
        waiting: Waiting,
    ) -> Result<usize, Errno> {
        /// What Linux keeps of the buffer.
        const KEPT: usize = 32;
        let total = source.remaining();
        if total > room.buffer.saturating_sub(KEPT) {
            return Err(Errno::EMSGSIZE);
        }
        let head = Head::of(ancillary, from);
        let mut segments = segments(source, total, head)?;
        waiting.wait(&self.senders, || {
            let mut queue = self.queue();
            // Without a connection, `strangers` is given and it matters who is gone.
            if queue.dead && room.strangers.is_some() {
                return Some(Err(Errno::ECONNREFUSED));
            }
            if queue.closed || queue.ended {
                return Some(Err(Errno::EPIPE));
            }
            if !queue.may_send(room.sender) {
                return Some(Err(Errno::EPERM));
            }
            if queue.is_full(room.buffer) || !queue.takes_from(room.sender, room.strangers) {
                return None;
            }
            if let Err(error) = queue.reserve(segments.len()) {
                return Some(Err(error));
            }
            Some(segments.drain(..).try_for_each(|segment| queue.push(segment)))
        })?;
        self.has_grown();
        Ok(total)
    }

    /// Receives one message; what does not fit is lost.
    ///
    /// # Errors
    /// What was noted for the receiver; `EAGAIN` and its like; `EFAULT`, and the message is lost.
    pub(super) fn receive_record(
        &self,
        sink: &mut dyn Sink,
        flags: ReceiveFlags,
        waiting: Waiting,
        received: &mut Received,
    ) -> Result<usize, Errno> {
        let segments = waiting.wait(&self.receivers, || {
            let mut queue = self.queue();
            if queue.is_empty() {
                return ending(&mut queue).map(|ending| ending.map(|()| Vec::new()));
            }
            Some(record(&mut queue, flags.peek))
        })?;
        if !flags.peek && !segments.is_empty() {
            self.has_room();
        }
        received.length = segments.iter().map(|segment| segment.length).sum();
        let mut done = 0;
        for mut segment in segments {
            if let Some(head) = segment.head.take() {
                (received.ancillary, received.source) = (head.ancillary, head.source);
            }
            segment.length = segment.length.min(sink.remaining());
            deliver(&segment, sink)?;
            done += segment.length;
            let unused = segment.page.and_then(|page| self.queue().keep(page));
            drop(unused);
        }
        received.truncated = done < received.length;
        if !self.queue().is_empty() {
            self.receivers.wake_one();
        }
        Ok(done)
    }
}

/// The message in pages.
fn segments(source: &mut dyn Source, total: usize, head: Option<Box<Head>>) -> Result<Vec<Segment>, Errno> {
    let mut segments = Vec::new();
    segments
        .try_reserve_exact(total.div_ceil(PAGE_SIZE).max(1))
        .map_err(|_| Errno::ENOBUFS)?;
    let mut left = total;
    while left > 0 {
        let count = left.min(PAGE_SIZE);
        let page = source.take_page(count)?;
        segments.push(Segment::of_page(page, count));
        left -= count;
    }
    if segments.is_empty() {
        segments.push(Segment {
            page: None,
            start: 0,
            length: 0,
            head: None,
            ends: true,
        });
    }
    if let Some(first) = segments.first_mut() {
        first.head = head;
    }
    if let Some(last) = segments.last_mut() {
        last.ends = true;
    }
    Ok(segments)
}

/// The first message: taken out, or copied.
fn record(queue: &mut Queue, peek: bool) -> Result<Vec<Segment>, Errno> {
    let mut segments = Vec::new();
    loop {
        segments.try_reserve(1)?;
        let next = if peek {
            queue.at(segments.len()).cloned()
        } else {
            queue.take(usize::MAX)
        };
        let Some(segment) = next else { break };
        let ends = segment.ends;
        segments.push(segment);
        if ends {
            break;
        }
    }
    Ok(segments)
}
