//! The token of a thread: `park` takes it or waits for it, `unpark` gives it.
//!
//! States of the token: `NONE`; `GIVEN`; or the number of the [`Waiter`] that is parked. `unpark` exchanges whatever there is for
//! `GIVEN`, and wakes the waiter that it found. A deadline exchanges the waiter for `NONE`. Whoever removes the waiter's
//! number has won the right to wake it (rule 2 of `rt::word`).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::local;
use crate::rt::{State, Waiter, sim, timer};

const NONE: usize = 0;
const GIVEN: usize = 1;

/// See the module.
pub(super) struct Token(AtomicUsize);

impl Token {
    pub(super) const fn new() -> Token {
        Token(AtomicUsize::new(NONE))
    }

    #[inline]
    pub(super) fn give(&self) {
        sim::point("unparks");
        // Release pairs with the acquire in `take`: what the giver did before is seen by the thread that goes on.
        let found = self.0.swap(GIVEN, Ordering::AcqRel);
        if found > GIVEN {
            Waiter::from_bits(found).wake();
        }
    }

    /// Takes the token if it is there.
    #[inline]
    fn take(&self) -> bool {
        // A look first: the exchange costs 5 ns.
        self.0.load(Ordering::Relaxed) == GIVEN
            && self
                .0
                .compare_exchange(GIVEN, NONE, Ordering::Acquire, Ordering::Relaxed)
                .is_ok()
    }

    /// Leaves the waiter's number, unless the token is there, which it then takes.
    fn leave(&self, waiter: Waiter) -> bool {
        let number = waiter.to_bits().get();
        if self
            .0
            .compare_exchange(NONE, number, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
        {
            return true;
        }
        self.0.store(NONE, Ordering::Relaxed);
        false
    }
}

/// Blocks unless or until the current thread's token is available. As [`std::thread::park`].
#[inline]
pub fn park() {
    local::with_current(|thread| {
        let token = &thread.header().token;
        sim::point("is about to park");
        if token.take() || sim::is_spurious() {
            return;
        }
        Waiter::current().wait_in(&token.0, NONE, State::Parked);
        token.take();
    });
}

/// Blocks unless or until the current thread's token is available or `duration` has passed. As [`std::thread::park_timeout`].
pub fn park_timeout(duration: Duration) {
    let Some(deadline) = Instant::now().checked_add(duration) else {
        return park();
    };
    local::with_current(|thread| {
        let token = &thread.header().token;
        sim::point("is about to park");
        if token.take() || sim::is_spurious() {
            return;
        }
        let waiter = Waiter::current();
        if token.leave(waiter) {
            let parked = waiter.to_bits().get();
            timer::wait_until(waiter, deadline, &token.0, [parked, NONE], State::Parked);
            token.take();
        }
    });
}

/// As [`park_timeout`], in milliseconds.
#[deprecated(note = "replaced by `park_timeout`, as in std")]
pub fn park_timeout_ms(milliseconds: u32) {
    park_timeout(Duration::from_millis(milliseconds.into()));
}

/// As [`sleep`], in milliseconds.
#[deprecated(note = "replaced by `sleep`, as in std")]
pub fn sleep_ms(milliseconds: u32) {
    sleep(Duration::from_millis(milliseconds.into()));
}

/// Waits for `duration` at least. As [`std::thread::sleep`].
pub fn sleep(duration: Duration) {
    let waiter = Waiter::current();
    if !waiter.is_green() {
        std::thread::sleep(duration);
        return;
    }
    let deadline = Instant::now().checked_add(duration);
    // Thirty years are for ever, as the clock sees it.
    let deadline = deadline.unwrap_or_else(|| Instant::now() + Duration::from_secs(1 << 30));
    let claim = AtomicUsize::new(0);
    timer::wait_until(waiter, deadline, &claim, [0, 1], State::Sleeping);
}
