//! [`Shared`]: what processes share until one of them wants its own (`CLONE_FILES`, `CLONE_FS`, `unshare(2)`).
//!
//! Invariants:
//! 1. `users` counts the processes that use the value now. One that has ended, or has its own instead, is not among them, even
//!    while its zombie keeps the memory.
//! 2. A process changes to its own value at most when it has one thread, so nobody uses the old one on its behalf any more.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::ops::Deref;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use threadbare_machine::sync::Once;

/// A value that other processes may have, too. To read it costs a word more than an [`Arc`].
pub struct Shared<T> {
    value: Arc<Counted<T>>,
    /// Whether this is one of the `users`.
    uses: AtomicBool,
    /// What is used instead since it was unshared.
    own: Once<Box<Shared<T>>>,
}

struct Counted<T> {
    value: T,
    users: AtomicUsize,
}

impl<T> Shared<T> {
    /// A value of one process.
    pub(super) fn new(value: T) -> Self {
        Shared {
            value: Arc::new(Counted {
                value,
                users: AtomicUsize::new(1),
            }),
            uses: AtomicBool::new(true),
            own: Once::new(),
        }
    }

    fn current(&self) -> &Shared<T> {
        let mut current = self;
        while let Some(own) = current.own.get() {
            current = own;
        }
        current
    }

    /// The same value, for another process.
    pub(super) fn share(&self) -> Self {
        let value = self.current().value.clone();
        value.users.fetch_add(1, Ordering::Relaxed);
        Shared {
            value,
            uses: AtomicBool::new(true),
            own: Once::new(),
        }
    }

    /// Whether other processes use it.
    pub(super) fn is_shared(&self) -> bool {
        self.current().value.users.load(Ordering::Acquire) > 1
    }

    /// A process that ends uses it no more; whether it was the last one.
    pub(super) fn leave(&self) -> bool {
        self.current().stop_using()
    }

    fn stop_using(&self) -> bool {
        // Release and acquire: the last one sees what the others have done.
        self.uses.swap(false, Ordering::Relaxed) && self.value.users.fetch_sub(1, Ordering::AcqRel) == 1
    }

    /// From now on the process uses `own`. Gives what it used before, if it was the last one.
    pub(super) fn replace(&self, own: T) -> Option<&T> {
        let current = self.current();
        current.own.get_or_init(|| Box::new(Shared::new(own)));
        current.stop_using().then_some(&current.value.value)
    }
}

impl<T> Drop for Shared<T> {
    /// A process that could not be started uses nothing.
    fn drop(&mut self) {
        self.stop_using();
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.current().value.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_unshares_leaves_the_value_to_the_others() {
        let parent = Shared::new(1);
        let child = parent.share();
        assert!(parent.is_shared());
        assert_eq!(child.replace(2), None);
        assert_eq!((*parent, *child), (1, 2));
        assert!(!parent.is_shared() && !child.is_shared());
        assert!(parent.leave() && child.leave());
    }

    #[test]
    fn what_was_unshared_can_be_shared_and_unshared_again() {
        let first = Shared::new(1);
        let second = first.share();
        second.replace(2);
        let third = second.share();
        assert_eq!(*third, 2);
        third.replace(3);
        second.share().replace(4);
        assert_eq!((*first, *second, *third), (1, 2, 3));
        assert!(second.leave());
    }

    #[test]
    fn who_is_dropped_is_no_user_any_more() {
        let parent = Shared::new(1);
        drop(parent.share());
        let ended = parent.share();
        ended.leave();
        drop(ended);
        assert!(!parent.is_shared() && parent.leave());
    }

    #[test]
    fn the_last_user_gets_what_it_leaves() {
        let parent = Shared::new(1);
        let child = parent.share();
        assert!(!parent.leave());
        assert_eq!(child.replace(2), Some(&1));
    }
}
