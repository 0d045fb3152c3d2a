//! [`Pipe`]: the ring, who has it open, and who waits.
//!
//! Bytes move between the ring and user memory, which may fault and sleep. So whoever moves them *claims* the pipe: a
//! flag under the spin lock, which is held only to look and to change.
//!
//! Invariants:
//! 1. While the pipe is claimed, only the claimant changes the ring.
//! 2. Whoever waits for a claim to end has set `contended`; the end that finds it set wakes all.
//! 3. A reader is woken when the ring stops being empty, a writer when it stops being full; a woken one that leaves
//!    something wakes the next. Everybody is woken when the last reader or writer goes.

use super::ring::Ring;
use crate::error::Errno;
use crate::ipc::interrupted;
use crate::ipc::waiters::Waiters;
use crate::sched::{self, WaitQueue};
use crate::vfs::{Readiness, Watchers};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};
use threadbare_machine::sync::{SpinGuard, SpinLock};
use threadbare_machine::task::Task;

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
    /// Those who wait for bytes, and for room.
    waiting: [Waiters; 2],
    claimed: bool,
    contended: bool,
}

/// Which end somebody waits at: the place of their list.
#[derive(Clone, Copy, Debug)]
pub(super) enum Side {
    Reading = 0,
    Writing = 1,
}

/// How somebody found the pipe.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before {
    pub(super) was_empty: bool,
    pub(super) was_full: bool,
    slept: bool,
}

/// Whom to wake once the lock is released.
#[must_use]
struct Wakes {
    reader: Option<Arc<Task>>,
    writer: Option<Arc<Task>>,
}

impl Wakes {
    fn wake(self) {
        if let Some(reader) = self.reader {
            sched::unpark_owned(reader);
        }
        if let Some(writer) = self.writer {
            sched::unpark_owned(writer);
        }
    }
}

impl State {
    fn waiters(&mut self, side: Side) -> &mut Waiters {
        let [reading, writing] = &mut self.waiting;
        match side {
            Side::Reading => reading,
            Side::Writing => writing,
        }
    }

    /// Whom what has changed since concerns (invariant 3).
    fn wakes(&mut self, before: Before) -> Wakes {
        let (is_empty, is_full) = (self.ring.is_empty(), self.ring.is_full());
        let reader = !is_empty && (before.was_empty || before.slept);
        let writer = !is_full && (before.was_full || before.slept);
        let [reading, writing] = &mut self.waiting;
        Wakes {
            reader: if reader { reading.first() } else { None },
            writer: if writer { writing.first() } else { None },
        }
    }

    fn nobody_waits(&self) -> bool {
        self.waiting.iter().all(Waiters::is_empty)
    }

    /// Takes the right to change the ring without the lock.
    pub(super) fn claim(&mut self) {
        self.claimed = true;
    }
}

/// Lets the lock go and wakes whom what has changed since concerns.
#[inline]
fn release(state: SpinGuard<'_, State>, before: Before) {
    if !state.nobody_waits() {
        release_and_wake(state, before);
    }
}

#[inline(never)]
fn release_and_wake(mut state: SpinGuard<'_, State>, before: Before) {
    let wakes = state.wakes(before);
    drop(state);
    wakes.wake();
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
                waiting: [Waiters::default(), Waiters::default()],
                claimed: false,
                contended: false,
            }),
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

    /// Asks `decide` under the lock as soon as nobody has claimed the pipe, and again whenever something may have changed,
    /// until it has an answer. It may have changed the ring then, or [claimed](State::claim) the pipe, for which the
    /// caller makes a [`Claim`].
    ///
    /// # Errors
    /// What `decide` says; `EAGAIN` instead of a wait if `nonblocking`; `ERESTARTSYS` for a signal.
    pub(super) fn enter<T>(
        &self,
        side: Side,
        nonblocking: bool,
        mut decide: impl FnMut(&mut State) -> Option<Result<T, Errno>>,
    ) -> Result<(T, Before), Errno> {
        let mut slept = false;
        let mut asked_signals = false;
        loop {
            let mut state = self.state();
            if slept {
                state.waiters(side).leave();
            }
            let is_claimed = state.claimed;
            if !is_claimed {
                let before = Before {
                    was_empty: state.ring.is_empty(),
                    was_full: state.ring.is_full(),
                    slept,
                };
                if let Some(answer) = decide(&mut state) {
                    if !state.claimed {
                        release(state, before);
                    }
                    return answer.map(|value| (value, before));
                }
                if nonblocking {
                    return Err(Errno::EAGAIN);
                }
            }
            if slept && !asked_signals {
                drop(state);
                if interrupted() {
                    return Err(Errno::ERESTARTSYS);
                }
                asked_signals = true;
                continue;
            }
            state.contended |= is_claimed;
            state.waiters(side).enter();
            drop(state);
            sched::park();
            (slept, asked_signals) = (true, false);
        }
    }

    /// What a claim that was taken in [`enter`](Pipe::enter) is released by.
    pub(super) fn claim(&self, before: Before) -> Claim<'_> {
        Claim {
            pipe: self,
            before,
            ended: false,
        }
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
        self.wake_everybody();
        Ok(())
    }

    /// Much has changed: all look again.
    pub(super) fn wake_everybody(&self) {
        let mut state = self.state();
        let waiting = [Side::Reading, Side::Writing].map(|side| state.waiters(side).take());
        drop(state);
        waiting.into_iter().for_each(Waiters::wake);
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
    before: Before,
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
            if core::mem::take(&mut state.contended) {
                let waiting = [Side::Reading, Side::Writing].map(|side| state.waiters(side).take());
                drop(state);
                waiting.into_iter().for_each(Waiters::wake);
            } else {
                release(state, self.before);
            }
        }
        next
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.step(|_| None::<()>);
        }
    }
}
