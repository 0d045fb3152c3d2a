//! The loop of every call that may have to wait, over one direction of one descriptor.
//!
//! 1. The word is read before the call. What the call finds clears READY only if the word is still the same (invariant 1 of `entry`).
//! 2. While READY is clear nobody calls: the call that failed (or was short) has armed the kernel's edge, so an event is to come.
//! 3. So no event may be left out because READY is set: it may be about to be cleared for a call that was made before the event.
//!
//! Rejected: to leave out events for writers while READY is set, and have a writer try once more after it cleared READY. Where that
//! call succeeds READY is still clear, and the next write waits for an edge that nothing has armed (`tests/loom/readiness.rs`).

use std::io;
use std::task::{Poll, Waker};

use super::entry::{Direction, WakerPlace};

impl Direction {
    /// Does `call` as soon as it succeeds or fails; `wait` waits, and says false when that took too long.
    ///
    /// # Errors
    /// Those of `call`.
    #[inline]
    pub(crate) fn run<T>(
        &self,
        mut call: impl FnMut() -> io::Result<T>,
        is_short: impl Fn(&T) -> bool,
        mut wait: impl FnMut(&Direction) -> bool,
    ) -> io::Result<T> {
        loop {
            let seen = self.look();
            if seen.is_ready() {
                match call() {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Ok(done) => {
                        if is_short(&done) {
                            self.was_short(seen);
                        }
                        return Ok(done);
                    }
                    failed => return failed,
                }
                if !self.exhausted(seen) {
                    continue;
                }
            }
            if !wait(self) {
                // Where the whole process was held up, both the deadline and the event are late: the event goes first.
                return call();
            }
        }
    }

    /// Does `call` if it can be done now, and otherwise has `waker` woken when it is worth another try.
    ///
    /// # Errors
    /// Those of `call`.
    pub(crate) fn poll<T>(
        &self,
        place: &WakerPlace,
        waker: &Waker,
        mut call: impl FnMut() -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        loop {
            let seen = self.look();
            if seen.is_ready() {
                match call() {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    done => return Poll::Ready(done),
                }
                if !self.exhausted(seen) {
                    continue;
                }
            }
            if self.leave_waker(place, waker) {
                return Poll::Pending;
            }
        }
    }
}
