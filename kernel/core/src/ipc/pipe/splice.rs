//! Bytes that go from a pipe elsewhere without the program seeing them (`splice(2)`, `tee(2)`).
//!
//! Whoever takes bytes out holds the pipe's claim until they have arrived: what does not arrive stays in the pipe.

use super::end::End;
use super::ring::{Ring, Segment};
use super::state::{Before, Side};
use crate::error::Errno;
use crate::ipc::raise_broken_pipe;
use crate::vfs::{Readiness, Sink, Source};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;
use threadbare_machine::memory::{Frame, PAGE_SIZE};

/// The next bytes of a pipe, which stay where they are.
type Piece = (Frame, Range<usize>);

/// Takes bytes of a page elsewhere, and says how many have arrived.
pub(super) type Delivery<'a> = dyn FnMut(&Frame, Range<usize>) -> Result<usize, Errno> + 'a;

fn first(ring: &Ring, most: usize) -> Option<Piece> {
    let first = ring.first()?;
    let length = first.length.min(most);
    Some((
        first.page.clone(),
        first.start..first.start.saturating_add(length),
    ))
}

impl End {
    /// Whether it can be read from, and written to.
    pub fn directions(&self) -> (bool, bool) {
        (self.reads, self.writes)
    }

    /// Whether both are of one pipe.
    pub fn is_of_same_pipe(&self, other: &End) -> bool {
        Arc::ptr_eq(&self.pipe, &other.pipe)
    }

    /// Reads, and waits for bytes unless `nonblocking`.
    ///
    /// # Errors
    /// As `read(2)`.
    pub fn take(&self, nonblocking: bool, sink: &mut dyn Sink) -> Result<usize, Errno> {
        self.pipe.read(nonblocking, sink)
    }

    /// Writes, and waits for room unless `nonblocking`.
    ///
    /// # Errors
    /// As `write(2)`.
    pub fn put(&self, nonblocking: bool, source: &mut dyn Source) -> Result<usize, Errno> {
        self.pipe.write(nonblocking, false, source)
    }

    /// Waits for room, and tells for how many bytes there is at least.
    ///
    /// # Errors
    /// `EPIPE`, with the signal, if nobody reads; `EAGAIN`, `ERESTARTSYS`.
    pub fn wait_for_room(&self, nonblocking: bool) -> Result<usize, Errno> {
        let entered = self.pipe.enter(Side::Writing, nonblocking, |state| {
            if state.readers == 0 {
                return Some(Err(Errno::EPIPE));
            }
            let free = state.ring.slots().saturating_sub(state.ring.length());
            (free > 0).then_some(Ok(free * PAGE_SIZE))
        });
        if let Err(Errno::EPIPE) = entered {
            raise_broken_pipe();
        }
        entered.map(|(room, _)| room)
    }

    /// Waits for bytes, and hands those that are there to `deliver`, piece by piece and at most `most`; it says how many of a
    /// piece have arrived. 0 is the end: nobody writes.
    ///
    /// # Errors
    /// `EAGAIN`, `ERESTARTSYS`; that of `deliver`, if nothing has arrived before.
    pub fn give(&self, nonblocking: bool, most: usize, deliver: &mut Delivery<'_>) -> Result<usize, Errno> {
        let entered = self.pipe.enter(Side::Reading, nonblocking, |state| {
            match first(&state.ring, most) {
                Some(piece) => {
                    state.claim();
                    Some(Ok(Some(piece)))
                }
                None => (state.writers == 0).then_some(Ok(None)),
            }
        });
        let (Some(piece), before) = entered? else {
            return Ok(0);
        };
        let result = self.give_claimed(piece, before, most, deliver);
        if before.was_full {
            self.pipe.watchers.notify(Readiness::WRITE);
        }
        result
    }

    fn give_claimed(
        &self,
        first_piece: Piece,
        before: Before,
        most: usize,
        deliver: &mut Delivery<'_>,
    ) -> Result<usize, Errno> {
        let mut claim = self.pipe.claim(before);
        let (mut page, mut range) = first_piece;
        let mut done = 0;
        loop {
            let length = range.len();
            let arrived = match deliver(&page, range) {
                Ok(arrived) => arrived.min(length),
                Err(_) if done > 0 => return Ok(done),
                Err(error) => return Err(error),
            };
            drop(page);
            done += arrived;
            let mut unused = None;
            let next = claim.step(|ring| {
                unused = (arrived > 0).then(|| ring.consume(arrived)).flatten();
                (arrived == length && done < most)
                    .then(|| first(ring, most - done))
                    .flatten()
            });
            match next {
                Some(next) => (page, range) = next,
                None => return Ok(done),
            }
        }
    }

    /// Shows the next bytes to another pipe, too, at most `most`; they stay to be read here (`tee(2)`). 0 is the end.
    ///
    /// # Errors
    /// `EPIPE`, with the signal; `EAGAIN`, `ERESTARTSYS`, `ENOMEM`.
    pub fn tee(&self, to: &End, nonblocking: bool, most: usize) -> Result<usize, Errno> {
        let slots = to.wait_for_room(nonblocking)? / PAGE_SIZE;
        let mut pieces: Vec<Piece> = Vec::new();
        pieces.try_reserve_exact(slots)?;
        self.pipe.enter(Side::Reading, nonblocking, |state| {
            let mut left = most;
            for segment in state.ring.iter().take(slots) {
                let length = segment.length.min(left);
                if length > 0 {
                    let end = segment.start.saturating_add(length);
                    pieces.push((segment.page.clone(), segment.start..end));
                }
                left -= length;
            }
            (!pieces.is_empty() || state.writers == 0).then_some(Ok(()))
        })?;
        if pieces.is_empty() {
            return Ok(0);
        }
        let mut pieces = pieces.into_iter();
        let entered = to.pipe.enter(Side::Writing, nonblocking, |state| {
            if state.readers == 0 {
                return Some(Err(Errno::EPIPE));
            }
            let mut shown: usize = 0;
            while !state.ring.is_full() {
                let Some((page, range)) = pieces.next() else { break };
                shown = shown.saturating_add(range.len());
                state.ring.push(Segment {
                    page,
                    start: range.start,
                    length: range.len(),
                    packet: false,
                    open_ended: false,
                });
            }
            (shown > 0).then_some(Ok(shown))
        });
        if let Err(Errno::EPIPE) = entered {
            raise_broken_pipe();
        }
        let (shown, _) = entered?;
        to.pipe.watchers.notify(Readiness::READ);
        Ok(shown)
    }
}
