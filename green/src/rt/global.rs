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
        let mut batch = [None; SHARE];
        {
            let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            let share = queue.len().div_ceil(workers.max(1)).min(SHARE);
            for place in &mut batch[..share] {
                *place = queue.pop_front();
            }
            self.length.store(queue.len(), Ordering::Relaxed);
        }
        batch.into_iter().flatten().for_each(&mut take);
    }
}
