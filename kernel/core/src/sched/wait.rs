//! [`WaitQueue`]: waiting for a condition that others make true.
//!
//! Who waits enters the queue, then looks at the condition; who changes the condition then looks at the queue. In whatever
//! order the four steps come, one of the two sees the other: each has a full fence between its two steps. So waking an
//! empty queue, which is what most wakes do, takes no lock.

use super::park::{park, park_until, unpark_owned};
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering, fence};
use threadbare_machine::sync::{SpinGuard, SpinLock};
use threadbare_machine::task::{self, Task};
use threadbare_machine::time::Nanoseconds;

/// Tasks that wait for something to change. Whoever changes it calls [`WaitQueue::wake_all`] afterwards.
#[derive(Debug)]
pub struct WaitQueue {
    /// How many wait; written with the lock held.
    count: AtomicUsize,
    waiting: SpinLock<VecDeque<Arc<Task>>>,
}

impl Default for WaitQueue {
    fn default() -> Self {
        WaitQueue::new()
    }
}

impl WaitQueue {
    /// A queue in which nobody waits.
    pub const fn new() -> Self {
        WaitQueue {
            count: AtomicUsize::new(0),
            waiting: SpinLock::new(VecDeque::new()),
        }
    }

    /// Waits until `ready` gives a value. It is asked after the task has entered the queue, so a change between the
    /// question and the wait is not missed.
    pub fn wait<T>(&self, mut ready: impl FnMut() -> Option<T>) -> T {
        loop {
            if let Some(value) = self.attempt(&mut ready, park) {
                return value;
            }
        }
    }

    /// As [`WaitQueue::wait`], but gives up at `deadline`, or when `interrupted` says so, with `None`.
    pub fn wait_until<T>(
        &self,
        deadline: Option<Nanoseconds>,
        mut interrupted: impl FnMut() -> bool,
        mut ready: impl FnMut() -> Option<T>,
    ) -> Option<T> {
        let mut in_time = true;
        loop {
            let sleep = || match deadline {
                // What interrupts may have come before, and its wake-up been used up by the wait for a lock.
                _ if interrupted() => {}
                Some(deadline) => in_time = park_until(deadline),
                None => park(),
            };
            if let Some(value) = self.attempt(&mut ready, sleep) {
                return Some(value);
            }
            if !in_time || interrupted() {
                return ready();
            }
        }
    }

    fn attempt<T>(&self, ready: &mut impl FnMut() -> Option<T>, sleep: impl FnOnce()) -> Option<T> {
        if let Some(value) = ready() {
            return Some(value); // the common case touches no queue
        }
        self.attempt_waiting(ready, sleep)
    }

    #[inline(never)]
    fn attempt_waiting<T>(&self, ready: &mut impl FnMut() -> Option<T>, sleep: impl FnOnce()) -> Option<T> {
        self.enter();
        let value = ready();
        if value.is_none() {
            sleep();
        }
        self.leave();
        value
    }

    fn enter(&self) {
        let mut waiting = self.waiting.lock();
        waiting.push_back(task::current());
        self.note(&waiting);
        drop(waiting);
        fence(Ordering::SeqCst); // pairs with that of `take_first`
    }

    /// Takes the running task out, if nobody has woken it.
    fn leave(&self) {
        if self.count.load(Ordering::Relaxed) == 0 {
            return; // it was taken out, or it would be counted
        }
        let mut waiting = self.waiting.lock();
        let own = task::with_current(|current| {
            waiting
                .iter()
                .position(|waiting| core::ptr::eq(Arc::as_ptr(waiting), current))
        });
        let removed = own.and_then(|own| waiting.remove(own));
        self.note(&waiting);
        drop(waiting);
        drop(removed);
    }

    fn note(&self, waiting: &SpinGuard<'_, VecDeque<Arc<Task>>>) {
        self.count.store(waiting.len(), Ordering::Relaxed);
    }

    /// Whether nobody waits. What the caller has changed before is seen by whoever begins to wait after.
    #[inline]
    fn is_empty(&self) -> bool {
        fence(Ordering::SeqCst); // pairs with that of `enter`
        self.count.load(Ordering::Relaxed) == 0
    }

    fn take_first(&self) -> Option<Arc<Task>> {
        let mut waiting = self.waiting.lock();
        let first = waiting.pop_front();
        self.note(&waiting);
        first
    }

    /// Lets everybody who waits ask again.
    #[inline]
    pub fn wake_all(&self) {
        while !self.is_empty() {
            self.wake_first();
        }
    }

    /// Lets the one who has waited longest ask again.
    #[inline]
    pub fn wake_one(&self) {
        if !self.is_empty() {
            self.wake_first();
        }
    }

    #[inline(never)]
    fn wake_first(&self) {
        if let Some(task) = self.take_first() {
            unpark_owned(task);
        }
    }
}
