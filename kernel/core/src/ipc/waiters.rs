//! [`Waiters`]: tasks that wait for something that a spin lock guards, in a list that the same lock guards.
//!
//! Who finds under the lock that it has to wait enters the list before it lets the lock go; who changes what is waited for
//! takes tasks out under the lock and unparks them after. So nothing needs to be looked at twice, and no wake-up is lost.

use crate::sched;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use threadbare_machine::task::{self, Task};

/// Tasks that wait, the one that has waited longest first.
#[derive(Debug, Default)]
pub(super) struct Waiters(VecDeque<Arc<Task>>);

impl Waiters {
    /// Enters the running task, which parks as soon as it has let the lock go.
    pub(super) fn enter(&mut self) {
        self.0.push_back(task::current());
    }

    /// Takes the running task out, unless whoever woke it has done so.
    pub(super) fn leave(&mut self) {
        if self.0.is_empty() {
            return;
        }
        let found = task::with_current(|current| {
            self.0
                .iter()
                .position(|waiting| core::ptr::eq(Arc::as_ptr(waiting), current))
        });
        if let Some(at) = found {
            self.0.remove(at);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes out the one to wake.
    pub(super) fn first(&mut self) -> Option<Arc<Task>> {
        self.0.pop_front()
    }

    /// Takes all out.
    pub(super) fn take(&mut self) -> Waiters {
        core::mem::take(self)
    }

    /// Wakes all, with no lock held.
    pub(super) fn wake(self) {
        for task in self.0 {
            sched::unpark_owned(task);
        }
    }
}
