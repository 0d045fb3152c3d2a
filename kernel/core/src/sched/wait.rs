//! [`WaitQueue`]: waiting for a condition that others make true.

use super::park::{park, park_until, unpark};
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use threadbare_machine::sync::SpinLock;
use threadbare_machine::task::{self, Task};
use threadbare_machine::time::Nanoseconds;

/// Tasks that wait for something to change. Whoever changes it calls [`WaitQueue::wake_all`] afterwards.
#[derive(Debug)]
pub struct WaitQueue {
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
        let current = task::current();
        self.waiting.lock().push_back(current.clone());
        let value = ready();
        if value.is_none() {
            sleep();
        }
        self.waiting
            .lock()
            .retain(|waiting| !Arc::ptr_eq(waiting, &current));
        value
    }

    /// Lets everybody who waits ask again.
    pub fn wake_all(&self) {
        loop {
            let first = self.waiting.lock().pop_front();
            let Some(task) = first else { return };
            unpark(&task);
        }
    }

    /// Lets the one who has waited longest ask again.
    pub fn wake_one(&self) {
        let first = self.waiting.lock().pop_front();
        if let Some(task) = first {
            unpark(&task);
        }
    }
}
