//! Reading and writing (`pipe(7)`).
//!
//! A few bytes go over the stack: they are copied from or to the program with no lock held, and from or to the page under
//! the lock, which is then taken only once. More is copied between program and page directly, while the pipe is claimed.

use super::ring::{Place, Ring, Segment};
use super::state::{Before, Pipe, Side};
use crate::error::Errno;
use crate::ipc::raise_broken_pipe;
use crate::vfs::{Readiness, Sink, Source};
use core::ops::Range;
use threadbare_machine::memory::{Frame, PAGE_SIZE};

/// So many bytes are a few.
const SMALL: usize = 64;

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

/// How a read begins.
enum Reading {
    /// Nobody writes, and there is nothing.
    End,
    /// These few bytes were taken.
    Few(usize, Option<Frame>),
    /// The pipe is claimed to read this.
    Claimed(Piece),
}

/// How a write begins.
enum Writing {
    /// All was put in.
    Done,
    /// It needs a page to put its few bytes into.
    NeedsPage,
    /// The pipe is claimed to put bytes there.
    Claimed(Place),
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
        let mut few = [0; SMALL];
        let (reading, before) = self.enter(Side::Reading, nonblocking, |state| {
            Some(Ok(match take_few(&mut state.ring, room, &mut few) {
                Some((count, unused)) => Reading::Few(count, unused),
                None => match piece(&state.ring, room) {
                    Some(piece) => {
                        state.claim();
                        Reading::Claimed(piece)
                    }
                    None if state.writers == 0 => Reading::End,
                    None => return None,
                },
            }))
        })?;
        let result = match reading {
            Reading::End => return Ok(0),
            Reading::Few(count, unused) => {
                drop(unused);
                let bytes = few.get(..count).unwrap_or_default();
                sink.put(bytes)
                    .map(|()| count)
                    .inspect_err(|_| self.put_back(bytes))
            }
            Reading::Claimed(first) => self.read_claimed(first, before, sink),
        };
        if before.was_full {
            self.watchers.notify(Readiness::WRITE);
        }
        result
    }

    fn read_claimed(&self, first: Piece, before: Before, sink: &mut dyn Sink) -> Result<usize, Errno> {
        let mut claim = self.claim(before);
        let mut next = first;
        let mut done = 0;
        loop {
            let Piece { page, range, packet } = next;
            let count = range.len();
            if let Err(error) = sink.put_page(&page, range) {
                return if done > 0 { Ok(done) } else { Err(error) };
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
                None => return Ok(done),
            }
        }
    }

    /// Bytes were taken that could not be delivered: they are the next again. Without memory for that they are lost.
    #[cold]
    fn put_back(&self, bytes: &[u8]) {
        let Ok(page) = Frame::zeroed() else { return };
        page.write(0, bytes);
        self.state().ring.put_back(page, bytes.len());
        self.wake_everybody();
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
        let result = match total {
            0 => Ok(0),
            1..=SMALL if !packet => self.write_few(nonblocking, total, source),
            _ => self.write_much(nonblocking, packet, total, source),
        };
        if let Err(Errno::EPIPE) = result {
            raise_broken_pipe();
        }
        result
    }

    fn write_few(&self, nonblocking: bool, count: usize, source: &mut dyn Source) -> Result<usize, Errno> {
        let mut few = [0; SMALL];
        let few = few.get_mut(..count).unwrap_or_default();
        source.take(few)?;
        let mut page = None;
        loop {
            let (writing, _) = self.enter(Side::Writing, nonblocking, |state| {
                if state.readers == 0 {
                    return Some(Err(Errno::EPIPE));
                }
                match state.ring.put_few(few, &mut page) {
                    None => None,
                    Some(true) => Some(Ok(Writing::Done)),
                    Some(false) => Some(Ok(Writing::NeedsPage)),
                }
            })?;
            match writing {
                Writing::NeedsPage => page = Some(Frame::zeroed()?),
                _ => break,
            }
        }
        self.watchers.notify(Readiness::READ);
        Ok(count)
    }

    fn write_much(
        &self,
        nonblocking: bool,
        packet: bool,
        total: usize,
        source: &mut dyn Source,
    ) -> Result<usize, Errno> {
        let mut left = total;
        while left > 0 {
            let entered = self.enter(Side::Writing, nonblocking, |state| {
                if state.readers == 0 {
                    return Some(Err(Errno::EPIPE));
                }
                let place = state.ring.place(left, left == total)?;
                state.claim();
                Some(Ok(Writing::Claimed(place)))
            });
            let filled = match entered {
                Ok((Writing::Claimed(place), before)) => self.fill(place, before, packet, &mut left, source),
                Ok(_) => Ok(()),
                Err(error) => Err(error),
            };
            if left < total {
                self.watchers.notify(Readiness::READ);
            }
            match filled {
                Ok(()) => {}
                // Linux sends the signal also when the count tells that some were written.
                Err(Errno::EPIPE) if left < total => {
                    raise_broken_pipe();
                    break;
                }
                Err(_) if left < total => break,
                Err(error) => return Err(error),
            }
        }
        Ok(total - left)
    }

    /// Fills page after page of the claimed pipe, until it is full or nothing is `left`.
    fn fill(
        &self,
        first: Place,
        before: Before,
        packet: bool,
        left: &mut usize,
        source: &mut dyn Source,
    ) -> Result<(), Errno> {
        let mut claim = self.claim(before);
        let mut place = first;
        loop {
            let put = put(place, *left, source)?;
            *left -= put.count();
            let more = claim.step(|ring| {
                put.commit(ring, packet);
                (*left > 0).then(|| ring.place(*left, false)).flatten()
            });
            match more {
                Some(next) => place = next,
                None => return Ok(()),
            }
        }
    }
}

/// Takes what is wanted, if it is a few bytes of the first segment. Also gives a page that is no longer needed.
fn take_few(ring: &mut Ring, room: usize, into: &mut [u8]) -> Option<(usize, Option<Frame>)> {
    let first = ring.first()?;
    let count = first.length.min(room);
    let into = into.get_mut(..count)?;
    // Unless there is room for the next segment, too.
    if room > count && !first.packet && ring.length() > 1 {
        return None;
    }
    first.page.read(first.start, into);
    Some((count, ring.consume(count)))
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
            let count = left.min(PAGE_SIZE);
            let page = match spare {
                Some(page) => {
                    source.take_into_page(&page, 0..count)?;
                    page
                }
                None => source.take_page(count)?,
            };
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
