//! What the reactor knows of one descriptor: for each direction one word, on which threads wait.
//!
//! ```text
//!   31        4      3       2        1        0
//!   ┌──────────┬───────┬─────────┬────────┬───────┐
//!   │ count    │ WAKER │ WAITERS │ UNSURE │ READY │
//!   └──────────┴───────┴─────────┴────────┴───────┘
//! ```
//!
//! READY: a call may succeed; cleared by whoever finds that it does not. WAITERS: some threads wait for READY. WAKER: so does a
//! future, which left its waker. UNSURE: the peer has
//! shut down, failed, or sent urgent data, so a short transfer says nothing about what is left. The count grows with each event.
//!
//! Invariants:
//! 1. READY is cleared by an exchange from the value that was read before the call. If an event came meanwhile the count differs, the
//!    exchange fails, and the call is tried again: no event is lost.
//! 2. A thread waits only on a value without READY and with WAITERS; an event changes the word before it wakes
//!    (invariant 3 of `rt::table`).

use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Waker;
use std::time::Instant;

use crate::rt::spin::Spin;
use crate::rt::{State, Waiter, table};

const READY: u32 = 1;
const UNSURE: u32 = 2;
const WAITERS: u32 = 4;
const WAKER: u32 = 8;
const COUNT: u32 = 16;

/// Which direction a call waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interest {
    Read,
    Write,
}

/// One direction of one descriptor. See the module.
pub(crate) struct Direction {
    word: AtomicU32,
    waker: Spin<Option<Waker>>,
}

/// A value of the word.
#[derive(Clone, Copy)]
pub(crate) struct Seen(u32);

impl Seen {
    pub(crate) fn is_ready(self) -> bool {
        self.0 & READY != 0
    }
}

impl Direction {
    const fn new() -> Direction {
        Direction {
            word: AtomicU32::new(READY),
            waker: Spin::new(None),
        }
    }

    pub(crate) fn look(&self) -> Seen {
        // Acquire pairs with the release in `happened`.
        Seen(self.word.load(Ordering::Acquire))
    }

    /// A call found nothing more to do, since `seen`. False if an event came meanwhile.
    pub(crate) fn exhausted(&self, seen: Seen) -> bool {
        self.word
            .compare_exchange(seen.0, seen.0 & !READY, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    }

    /// A call did less than it was asked for, so the next would do nothing: saves that call.
    pub(crate) fn was_short(&self, seen: Seen) {
        if seen.0 & (UNSURE | READY) == READY {
            // If an event came meanwhile, the next call is worth a try.
            let _ = self.exhausted(seen);
        }
    }

    /// Waits for an event. False if `deadline` came first.
    pub(super) fn wait(&self, deadline: Option<Instant>, why: State) -> bool {
        let word = self.word.load(Ordering::Acquire);
        if word & READY != 0 {
            return true;
        }
        let expected = word | WAITERS;
        if word != expected
            && self
                .word
                .compare_exchange(word, expected, Ordering::AcqRel, Ordering::Relaxed)
                .is_err()
        {
            return true;
        }
        table::wait(&self.word, expected, deadline, why)
    }

    /// Something happened: whoever waits goes through `wake`.
    pub(super) fn happened(&self, unsure: bool, wake: impl FnMut(Waiter)) {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let after =
                ((word & !(WAITERS | WAKER)) | READY | if unsure { UNSURE } else { 0 }).wrapping_add(COUNT);
            // Release: who sees READY sees what made it so. Acquire: the waiters' nodes.
            match self
                .word
                .compare_exchange_weak(word, after, Ordering::AcqRel, Ordering::Relaxed)
            {
                Ok(_) => break,
                Err(seen) => word = seen,
            }
        }
        if word & WAITERS != 0 {
            table::take_all(&self.word, wake);
        }
        if word & WAKER != 0 {
            let waker = self.waker.lock().take();
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    /// Leaves a waker for the next event, in place of a former one. False if an event came since `seen`.
    pub(super) fn leave_waker(&self, seen: Seen, waker: &Waker) -> bool {
        let former = self.waker.lock().replace(waker.clone());
        drop(former);
        let before = seen.0 & !READY;
        let mut word = before;
        loop {
            // Release: who sees the bit finds the waker.
            match self
                .word
                .compare_exchange(word, word | WAKER, Ordering::AcqRel, Ordering::Relaxed)
            {
                Ok(_) => return true,
                // Threads that wait, or wakers, may come meanwhile, but no event.
                Err(now) if now & !(WAITERS | WAKER) == before & !(WAITERS | WAKER) => word = now,
                Err(_) => return false,
            }
        }
    }

    #[cfg(test)]
    pub(super) fn has_waiters(&self) -> bool {
        self.word.load(Ordering::Relaxed) & WAITERS != 0
    }

    /// A call that was made without the reactor's knowledge may succeed.
    pub(super) fn assume_ready(&self) {
        self.word.fetch_or(READY, Ordering::AcqRel);
    }

    /// Before anybody else knows the entry: the next event is the first that counts.
    pub(super) fn assume_exhausted(&self) {
        self.word.store(0, Ordering::Relaxed);
    }

    fn reset(&self) {
        self.word.store(READY, Ordering::Relaxed);
        *self.waker.lock() = None;
    }
}

/// One descriptor. On a cache line of its own.
#[repr(align(64))]
pub(crate) struct Entry {
    /// Of the registration that the entry belongs to: events of former ones are not for it.
    pub(super) generation: AtomicU32,
    pub(crate) read: Direction,
    pub(crate) write: Direction,
}

impl Entry {
    pub(super) fn new() -> Entry {
        Entry {
            generation: AtomicU32::new(0),
            read: Direction::new(),
            write: Direction::new(),
        }
    }

    pub(super) fn direction(&self, interest: Interest) -> &Direction {
        match interest {
            Interest::Read => &self.read,
            Interest::Write => &self.write,
        }
    }

    /// Ready for the next descriptor.
    pub(super) fn renew(&self) {
        self.read.reset();
        self.write.reset();
    }
}
