//! The word on which one computation, green thread or operating-system thread, waits for one other to wake it.
//!
//! ```text
//!             suspended()                 wake()
//!     IDLE ───────────────▶ SUSPENDED ───────────────▶ SET ── reset() ──▶ IDLE
//!       └──────────────────── wake() ──────────────────▲
//! ```
//!
//! Rules:
//! 1. Only the owner moves it to SUSPENDED and back to IDLE. For a green thread "the owner" includes the worker that
//!    has just switched away from it, which marks it SUSPENDED only when its state is saved.
//! 2. `wake` is called at most once for each wait, by whoever won the right to do so (the lock or the exchange that
//!    took the waiter out of its queue). It is the waker's last access: the owner may go on, and the word die, at once.
//! 3. Whoever sees SUSPENDED in `wake`, or SET in `suspended`, makes the owner runnable: exactly one of the two.

use super::shim::{AtomicU32, Ordering};

pub(crate) const IDLE: u32 = 0;
pub(crate) const SUSPENDED: u32 = 1;
pub(crate) const SET: u32 = 2;

/// See the module.
pub(crate) struct Word(pub(crate) AtomicU32);

impl Word {
    /// Owner: whether the wake has come already.
    pub(crate) fn is_set(&self) -> bool {
        // Acquire pairs with `wake`: what the waker did before is seen.
        self.0.load(Ordering::Acquire) == SET
    }

    /// Owner: marks it suspended. False when the wake came first, and the owner has to go on.
    pub(crate) fn suspended(&self) -> bool {
        // Release publishes the saved state to the waker; acquire pairs with a wake that came first.
        self.0
            .compare_exchange(IDLE, SUSPENDED, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    /// The waker's only call. True when the owner is suspended and the caller has to make it runnable.
    pub(crate) fn wake(&self) -> bool {
        // Release publishes what the waker did; acquire pairs with `suspended`.
        self.0.swap(SET, Ordering::AcqRel) == SUSPENDED
    }

    /// Owner: ready for the next wait.
    pub(crate) fn reset(&self) {
        self.0.store(IDLE, Ordering::Relaxed);
    }

    /// The futex word of an operating-system thread's wait.
    pub(crate) fn atomic(&self) -> &AtomicU32 {
        &self.0
    }
}
