//! A call that the kernel carries out while its thread waits, and the one word on which they meet.
//!
//! ```text
//!     UNDER_WAY ──── the thread waits ───▶ its number ──── complete() ──▶ DONE
//!         │ ◀──────── its deadline ──────────────┘                         ▲
//!         └────────────────────────────── complete() ──────────────────────┘
//! ```
//!
//! Invariants:
//! 1. `complete` is called once, by whoever has the kernel's completion. Its exchange is its last access: the operation lies on the
//!    stack of the thread, which goes on.
//! 2. The thread leaves the operation only when it is DONE. A deadline does not end it: the thread asks the kernel to cancel, and waits
//!    on. So the kernel never writes to a buffer that its thread has taken back.

use std::time::Instant;

use crate::rt::shim::{AtomicBool, AtomicI32, AtomicUsize, Ordering};
use crate::rt::{State, Waiter, timer};

const UNDER_WAY: usize = 0;
/// No waiter has this number.
const DONE: usize = 1;

/// See the module.
pub(crate) struct Operation {
    word: AtomicUsize,
    result: AtomicI32,
    more: AtomicBool,
}

impl Operation {
    pub(crate) fn new() -> Operation {
        Operation {
            word: AtomicUsize::new(UNDER_WAY),
            result: AtomicI32::new(0),
            more: AtomicBool::new(false),
        }
    }

    /// The kernel has carried it out; returns who is to be woken.
    #[inline]
    pub(crate) fn complete(&self, result: i32, more: bool) -> Option<Waiter> {
        self.result.store(result, Ordering::Relaxed);
        self.more.store(more, Ordering::Relaxed);
        // Release: the thread sees the result, and what the kernel wrote. Acquire: what the thread that waits left.
        let former = self.word.swap(DONE, Ordering::AcqRel);
        (former != UNDER_WAY).then(|| Waiter::from_bits(former))
    }

    /// Waits until it is done; `waiter` is the caller. False if `deadline` came first.
    #[inline]
    pub(crate) fn wait(&self, waiter: Waiter, deadline: Option<Instant>, why: State) -> bool {
        match deadline {
            None => waiter.wait_in(&self.word, UNDER_WAY, why),
            Some(deadline) => self.wait_until(waiter, deadline, why),
        }
        // Acquire pairs with the release in `complete`.
        self.word.load(Ordering::Acquire) == DONE
    }

    fn wait_until(&self, waiter: Waiter, deadline: Instant, why: State) {
        let number = waiter.to_bits().get();
        if self
            .word
            .compare_exchange(UNDER_WAY, number, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
        {
            timer::wait_until(waiter, deadline, &self.word, [number, UNDER_WAY], why);
        }
    }

    /// Of an operation that is done: what the call returned, an error as its negative number; and whether the socket has more.
    pub(crate) fn result(&self) -> (i32, bool) {
        (
            self.result.load(Ordering::Relaxed),
            self.more.load(Ordering::Relaxed),
        )
    }
}
