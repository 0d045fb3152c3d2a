//! Reading and writing (`pipe(7)`).

use super::ring::{Place, Ring, Segment};
use super::state::{Attempt, Pipe};
use crate::error::Errno;
use crate::ipc::raise_broken_pipe;
use crate::vfs::{Readiness, Sink, Source};
use core::ops::Range;
use threadbare_machine::memory::{Frame, PAGE_SIZE};

/// The next bytes to read.
struct Piece {
    page: Frame,
    range: Range<usize>,
    packet: bool,
}

/// What a write has put somewhere.
enum Put {
    /// So many bytes behind the last segment.
    Behind(usize),
    /// Bytes of a page of their own.
    Fresh(Frame, usize),
}

impl Pipe {
    /// Takes bytes out: as many as fit, of those that are there.
    ///
    /// # Errors
    /// `EAGAIN`, `ERESTARTSYS`, `EFAULT`.
    pub(super) fn read(&self, nonblocking: bool, sink: &mut dyn Sink) -> Result<usize, Errno> {
        let room = sink.remaining();
        if room == 0 {
            return Ok(0);
        }
        let claimed = self.claim(&self.readers, nonblocking, |state| {
            match piece(&state.ring, room) {
                Some(piece) => Attempt::Claimed(piece),
                None if state.writers == 0 => Attempt::Done(Ok(0)),
                None => Attempt::Wait,
            }
        });
        let (mut claim, mut next) = match claimed {
            Ok(claimed) => claimed,
            Err(answer) => return answer,
        };
        let mut done = 0;
        let result = loop {
            let Piece { page, range, packet } = next;
            let count = range.len();
            if let Err(error) = sink.put_page(&page, range) {
                break Err(error);
            }
            drop(page);
            done += count;
            let room = if packet { 0 } else { sink.remaining() };
            let mut unused = None;
            let more = claim.step(|ring| {
                unused = ring.consume(count);
                (room > 0).then(|| piece(ring, room)).flatten()
            });
            match more {
                Some(piece) => next = piece,
                None => break Ok(done),
            }
        };
        let was_full = claim.was_full();
        drop(claim);
        if was_full {
            self.watchers.notify(Readiness::WRITE);
        }
        if done > 0 { Ok(done) } else { result }
    }

    /// Puts bytes in. Up to `PIPE_BUF` go as one; more may be mixed with those of others.
    ///
    /// # Errors
    /// `EPIPE`, with the signal, if nobody reads; `EAGAIN`, `ERESTARTSYS`, `EFAULT`, `ENOMEM`.
    pub(super) fn write(
        &self,
        nonblocking: bool,
        packet: bool,
        source: &mut dyn Source,
    ) -> Result<usize, Errno> {
        let total = source.remaining();
        let mut left = total;
        let mut result = Ok(total);
        while left > 0 {
            let claimed = self.claim(&self.writers, nonblocking, |state| {
                if state.readers == 0 {
                    return Attempt::Done(Err(Errno::EPIPE));
                }
                match state.ring.place(left, left == total) {
                    Some(place) => Attempt::Claimed(place),
                    None => Attempt::Wait,
                }
            });
            let (mut claim, mut place) = match claimed {
                Ok(claimed) => claimed,
                Err(answer) => {
                    result = answer;
                    break;
                }
            };
            let filled = loop {
                let put = match put(place, left, source) {
                    Ok(put) => put,
                    Err(error) => break Err(error),
                };
                left -= put.count();
                let next = claim.step(|ring| {
                    put.commit(ring, packet);
                    (left > 0).then(|| ring.place(left, false)).flatten()
                });
                match next {
                    Some(next) => place = next,
                    None => break Ok(()),
                }
            };
            drop(claim);
            if left < total {
                self.watchers.notify(Readiness::READ);
            }
            if let Err(error) = filled {
                result = Err(error);
                break;
            }
        }
        if result == Err(Errno::EPIPE) {
            raise_broken_pipe();
        }
        if left < total { Ok(total - left) } else { result }
    }
}

fn piece(ring: &Ring, room: usize) -> Option<Piece> {
    let first = ring.first()?;
    let length = first.length.min(room);
    Some(Piece {
        page: first.page.clone(),
        range: first.start..first.start + length,
        packet: first.packet,
    })
}

/// Puts the next of `left` bytes into their place.
fn put(place: Place, left: usize, source: &mut dyn Source) -> Result<Put, Errno> {
    match place {
        Place::Behind(page, range) => {
            let count = range.len();
            source.take_into_page(&page, range)?;
            Ok(Put::Behind(count))
        }
        Place::Fresh(spare) => {
            let page = spare.map_or_else(Frame::zeroed, Ok)?;
            let count = left.min(PAGE_SIZE);
            source.take_into_page(&page, 0..count)?;
            Ok(Put::Fresh(page, count))
        }
    }
}

impl Put {
    fn count(&self) -> usize {
        match self {
            Put::Behind(count) | Put::Fresh(_, count) => *count,
        }
    }

    fn commit(self, ring: &mut Ring, packet: bool) {
        match self {
            Put::Behind(count) => ring.extend(count),
            Put::Fresh(page, length) => ring.push(Segment {
                page,
                start: 0,
                length,
                packet,
                open_ended: !packet,
            }),
        }
    }
}
