//! The engine's files, and stand-ins for what they call.

pub(crate) mod shim {
    pub(crate) use loom::hint::spin_loop;
    pub(crate) use loom::sync::atomic::{
        AtomicBool, AtomicI32, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering,
    };
    pub(crate) use loom::thread::yield_now;

    macro_rules! constant {
        ($($function:tt)*) => {
            $($function)*
        };
    }
    pub(crate) use constant;

    pub(crate) fn sequential_in_models() {
        loom::sync::atomic::fence(Ordering::SeqCst);
    }
}

#[path = "../../../src/rt/atomic_ref.rs"]
pub(crate) mod atomic_ref;
#[path = "../../../src/rt/fresh.rs"]
pub(crate) mod fresh;
#[path = "../../../src/rt/inbox.rs"]
pub(crate) mod inbox;
#[path = "../../../src/rt/ring.rs"]
pub(crate) mod ring;
#[path = "../../../src/rt/spin.rs"]
pub(crate) mod spin;
#[path = "../../../src/rt/word.rs"]
pub(crate) mod word;

#[path = "../../../src/rt/reactor/attempt.rs"]
pub(crate) mod attempt;
#[path = "../../../src/rt/reactor/entry.rs"]
pub(crate) mod entry;
#[path = "../../../src/rt/reactor/operation.rs"]
pub(crate) mod operation;

mod waiter;
pub(crate) use waiter::{Waiter, timer};

/// The models have a scheduler of their own.
pub(crate) mod sim {
    pub(crate) fn point(_: &'static str) {}
}

#[derive(Clone, Copy)]
pub(crate) enum State {
    Locking,
    Reading,
}

/// The interface of the engine's table of waiters, on loom's primitives.
pub(crate) mod table {
    use std::time::Instant;

    use loom::sync::Mutex;
    use loom::sync::atomic::{AtomicU32, Ordering};

    use super::{State, Waiter};

    loom::lazy_static! {
        static ref WAITERS: Mutex<Vec<(usize, Waiter)>> = Mutex::new(Vec::new());
    }

    fn key(word: &AtomicU32) -> usize {
        std::ptr::from_ref(word) as usize
    }

    pub(crate) fn wait(word: &AtomicU32, expected: u32, _: Option<Instant>, _: State) -> bool {
        let waiter = Waiter::current();
        {
            let mut waiters = WAITERS.lock().unwrap();
            if word.load(Ordering::Relaxed) != expected {
                return true;
            }
            waiters.push((key(word), waiter));
        }
        waiter.wait();
        true
    }

    fn take(word: &AtomicU32) -> Option<Waiter> {
        let mut waiters = WAITERS.lock().unwrap();
        let position = waiters.iter().position(|(waits, _)| *waits == key(word));
        position.map(|position| waiters.remove(position).1)
    }

    pub(crate) fn wake_one(word: &AtomicU32) -> bool {
        take(word).inspect(|waiter| waiter.wake()).is_some()
    }

    pub(crate) fn wake_all(word: &AtomicU32) {
        take_all(word, Waiter::wake);
    }

    pub(crate) fn take_all(word: &AtomicU32, mut wake: impl FnMut(Waiter)) {
        while let Some(waiter) = take(word) {
            wake(waiter);
        }
    }

    pub(crate) fn spins() -> u32 {
        0
    }
}
