//! Waiting for a condition on data that a mutex guards.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LockResult, PoisonError};
use std::time::{Duration, Instant};

use super::mutex::MutexGuard;
use crate::rt::{State, sim, table};

/// A condition variable. As [`std::sync::Condvar`].
///
/// The word counts notifications: a waiter reads it while it has the lock and waits for it to change.
pub struct Condvar {
    count: AtomicU32,
}

/// Whether a timed wait ended by its timeout. As [`std::sync::WaitTimeoutResult`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// Whether the timeout ended the wait.
    #[must_use]
    pub fn timed_out(&self) -> bool {
        self.0
    }
}

/// `guard`, as an error if its mutex is poisoned.
fn checked<T>(guard: MutexGuard<'_, T>) -> LockResult<MutexGuard<'_, T>> {
    guard.poison().check(guard)
}

impl Condvar {
    /// A condition that nobody waits for.
    #[must_use]
    #[inline]
    pub const fn new() -> Condvar {
        Condvar {
            count: AtomicU32::new(0),
        }
    }

    /// Unlocks, waits, locks. False if the deadline came first.
    fn wait_on<T>(&self, guard: &MutexGuard<'_, T>, deadline: Option<Instant>) -> bool {
        sim::point("is about to wait");
        // Read under the lock: a notification after the unlock changes it.
        let count = self.count.load(Ordering::Relaxed);
        guard.raw().unlock();
        let woken = sim::is_spurious() || table::wait(&self.count, count, deadline, State::Condition);
        guard.raw().lock();
        woken
    }

    /// Waits for a notification. May also return without one.
    ///
    /// # Errors
    /// If the mutex is poisoned.
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        self.wait_on(&guard, None);
        checked(guard)
    }

    /// Waits while `condition` holds.
    ///
    /// # Errors
    /// If the mutex is poisoned.
    pub fn wait_while<'a, T, F>(
        &self,
        mut guard: MutexGuard<'a, T>,
        mut condition: F,
    ) -> LockResult<MutexGuard<'a, T>>
    where
        F: FnMut(&mut T) -> bool,
    {
        while condition(&mut *guard) {
            guard = self.wait(guard)?;
        }
        Ok(guard)
    }

    /// Waits for a notification, at most `duration`.
    ///
    /// # Errors
    /// If the mutex is poisoned.
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        duration: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let woken = self.wait_on(&guard, Instant::now().checked_add(duration));
        let result = WaitTimeoutResult(!woken);
        guard.poison().check((guard, result))
    }

    /// Waits for a notification, at most `milliseconds`; whether one came.
    ///
    /// # Errors
    /// If the mutex is poisoned.
    #[deprecated(note = "replaced by `wait_timeout`, as in std")]
    pub fn wait_timeout_ms<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        milliseconds: u32,
    ) -> LockResult<(MutexGuard<'a, T>, bool)> {
        let woken = |(guard, result): (_, WaitTimeoutResult)| (guard, !result.timed_out());
        match self.wait_timeout(guard, Duration::from_millis(milliseconds.into())) {
            Ok(pair) => Ok(woken(pair)),
            Err(error) => Err(PoisonError::new(woken(error.into_inner()))),
        }
    }

    /// Waits while `condition` holds, at most `duration`.
    ///
    /// # Errors
    /// If the mutex is poisoned.
    pub fn wait_timeout_while<'a, T, F>(
        &self,
        mut guard: MutexGuard<'a, T>,
        duration: Duration,
        mut condition: F,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)>
    where
        F: FnMut(&mut T) -> bool,
    {
        let start = Instant::now();
        loop {
            if !condition(&mut *guard) {
                return Ok((guard, WaitTimeoutResult(false)));
            }
            let Some(left) = duration.checked_sub(start.elapsed()) else {
                return Ok((guard, WaitTimeoutResult(true)));
            };
            guard = self.wait_timeout(guard, left)?.0;
        }
    }

    /// Wakes the thread that has waited longest.
    pub fn notify_one(&self) {
        sim::point("notifies");
        self.count.fetch_add(1, Ordering::Relaxed);
        table::wake_one(&self.count);
    }

    /// Wakes all threads that wait.
    pub fn notify_all(&self) {
        sim::point("notifies");
        self.count.fetch_add(1, Ordering::Relaxed);
        table::wake_all(&self.count);
    }
}

impl Default for Condvar {
    fn default() -> Condvar {
        Condvar::new()
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Condvar").finish_non_exhaustive()
    }
}
