//! [`RunQueue`]: a binary heap.
//!
//! Rejected: a balanced tree, whose one advantage, cheap removal from the middle, is needed only when somebody changes the
//! priority of a task that is ready; lists per priority with a bit map, which fair tasks do not fit.

use crate::Key;
use alloc::collections::BinaryHeap;
use core::cmp::Ordering;

/// What is ready, the next to run first.
#[derive(Debug)]
pub struct RunQueue<T> {
    ready: BinaryHeap<Ready<T>>,
    /// How many were ever pushed behind others.
    behind: i64,
    /// How many were ever pushed in front, counted downwards.
    in_front: i64,
}

/// There is no memory for another task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoMemory;

#[derive(Debug)]
struct Ready<T> {
    key: Key,
    arrival: i64,
    task: T,
}

impl<T> Default for RunQueue<T> {
    fn default() -> Self {
        RunQueue::new()
    }
}

impl<T> RunQueue<T> {
    /// An empty queue.
    pub const fn new() -> Self {
        RunQueue {
            ready: BinaryHeap::new(),
            behind: 0,
            in_front: 0,
        }
    }

    /// Makes room for `tasks` tasks in all.
    ///
    /// # Errors
    /// No memory; the queue is as it was.
    pub fn reserve(&mut self, tasks: usize) -> Result<(), NoMemory> {
        let more = tasks.saturating_sub(self.ready.len());
        if self.ready.capacity() >= tasks {
            return Ok(());
        }
        self.ready.try_reserve(more).map_err(|_| NoMemory)
    }

    /// Puts a task behind those with the same key.
    pub fn push(&mut self, key: Key, task: T) {
        self.behind += 1;
        let arrival = self.behind;
        self.ready.push(Ready { key, arrival, task });
    }

    /// Puts a task before those with the same key.
    pub fn push_front(&mut self, key: Key, task: T) {
        self.in_front -= 1;
        let arrival = self.in_front;
        self.ready.push(Ready { key, arrival, task });
    }

    /// Takes the next to run.
    pub fn pop(&mut self) -> Option<T> {
        self.ready.pop().map(|first| first.task)
    }

    /// The key of the next to run.
    pub fn first(&self) -> Option<Key> {
        self.ready.peek().map(|first| first.key)
    }

    /// Takes a task out wherever it stands; `None` when it is not here. Takes time in proportion to the tasks.
    pub fn remove(&mut self, is_it: impl Fn(&T) -> bool) -> Option<T> {
        if !self.ready.iter().any(|ready| is_it(&ready.task)) {
            return None;
        }
        let mut all = core::mem::take(&mut self.ready).into_vec();
        let at = all.iter().position(|ready| is_it(&ready.task))?;
        let found = all.swap_remove(at);
        self.ready = BinaryHeap::from(all); // in place: the room stays
        Some(found.task)
    }

    /// How many are ready.
    pub fn len(&self) -> usize {
        self.ready.len()
    }

    /// Whether nobody is ready.
    pub fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }
}

// The heap gives the greatest first: the order is turned round.
impl<T> Ord for Ready<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.key, other.arrival).cmp(&(self.key, self.arrival))
    }
}

impl<T> PartialOrd for Ready<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Ready<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Ready<T> {}
