//! Who waits: a green thread or an operating-system thread. The primitives above do not care which.
//!
//! An operating-system thread waits on a word from a pool that is never freed, so that a waker's last look at the word
//! can come at any time after the owner went on.

use std::cell::Cell;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::control::{Control, State};
use super::word::{IDLE, SUSPENDED, Word};
use super::worker::Worker;
use super::{current, os, switch};

/// The waiting side of an operating-system thread. Aligned so that its address has room for tags.
#[repr(align(8))]
pub(crate) struct OsWaiter {
    word: Word,
}

/// One computation that waits or is about to.
#[derive(Clone, Copy)]
pub(crate) enum Waiter {
    Green(&'static Control),
    /// A green thread that is suspended for certain: its number was published by `switch::suspend_published`.
    Suspended(&'static Control),
    Os(&'static OsWaiter),
}

static OS_POOL: Mutex<Vec<&'static OsWaiter>> = Mutex::new(Vec::new());

/// Gives the word back when its thread ends.
struct Return;

impl Drop for Return {
    fn drop(&mut self) {
        if let Some(waiter) = MINE.take() {
            OS_POOL
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(waiter);
        }
    }
}

std::thread_local! {
    static MINE: Cell<Option<&'static OsWaiter>> = const { Cell::new(None) };
    static RETURN: Return = const { Return };
}

fn mine() -> &'static OsWaiter {
    MINE.get().unwrap_or_else(|| {
        let pooled = OS_POOL.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let waiter = pooled.unwrap_or_else(|| {
            Box::leak(Box::new(OsWaiter {
                word: Word(AtomicU32::new(IDLE)),
            }))
        });
        MINE.set(Some(waiter));
        // In the destructors of a thread that ends this fails, and the word stays with nobody: a few bytes.
        let _ = RETURN.try_with(|_| ());
        waiter
    })
}

impl Waiter {
    /// The calling computation.
    #[inline]
    pub(crate) fn current() -> Waiter {
        match current::get() {
            Some(control) if !current::must_not_switch() => Waiter::Green(control),
            _ => Waiter::Os(mine()),
        }
    }

    fn word(self) -> &'static Word {
        match self {
            Waiter::Green(control) | Waiter::Suspended(control) => &control.word,
            Waiter::Os(waiter) => &waiter.word,
        }
    }

    /// Waits for [`wake`](Self::wake). The caller is this waiter.
    #[inline(always)]
    pub(crate) fn wait(self, why: State) {
        if !self.word().is_set() {
            match self {
                Waiter::Green(control) | Waiter::Suspended(control) => switch::suspend(control, why),
                Waiter::Os(waiter) => {
                    waiter.wait_until(None);
                }
            }
        }
        self.word().reset();
    }

    /// Waits until somebody takes this waiter's number out of `place` and wakes it. The number gets there in exchange for `from`;
    /// if the place holds something else, this returns at once. The caller is this waiter.
    #[inline(always)]
    pub(crate) fn wait_in(self, place: &AtomicUsize, from: usize, why: State) {
        match self {
            Waiter::Green(control) | Waiter::Suspended(control) => {
                switch::suspend_published(control, place, from, why);
            }
            Waiter::Os(_) => {
                let number = self.to_bits().get();
                if place
                    .compare_exchange(from, number, Ordering::AcqRel, Ordering::Acquire)
                    .is_ok()
                {
                    self.wait(why);
                }
            }
        }
    }

    /// Waits for [`wake`](Self::wake), or until `deadline`. False when the deadline came first, in which case the caller has
    /// to make sure that no wake comes later: it must win the right to wake itself, or else [`wait`](Self::wait).
    /// A green thread has no deadline of its own: a timer wakes it. So this is for operating-system threads.
    pub(crate) fn os_wait_until(self, deadline: Instant) -> bool {
        match self {
            Waiter::Green(_) | Waiter::Suspended(_) => unreachable!("a green thread's deadline is a timer"),
            Waiter::Os(waiter) => waiter.wait_until(Some(deadline)),
        }
    }

    /// Wakes. The caller won the right to do so, for this wait, once (rule 2 of `rt::word`).
    #[inline]
    pub(crate) fn wake(self) {
        match self {
            Waiter::Suspended(control) => switch::make_runnable(control),
            Waiter::Green(control) => {
                if control.word.wake() {
                    switch::make_runnable(control);
                }
            }
            Waiter::Os(waiter) => {
                if waiter.word.wake() {
                    os::futex_wake(waiter.word.atomic());
                }
            }
        }
    }

    /// As [`wake`](Self::wake), by the computation of `worker`, but behind all that wait to run there.
    pub(super) fn wake_behind(self, worker: &'static Worker) {
        match self {
            Waiter::Green(control) if !control.word.wake() => {}
            Waiter::Green(control) | Waiter::Suspended(control) => {
                control.set_state(State::Runnable);
                worker.push_back(control);
            }
            Waiter::Os(_) => self.wake(),
        }
    }

    /// After a wait that a deadline ended and that nobody will wake any more.
    pub(crate) fn reset(self) {
        self.word().reset();
    }

    /// Notes for dumps what the caller is about to wait for: an address, or the number of a thread.
    #[inline]
    pub(crate) fn note_subject(self, subject: usize) {
        if let Waiter::Green(control) | Waiter::Suspended(control) = self {
            control.note_subject(subject);
        }
    }

    pub(crate) fn is_green(self) -> bool {
        !matches!(self, Waiter::Os(_))
    }

    /// A number for it: an address with tags, so never 0, 1 or 3.
    #[inline]
    pub(crate) fn to_bits(self) -> NonZeroUsize {
        let address = match self {
            Waiter::Green(control) => std::ptr::from_ref(control).expose_provenance(),
            Waiter::Suspended(control) => std::ptr::from_ref(control).expose_provenance() | SUSPENDED_TAG,
            Waiter::Os(waiter) => std::ptr::from_ref(waiter).expose_provenance() | OS_TAG,
        };
        NonZeroUsize::new(address).expect("no reference is null")
    }
}

/// Set in the number of an operating-system thread's waiter. Numbers are addresses of something aligned to 8 or more.
const OS_TAG: usize = 2;
/// Set in the number of a thread that is suspended for certain.
const SUSPENDED_TAG: usize = 4;

impl Waiter {
    /// Where what a number stands for lies.
    #[inline]
    pub(crate) fn address_in(bits: usize) -> usize {
        bits & !(OS_TAG | SUSPENDED_TAG)
    }

    /// The waiter of a number from [`to_bits`](Self::to_bits).
    #[allow(unsafe_code, reason = "fenced: number back to reference")]
    #[inline]
    pub(crate) fn from_bits(bits: usize) -> Waiter {
        let address = Waiter::address_in(bits);
        // SAFETY: only `to_bits` makes these numbers, from references that are valid for ever.
        unsafe {
            if bits & SUSPENDED_TAG != 0 {
                Waiter::Suspended(&*std::ptr::with_exposed_provenance(address))
            } else if bits & OS_TAG != 0 {
                Waiter::Os(&*std::ptr::with_exposed_provenance(address))
            } else {
                Waiter::Green(&*std::ptr::with_exposed_provenance(address))
            }
        }
    }
}

impl OsWaiter {
    /// Blocks the operating-system thread until the word is set (true) or the deadline has come (false).
    fn wait_until(&self, deadline: Option<Instant>) -> bool {
        let _blocked = super::census::Blocked::enter(deadline.is_some());
        // False if a wake came first: the loop sees it.
        self.word.suspended();
        while !self.word.is_set() {
            let timeout = match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                Some(left) if left.is_zero() => return false,
                left => left,
            };
            os::futex_wait(self.word.atomic(), SUSPENDED, timeout);
        }
        true
    }
}
