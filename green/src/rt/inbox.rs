//! Threads that other workers made runnable but may not run: a stack that anyone pushes to and the owner takes whole.
//!
//! Invariant: a node in the inbox belongs to the inbox; its link is written before the exchange that publishes it
//! (release) and read after the exchange that takes the whole chain (acquire).

use super::atomic_ref::AtomicRef;
use super::shim::Ordering;

/// What can be chained.
pub(crate) trait Linked: Sized {
    /// The field that links a node to the next of whichever list holds it.
    fn link(&self) -> &AtomicRef<Self>;
}

/// Many producers, one consumer that takes everything.
pub(crate) struct Inbox<T: 'static> {
    newest: AtomicRef<T>,
}

impl<T: Linked> Inbox<T> {
    pub(crate) fn new() -> Self {
        Inbox {
            newest: AtomicRef::none(),
        }
    }

    /// Whether it looked empty.
    pub(crate) fn is_empty(&self) -> bool {
        self.newest.load(Ordering::Relaxed).is_none()
    }

    /// Adds `node`, which must be in no list.
    pub(crate) fn push(&self, node: &'static T) {
        let mut newest = self.newest.load(Ordering::Relaxed);
        loop {
            node.link().store(newest, Ordering::Relaxed);
            // Release publishes the link and whatever the producer wrote to the node before.
            match self
                .newest
                .exchange(newest, Some(node), Ordering::Release, Ordering::Relaxed)
            {
                Ok(()) => return,
                Err(seen) => newest = seen,
            }
        }
    }

    /// Takes all nodes, oldest first, and hands each to `take`.
    pub(crate) fn take_all(&self, mut take: impl FnMut(&'static T)) {
        // Pairs with the release in `push`.
        let mut rest = self.newest.swap(None, Ordering::Acquire);
        let mut oldest = None;
        while let Some(node) = rest {
            rest = node.link().load(Ordering::Relaxed);
            node.link().store(oldest, Ordering::Relaxed);
            oldest = Some(node);
        }
        while let Some(node) = oldest {
            oldest = node.link().load(Ordering::Relaxed);
            take(node);
        }
    }
}
