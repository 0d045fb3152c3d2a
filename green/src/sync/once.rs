//! Something that is done once.
//!
//! ```text
//!     INCOMPLETE ─┐           ┌─▶ COMPLETE
//!                 ├─▶ RUNNING ┤
//!     POISONED  ──┘           └─▶ POISONED (the closure panicked)
//! ```
//!
//! The bit `QUEUED` in any state but COMPLETE says that somebody waits in the table for the next change.

use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::rt::{State, sim, table};

const INCOMPLETE: u32 = 3;
const POISONED: u32 = 2;
const RUNNING: u32 = 1;
const COMPLETE: u32 = 0;
const STATES: u32 = 3;
const QUEUED: u32 = 4;

/// Runs a closure once, whoever comes first. As [`std::sync::Once`].
pub struct Once {
    state: AtomicU32,
}

/// What a closure learns from [`Once::call_once_force`]. As [`std::sync::OnceState`].
pub struct OnceState {
    poisoned: bool,
    /// What the once becomes when the closure returns.
    then: Cell<u32>,
}

impl OnceState {
    /// Whether an earlier closure panicked.
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        self.poisoned
    }
}

impl fmt::Debug for OnceState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OnceState")
            .field("poisoned", &self.is_poisoned())
            .finish()
    }
}

/// Ends the running state, by unwinding too.
struct Completion<'a> {
    state: &'a AtomicU32,
    then: u32,
}

impl Drop for Completion<'_> {
    fn drop(&mut self) {
        sim::point("completes a cell");
        // Release publishes what the closure did.
        if self.state.swap(self.then, Ordering::Release) & QUEUED != 0 {
            table::wake_all(self.state);
        }
    }
}

impl Once {
    /// One whose closure has not run.
    #[must_use]
    #[inline]
    #[expect(clippy::new_without_default, reason = "std's has no Default either")]
    pub const fn new() -> Once {
        Once {
            state: AtomicU32::new(INCOMPLETE),
        }
    }

    /// Whether the closure has run and returned.
    #[inline]
    pub fn is_completed(&self) -> bool {
        sim::point("looks at a cell");
        self.state.load(Ordering::Acquire) == COMPLETE
    }

    /// Runs `body` unless a closure has run, and waits for one that is running.
    ///
    /// # Panics
    /// If an earlier closure panicked.
    #[inline]
    #[track_caller]
    pub fn call_once<F: FnOnce()>(&self, body: F) {
        if !self.is_completed() {
            let mut body = Some(body);
            self.call(false, &mut |_| body.take().into_iter().for_each(|body| body()));
        }
    }

    /// As [`call_once`](Self::call_once), and also after a closure that panicked.
    #[inline]
    pub fn call_once_force<F: FnOnce(&OnceState)>(&self, body: F) {
        if !self.is_completed() {
            let mut body = Some(body);
            self.call(true, &mut |state| {
                body.take().into_iter().for_each(|body| body(state))
            });
        }
    }

    /// Waits until a closure has run.
    ///
    /// # Panics
    /// If it panicked.
    pub fn wait(&self) {
        self.wait_for(false);
    }

    /// Waits until a closure has run and returned, whatever panicked before.
    pub fn wait_force(&self) {
        self.wait_for(true);
    }

    #[cold]
    #[track_caller]
    fn call(&self, ignore_poison: bool, body: &mut dyn FnMut(&OnceState)) {
        let mut state = self.state.load(Ordering::Acquire);
        loop {
            match state & STATES {
                COMPLETE => return,
                POISONED if !ignore_poison => panic!("Once instance has previously been poisoned"),
                RUNNING => state = self.wait_for_change(state),
                before => {
                    let running = RUNNING | state & QUEUED;
                    if let Err(seen) =
                        self.state
                            .compare_exchange_weak(state, running, Ordering::Acquire, Ordering::Acquire)
                    {
                        state = seen;
                        continue;
                    }
                    let mut completion = Completion {
                        state: &self.state,
                        then: POISONED,
                    };
                    let once = OnceState {
                        poisoned: before == POISONED,
                        then: Cell::new(COMPLETE),
                    };
                    body(&once);
                    completion.then = once.then.get();
                    return;
                }
            }
        }
    }

    #[cold]
    fn wait_for(&self, ignore_poison: bool) {
        let mut state = self.state.load(Ordering::Acquire);
        loop {
            match state & STATES {
                COMPLETE => return,
                POISONED if !ignore_poison => panic!("Once instance has previously been poisoned"),
                _ => state = self.wait_for_change(state),
            }
        }
    }

    /// Announces a waiter, waits, and returns the state then.
    fn wait_for_change(&self, state: u32) -> u32 {
        let queued = state | QUEUED;
        if state != queued
            && let Err(seen) =
                self.state
                    .compare_exchange_weak(state, queued, Ordering::Relaxed, Ordering::Acquire)
        {
            return seen;
        }
        table::wait(&self.state, queued, None, State::Initialising);
        self.state.load(Ordering::Acquire)
    }

    /// Exclusively: whether it has completed.
    pub(super) fn is_completed_mut(&mut self) -> bool {
        *self.state.get_mut() == COMPLETE
    }

    /// Exclusively: whether it is poisoned.
    pub(super) fn is_poisoned_mut(&mut self) -> bool {
        *self.state.get_mut() & STATES == POISONED
    }

    /// Exclusively: completes it.
    pub(super) fn complete_mut(&mut self) {
        *self.state.get_mut() = COMPLETE;
    }

    /// Whether it is poisoned.
    pub(super) fn is_poisoned(&self) -> bool {
        self.state.load(Ordering::Acquire) & STATES == POISONED
    }
}

impl std::panic::UnwindSafe for Once {}
impl std::panic::RefUnwindSafe for Once {}

impl fmt::Debug for Once {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Once").finish_non_exhaustive()
    }
}
