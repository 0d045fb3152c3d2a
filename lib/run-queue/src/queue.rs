//! [`RunQueue`]: a binary heap of the real-time tasks and one of the fair tasks.
//!
//! Rejected: a balanced tree, whose one advantage, cheap removal from the middle, is needed only when somebody changes the
//! priority of a task that is ready; lists per priority with a bit map, which fair tasks do not fit.

use crate::Key;
use alloc::collections::BinaryHeap;
use core::cmp::Ordering;

/// What is ready, the next to run first.
#[derive(Debug)]
pub struct RunQueue<T> {
    real_time: BinaryHeap<Ready<T>>,
    fair: BinaryHeap<Ready<T>>,
    /// How many were ever pushed behind others.
    behind: i64,
    /// How many were ever pushed in front, counted downwards.
    in_front: i64,
}

/// Who comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefer {
    /// Real-time tasks, as their keys say.
    RealTime,
    /// Fair tasks, for once.
    Fair,
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
            real_time: BinaryHeap::new(),
            fair: BinaryHeap::new(),
            behind: 0,
            in_front: 0,
        }
    }

    /// Makes room for `tasks` tasks of each kind.
    ///
    /// # Errors
    /// No memory; who is in the queue stays.
    pub fn reserve(&mut self, tasks: usize) -> Result<(), NoMemory> {
        for heap in [&mut self.real_time, &mut self.fair] {
            if heap.capacity() < tasks {
                let more = tasks.saturating_sub(heap.len());
                heap.try_reserve(more).map_err(|_| NoMemory)?;
            }
        }
        Ok(())
    }

    /// Puts a task behind those with the same key.
    pub fn push(&mut self, key: Key, task: T) {
        self.behind += 1;
        let arrival = self.behind;
        self.heap(key).push(Ready { key, arrival, task });
    }

    /// Puts a task before those with the same key.
    pub fn push_front(&mut self, key: Key, task: T) {
        self.in_front -= 1;
        let arrival = self.in_front;
        self.heap(key).push(Ready { key, arrival, task });
    }

    fn heap(&mut self, key: Key) -> &mut BinaryHeap<Ready<T>> {
        if key.virtual_time().is_some() {
            &mut self.fair
        } else {
            &mut self.real_time
        }
    }

    /// Takes the next to run.
    pub fn pop(&mut self, prefer: Prefer) -> Option<T> {
        let first = match prefer {
            Prefer::RealTime if self.real_time.is_empty() => self.fair.pop(),
            Prefer::Fair if !self.fair.is_empty() => self.fair.pop(),
            _ => self.real_time.pop(),
        };
        first.map(|first| first.task)
    }

    /// The key of the next to run.
    pub fn first(&self, prefer: Prefer) -> Option<Key> {
        let first = match prefer {
            Prefer::RealTime => self.real_time.peek().or(self.fair.peek()),
            Prefer::Fair => self.fair.peek().or(self.real_time.peek()),
        };
        first.map(|first| first.key)
    }

    /// The least virtual time of the fair tasks.
    pub fn least_virtual_time(&self) -> Option<u64> {
        self.fair.peek().and_then(|first| first.key.virtual_time())
    }

    /// Takes a task out wherever it stands; `None` when it is not here. Takes time in proportion to the tasks.
    pub fn remove(&mut self, is_it: impl Fn(&T) -> bool) -> Option<T> {
        let found = take(&mut self.real_time, &is_it);
        found.or_else(|| take(&mut self.fair, is_it))
    }

    /// How many are ready.
    pub fn len(&self) -> usize {
        self.real_time.len() + self.fair.len()
    }

    /// Whether nobody is ready.
    pub fn is_empty(&self) -> bool {
        self.real_time.is_empty() && self.fair.is_empty()
    }
}

fn take<T>(heap: &mut BinaryHeap<Ready<T>>, is_it: impl Fn(&T) -> bool) -> Option<T> {
    if !heap.iter().any(|ready| is_it(&ready.task)) {
        return None;
    }
    let mut all = core::mem::take(heap).into_vec();
    let found = all.iter().position(|ready| is_it(&ready.task));
    let found = found.map(|at| all.swap_remove(at).task);
    *heap = BinaryHeap::from(all); // in place: the room stays
    found
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
