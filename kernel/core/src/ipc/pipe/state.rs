//! [`Pipe`]: the ring, who has it open, and who waits.
//!
//! Bytes move between the ring and user memory, which may fault and sleep. So whoever moves them *claims* the pipe: a
//! flag under the spin lock, which is held only to look and to change.
//!
//! Invariants:
//! 1. Only the claimant changes the ring.
//! 2. Whoever waits for a claim to end has set `contended`; the end that finds it set wakes all.
//! 3. A reader is woken when the ring stops being empty, a writer when it stops being full; a woken one that leaves
//!    something wakes the next. Everybody is woken when the last reader or writer goes.

use super::ring::Ring;
use crate::error::Errno;
use crate::ipc::interrupted;
use crate::sched::WaitQueue;
use crate::vfs::{Readiness, Watchers};
use core::sync::atomic::{AtomicUsize, Ordering};
use threadbare_machine::sync::{SpinGuard, SpinLock};

/// How many pages a pipe holds at first (`pipe(7)`).
pub(super) const DEFAULT_SLOTS: usize = 16;

/// The same once unprivileged pipes have more than [`USER_PAGES_SOFT`].
const SCARCE_SLOTS: usize = 2;

/// How many pages the pipes of unprivileged users may hold together before they get smaller ones
/// (`/proc/sys/fs/pipe-user-pages-soft`).
pub const USER_PAGES_SOFT: usize = 16384;

/// The most bytes that an unprivileged `F_SETPIPE_SZ` may ask for (`/proc/sys/fs/pipe-max-size`).
pub const MAX_SIZE: usize = 1 << 20;

/// How many pages the pipes of unprivileged users may hold.
static USER_PAGES: AtomicUsize = AtomicUsize::new(0);

/// One direction of bytes.
#[derive(Debug)]
pub(in crate::ipc) struct Pipe {
    state: SpinLock<State>,
    pub(super) readers: WaitQueue,
    pub(super) writers: WaitQueue,
    /// Those who wait for the other side to open a FIFO.
    pub(super) openers: WaitQueue,
    pub(super) watchers: Watchers,
    /// Whether [`USER_PAGES`] counts its pages.
    counted: bool,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) ring: Ring,
    pub(super) readers: u32,
    pub(super) writers: u32,
    /// How often it has been opened for reading and writing.
    pub(super) reader_opens: u32,
    pub(super) writer_opens: u32,
    claimed: bool,
    contended: bool,
}

/// What to do about a claim.
pub(super) enum Attempt<T> {
    /// It is granted.
    Claimed(T),
    /// There is nothing to claim it for, and this is the answer.
    Done(Result<usize, Errno>),
    /// It has to be waited for, by who may.
    Wait,
}

impl Pipe {
    /// An empty pipe that nobody has open.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub(super) fn new(privileged: bool) -> Result<Pipe, Errno> {
        let scarce = !privileged && USER_PAGES.load(Ordering::Relaxed) > USER_PAGES_SOFT;
        let slots = if scarce { SCARCE_SLOTS } else { DEFAULT_SLOTS };
        let pipe = Pipe {
            state: SpinLock::new(State {
                ring: Ring::new(slots)?,
                readers: 0,
                writers: 0,
                reader_opens: 0,
                writer_opens: 0,
                claimed: false,
                contended: false,
            }),
            readers: WaitQueue::new(),
            writers: WaitQueue::new(),
            openers: WaitQueue::new(),
            watchers: Watchers::new(),
            counted: !privileged,
        };
        if pipe.counted {
            USER_PAGES.fetch_add(slots, Ordering::Relaxed);
        }
        Ok(pipe)
    }

    pub(super) fn state(&self) -> SpinGuard<'_, State> {
        self.state.lock()
    }

    /// Claims the pipe as soon as nobody has it and `decide` grants it. A signal ends the wait (`ERESTARTSYS`);
    /// with `nonblocking`, [`Attempt::Wait`] is `EAGAIN`. What is no claim is the answer to the call.
    pub(super) fn claim<T>(
        &self,
        queue: &WaitQueue,
        nonblocking: bool,
        mut decide: impl FnMut(&mut State) -> Attempt<T>,
    ) -> Result<(Claim<'_>, T), Result<usize, Errno>> {
        let mut slept = false;
        let attempt = || {
            let mut state = self.state();
            if state.claimed {
                state.contended = true;
                return None;
            }
            let (was_empty, was_full) = (state.ring.is_empty(), state.ring.is_full());
            match decide(&mut state) {
                Attempt::Claimed(value) => {
                    state.claimed = true;
                    let claim = Claim {
                        pipe: self,
                        was_empty,
                        was_full,
                        slept,
                        ended: false,
                    };
                    Some(Ok((claim, value)))
                }
                Attempt::Done(result) => Some(Err(result)),
                Attempt::Wait if nonblocking => Some(Err(Err(Errno::EAGAIN))),
                Attempt::Wait => {
                    slept = true;
                    None
                }
            }
        };
        queue
            .wait_until(None, interrupted, attempt)
            .unwrap_or(Err(Err(Errno::ERESTARTSYS)))
    }

    /// Changes how many pages it holds.
    ///
    /// # Errors
    /// `EPERM` for more than now, unless `allowed`; `EBUSY`; `ENOMEM`.
    pub(super) fn resize(&self, slots: usize, allowed: bool) -> Result<(), Errno> {
        let mut state = self.state();
        let before = state.ring.slots();
        if slots > before && !allowed {
            return Err(Errno::EPERM);
        }
        state.ring.resize(slots)?;
        if self.counted {
            USER_PAGES.fetch_add(slots, Ordering::Relaxed);
            USER_PAGES.fetch_sub(before, Ordering::Relaxed);
        }
        drop(state);
        self.writers.wake_all();
        self.watchers.notify(Readiness::WRITE);
        Ok(())
    }

    /// Somebody has opened or closed it: all look again.
    pub(super) fn wake_everybody(&self) {
        self.readers.wake_all();
        self.writers.wake_all();
        self.openers.wake_all();
        self.watchers.notify(Readiness::ALL);
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        if self.counted {
            USER_PAGES.fetch_sub(self.state.lock().ring.slots(), Ordering::Relaxed);
        }
    }
}

/// The right to change the ring, and the duty to wake those whom that concerns.
pub(super) struct Claim<'a> {
    pipe: &'a Pipe,
    was_empty: bool,
    was_full: bool,
    slept: bool,
    ended: bool,
}

impl Claim<'_> {
    /// Changes the ring. The claim ends if that gives nothing to go on with.
    pub(super) fn step<T>(&mut self, change: impl FnOnce(&mut Ring) -> Option<T>) -> Option<T> {
        let mut state = self.pipe.state();
        let next = change(&mut state.ring);
        if next.is_none() {
            self.ended = true;
            state.claimed = false;
            let contended = core::mem::take(&mut state.contended);
            let (is_empty, is_full) = (state.ring.is_empty(), state.ring.is_full());
            drop(state);
            self.wake(contended, is_empty, is_full);
        }
        next
    }

    fn wake(&self, contended: bool, is_empty: bool, is_full: bool) {
        let pipe = self.pipe;
        if contended {
            pipe.readers.wake_all();
            pipe.writers.wake_all();
        }
        if !is_empty && (self.was_empty || self.slept) {
            pipe.readers.wake_one();
        }
        if !is_full && (self.was_full || self.slept) {
            pipe.writers.wake_one();
        }
    }

    /// Whether the pipe was full when it was claimed.
    pub(super) fn was_full(&self) -> bool {
        self.was_full
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.step(|_| None::<()>);
        }
    }
}
