//! [`Action`]: what a process wants done with a signal; and the table of them.

use super::{Signal, SignalSet};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};
use threadbare_machine::sync::SpinLock;

/// Where a handled signal goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Handler {
    /// `SIG_DFL`.
    #[default]
    Default,
    /// `SIG_IGN`.
    Ignore,
    /// A function of the program.
    Function(u64),
}

/// What a process wants done with a signal (`struct sigaction`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Action {
    /// What happens.
    pub handler: Handler,
    /// `SA_*`.
    pub flags: u64,
    /// The function that calls `rt_sigreturn`.
    pub restorer: u64,
    /// What else is blocked while the handler runs.
    pub mask: SignalSet,
}

impl Action {
    /// Whether it has one of the flags `SA_*`.
    pub fn has(&self, flag: u32) -> bool {
        self.flags & u64::from(flag) != 0
    }
}

/// The actions of a process.
#[derive(Debug)]
pub(super) struct Actions {
    /// Shared with the processes that `fork(2)` has made of this one until somebody changes something.
    actions: SpinLock<Arc<[Action; Signal::COUNT]>>,
    /// Those with which nothing happens, by what the program said or by default. Changed under the lock.
    ignored: AtomicU64,
}

impl Default for Actions {
    fn default() -> Self {
        Actions {
            actions: SpinLock::new(Arc::new([Action::default(); Signal::COUNT])),
            ignored: AtomicU64::new(SignalSet::IGNORED_BY_DEFAULT.bits()),
        }
    }
}

impl Actions {
    pub(super) fn get(&self, signal: Signal) -> Action {
        self.actions.lock()[signal.index()]
    }

    /// Sets one, and returns what it was.
    pub(super) fn set(&self, signal: Signal, action: Action) -> Action {
        let mut actions = self.actions.lock();
        let ignored = match action.handler {
            Handler::Ignore => true,
            Handler::Default => SignalSet::IGNORED_BY_DEFAULT.contains(signal),
            Handler::Function(_) => false,
        };
        let bit = SignalSet::EMPTY.with(signal).bits();
        if ignored {
            self.ignored.fetch_or(bit, Ordering::Relaxed);
        } else {
            self.ignored.fetch_and(!bit, Ordering::Relaxed);
        }
        let before = actions[signal.index()];
        if before != action {
            Arc::make_mut(&mut actions)[signal.index()] = action;
        }
        before
    }

    /// The signals with which nothing happens.
    pub(super) fn ignored(&self) -> SignalSet {
        SignalSet::from_bits(self.ignored.load(Ordering::Relaxed))
    }

    /// The same actions, for a new process.
    pub(super) fn duplicate(&self) -> Actions {
        let actions = self.actions.lock();
        Actions {
            actions: SpinLock::new(actions.clone()),
            ignored: AtomicU64::new(self.ignored().bits()),
        }
    }

    /// Handlers give way to the defaults; ignored signals stay ignored.
    pub(super) fn reset_handlers(&self) {
        let mut actions = self.actions.lock();
        let mut ignored = SignalSet::IGNORED_BY_DEFAULT.bits();
        let kept = |action: &Action| {
            *action
                == Action {
                    handler: action.handler,
                    ..Action::default()
                }
        };
        let handled = |action: &Action| matches!(action.handler, Handler::Function(_)) || !kept(action);
        if !actions.iter().any(handled) {
            return;
        }
        for (index, action) in Arc::make_mut(&mut actions).iter_mut().enumerate() {
            let handler = if action.handler == Handler::Ignore {
                ignored |= 1 << index;
                Handler::Ignore
            } else {
                Handler::Default
            };
            *action = Action {
                handler,
                ..Action::default()
            };
        }
        self.ignored.store(ignored, Ordering::Relaxed);
    }
}
