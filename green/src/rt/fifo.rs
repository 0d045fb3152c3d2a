//! A list of threads for one owner at a time: a worker's bound threads, warm stacks, or a list behind a lock.

use std::cell::Cell;

use super::inbox::Linked;
use super::shim::Ordering;

/// First in, first out, by the nodes' own links. Not `Sync`: its holder is its lock.
pub(crate) struct Fifo<T: 'static> {
    first: Cell<Option<&'static T>>,
    last: Cell<Option<&'static T>>,
    length: Cell<usize>,
}

impl<T: Linked> Fifo<T> {
    pub(crate) const fn new() -> Self {
        Fifo {
            first: Cell::new(None),
            last: Cell::new(None),
            length: Cell::new(0),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.length.get()
    }

    /// Appends `node`, which must be in no list.
    pub(crate) fn push_back(&self, node: &'static T) {
        node.link().store(None, Ordering::Relaxed);
        match self.last.replace(Some(node)) {
            Some(last) => last.link().store(Some(node), Ordering::Relaxed),
            None => self.first.set(Some(node)),
        }
        self.length.set(self.length.get() + 1);
    }

    /// Puts `node`, which must be in no list, before all others.
    pub(crate) fn push_front(&self, node: &'static T) {
        let first = self.first.replace(Some(node));
        node.link().store(first, Ordering::Relaxed);
        if first.is_none() {
            self.last.set(Some(node));
        }
        self.length.set(self.length.get() + 1);
    }

    /// The first, which stays.
    pub(crate) fn peek(&self) -> Option<&'static T> {
        self.first.get()
    }

    pub(crate) fn pop_front(&self) -> Option<&'static T> {
        let node = self.first.get()?;
        let next = node.link().load(Ordering::Relaxed);
        self.first.set(next);
        if next.is_none() {
            self.last.set(None);
        }
        self.length.set(self.length.get() - 1);
        Some(node)
    }
}
