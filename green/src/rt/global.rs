//! Runnable threads that belong to no worker yet: spawned from outside, or overflow of a ring.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::control::Control;
use super::fifo::Fifo;

/// First in, first out, behind a lock; its length can be read without.
pub(super) struct Global {
    length: AtomicUsize,
    queue: Mutex<Fifo<Control>>,
}

/// How many threads a worker takes at once.
const SHARE: usize = 64;

impl Global {
    pub(super) fn new() -> Global {
        Global {
            length: AtomicUsize::new(0),
            queue: Mutex::new(Fifo::new()),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.length.load(Ordering::Relaxed)
    }

    pub(super) fn push(&self, control: &'static Control) {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.push_back(control);
        self.length.store(queue.len(), Ordering::Relaxed);
    }

    /// Hands a worker's share to `take`: its part of the queue, at least one, at most [`SHARE`].
    pub(super) fn take_share(&self, workers: usize, mut take: impl FnMut(&'static Control)) {
        if self.len() == 0 {
            return;
        }
        // A list, for an array would lie on the stack of the thread that waits: more than all the rest of what waiting takes.
        let batch = Fifo::new();
        {
            let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            let share = queue.len().div_ceil(workers.max(1)).min(SHARE);
            for control in std::iter::from_fn(|| queue.pop_front()).take(share) {
                batch.push_back(control);
            }
            self.length.store(queue.len(), Ordering::Relaxed);
        }
        while let Some(control) = batch.pop_front() {
            take(control);
        }
    }
}
