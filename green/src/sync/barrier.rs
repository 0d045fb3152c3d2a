//! A point that several threads reach together.

use std::fmt;

use super::{Condvar, Mutex, PoisonError};

/// Lets a number of threads wait for each other. As [`std::sync::Barrier`].
pub struct Barrier {
    lock: Mutex<Round>,
    reached: Condvar,
    threads: usize,
}

struct Round {
    arrived: usize,
    number: usize,
}

/// Whether a thread is the one of its round that leads. As [`std::sync::BarrierWaitResult`].
pub struct BarrierWaitResult(bool);

impl Barrier {
    /// A barrier for `threads` threads.
    #[must_use]
    #[inline]
    pub const fn new(threads: usize) -> Barrier {
        Barrier {
            lock: Mutex::new(Round {
                arrived: 0,
                number: 0,
            }),
            reached: Condvar::new(),
            threads,
        }
    }

    /// Waits until all threads are here. The last one to come leads.
    pub fn wait(&self) -> BarrierWaitResult {
        let mut round = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let number = round.number;
        round.arrived += 1;
        if round.arrived < self.threads {
            let passed = self.reached.wait_while(round, |round| round.number == number);
            drop(passed.unwrap_or_else(PoisonError::into_inner));
            return BarrierWaitResult(false);
        }
        round.arrived = 0;
        round.number = round.number.wrapping_add(1);
        self.reached.notify_all();
        BarrierWaitResult(true)
    }
}

impl BarrierWaitResult {
    /// Whether this thread leads.
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.0
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Barrier").finish_non_exhaustive()
    }
}

impl fmt::Debug for BarrierWaitResult {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BarrierWaitResult")
            .field("is_leader", &self.is_leader())
            .finish()
    }
}
