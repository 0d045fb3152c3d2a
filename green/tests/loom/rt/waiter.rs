//! Stand-ins for the engine's waiters and timers. A waiter is a bell for one wait; when a deadline comes is for the model to say.

use std::num::NonZeroUsize;

use loom::sync::atomic::{AtomicUsize, Ordering};

use super::State;
use crate::bell::Bell;

#[derive(Clone, Copy)]
pub(crate) struct Waiter(&'static Bell);

impl Waiter {
    pub(crate) fn current() -> Waiter {
        Waiter(Box::leak(Box::new(Bell::new())))
    }

    pub(crate) fn wait(self) {
        self.0.wait();
    }

    /// `rt::waiter::Waiter::wait_in` and `rt::switch::suspend_published`.
    pub(crate) fn wait_in(self, place: &AtomicUsize, from: usize, _: State) {
        let number = self.to_bits().get();
        if place
            .compare_exchange(from, number, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
        {
            self.wait();
        }
    }

    pub(crate) fn address_in(bits: usize) -> usize {
        bits >> 1
    }

    pub(crate) fn wake(self) {
        self.0.ring();
    }

    pub(crate) fn to_bits(self) -> NonZeroUsize {
        NonZeroUsize::new(std::ptr::from_ref(self.0).expose_provenance() << 1).unwrap()
    }

    #[allow(unsafe_code, reason = "number back to reference, as in the engine")]
    pub(crate) fn from_bits(bits: usize) -> Waiter {
        // SAFETY: only `to_bits` makes these numbers, from references that are valid for ever.
        Waiter(unsafe { &*std::ptr::with_exposed_provenance(bits >> 1) })
    }
}

/// `rt::timer` for one deadline at a time.
pub(crate) mod timer {
    use std::time::Instant;

    use loom::sync::Mutex;
    use loom::sync::atomic::{AtomicUsize, Ordering};

    use super::{State, Waiter};

    struct Entry {
        claim: usize,
        from: usize,
        to: usize,
        waiter: Waiter,
    }

    loom::lazy_static! {
        static ref ARMED: Mutex<Option<Entry>> = Mutex::new(None);
    }

    pub(crate) fn wait_until(
        waiter: Waiter,
        _: Instant,
        claim: &AtomicUsize,
        [from, to]: [usize; 2],
        _: State,
    ) {
        let claim = std::ptr::from_ref(claim).expose_provenance();
        *ARMED.lock().unwrap() = Some(Entry {
            claim,
            from,
            to,
            waiter,
        });
        waiter.wait();
        *ARMED.lock().unwrap() = None;
    }

    /// The deadline comes, if one is set. As `Timers::fire`.
    #[allow(unsafe_code, reason = "the engine's pointer to a claim")]
    pub(crate) fn fire() {
        let mut armed = ARMED.lock().unwrap();
        if let Some(entry) = armed.take() {
            // SAFETY: who waits takes its entry out, under the lock, before the claim goes.
            let claim = unsafe { &*std::ptr::with_exposed_provenance::<AtomicUsize>(entry.claim) };
            if claim
                .compare_exchange(entry.from, entry.to, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok()
            {
                entry.waiter.wake();
            }
        }
    }
}
