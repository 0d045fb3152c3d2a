//! The engine's files, and stand-ins for what they call.

pub(crate) mod shim {
    pub(crate) use loom::hint::spin_loop;
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering};
    pub(crate) use loom::thread::yield_now;

    macro_rules! constant {
        ($($function:tt)*) => {
            $($function)*
        };
    }
    pub(crate) use constant;
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

pub(crate) enum State {
    Locking,
}

/// The interface of the engine's table of waiters, on loom's primitives.
pub(crate) mod table {
    use std::time::Instant;

    use loom::sync::atomic::{AtomicU32, Ordering};
    use loom::sync::{Arc, Mutex};

    use crate::bell::Bell;

    use super::State;

    loom::lazy_static! {
        static ref WAITERS: Mutex<Vec<(usize, Arc<Bell>)>> = Mutex::new(Vec::new());
    }

    fn key(word: &AtomicU32) -> usize {
        std::ptr::from_ref(word) as usize
    }

    pub(crate) fn wait(word: &AtomicU32, expected: u32, _: Option<Instant>, _: State) -> bool {
        let bell = Arc::new(Bell::new());
        {
            let mut waiters = WAITERS.lock().unwrap();
            if word.load(Ordering::Relaxed) != expected {
                return true;
            }
            waiters.push((key(word), bell.clone()));
        }
        bell.wait();
        true
    }

    pub(crate) fn wake_one(word: &AtomicU32) -> bool {
        let mut waiters = WAITERS.lock().unwrap();
        let position = waiters.iter().position(|(waits, _)| *waits == key(word));
        let bell = position.map(|position| waiters.remove(position).1);
        drop(waiters);
        bell.inspect(|bell| bell.ring()).is_some()
    }

    pub(crate) fn wake_all(word: &AtomicU32) {
        while wake_one(word) {}
    }

    pub(crate) fn spins() -> u32 {
        0
    }
}
