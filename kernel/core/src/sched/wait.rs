//! [`WaitQueue`]: waiting for a condition that others make true.

use super::park::{park, park_until, unpark};
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering, fence};
use threadbare_machine::sync::SpinLock;
use threadbare_machine::task::{self, Task};
use threadbare_machine::time::Nanoseconds;

/// Tasks that wait for something to change. Whoever changes it calls [`WaitQueue::wake_all`] afterwards.
#[derive(Debug)]
pub struct WaitQueue {
    waiting: SpinLock<VecDeque<Arc<Task>>>,
    /// How many wait, so that waking nobody costs one look.
    count: AtomicUsize,
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
            waiting: SpinLock::new(VecDeque::new()),
            count: AtomicUsize::new(0),
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

    #[inline]
    fn attempt<T>(&self, ready: &mut impl FnMut() -> Option<T>, sleep: impl FnOnce()) -> Option<T> {
        if let Some(value) = ready() {
            return Some(value); // the common case touches no queue
        }
        self.attempt_waiting(ready, sleep)
    }

    #[inline(never)]
    fn attempt_waiting<T>(&self, ready: &mut impl FnMut() -> Option<T>, sleep: impl FnOnce()) -> Option<T> {
        let current = task::current();
        self.change(|waiting| waiting.push_back(current.clone()));
        fence(Ordering::SeqCst); // see `is_empty`
        let value = ready();
        if value.is_none() {
            sleep();
        }
        self.change(|waiting| waiting.retain(|waiting| !Arc::ptr_eq(waiting, &current)));
        value
    }

    /// Whether nobody waits. What the caller has changed before is seen by whoever begins to wait after.
    #[inline]
    fn is_empty(&self) -> bool {
        // Pairs with the fence in `attempt`: of the change and the entry in the queue, one is seen by the other side.
        fence(Ordering::SeqCst);
        self.count.load(Ordering::Relaxed) == 0
    }

    /// Lets everybody who waits ask again.
    #[inline]
    pub fn wake_all(&self) {
        if !self.is_empty() {
            self.wake(usize::MAX);
        }
    }

    #[inline(never)]
    fn wake(&self, most: usize) {
        for _ in 0..most {
            let first = self.change(VecDeque::pop_front);
            let Some(task) = first else { return };
            unpark(&task);
        }
    }

    /// Lets the one who has waited longest ask again.
    #[inline]
    pub fn wake_one(&self) {
        if !self.is_empty() {
            self.wake(1);
        }
    }

    /// Changes the queue and counts it anew.
    fn change<R>(&self, change: impl FnOnce(&mut VecDeque<Arc<Task>>) -> R) -> R {
        let mut waiting = self.waiting.lock();
        let result = change(&mut waiting);
        self.count.store(waiting.len(), Ordering::Relaxed);
        result
    }
}
