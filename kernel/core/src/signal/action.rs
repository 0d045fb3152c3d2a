//! [`Action`]: what a process wants done with a signal; and the table of them.

use super::{Signal, SignalSet};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};
use threadbare_machine::sync::SpinLock;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// Where a handled signal goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handler {
    /// `SIG_DFL`.
    Default,
    /// `SIG_IGN`.
    Ignore,
    /// A function of the program.
    Function(u64),
}

/// What a process wants done with a signal, as the program writes it (`struct kernel_sigaction`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct Action {
    /// `SIG_DFL`, `SIG_IGN` or a function: see [`Action::handler`].
    handler: u64,
    /// `SA_*`.
    pub flags: u64,
    /// The function that calls `rt_sigreturn`.
    pub restorer: u64,
    /// What else is blocked while the handler runs.
    pub mask: SignalSet,
}

impl Action {
    /// What happens.
    pub fn handler(&self) -> Handler {
        match self.handler {
            0 => Handler::Default,
            1 => Handler::Ignore,
            function => Handler::Function(function),
        }
    }

    /// What happens by default, with the same flags.
    #[must_use]
    pub fn reset(self) -> Action {
        Action { handler: 0, ..self }
    }

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
        let before = actions[signal.index()];
        if before == action {
            return before;
        }
        let ignored = match action.handler() {
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
        Arc::make_mut(&mut actions)[signal.index()] = action;
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
        let handled = |action: &Action| matches!(action.handler(), Handler::Function(_)) || !kept(action);
        if !actions.iter().any(handled) {
            return;
        }
        for (index, action) in Arc::make_mut(&mut actions).iter_mut().enumerate() {
            let is_ignored = action.handler() == Handler::Ignore;
            ignored |= u64::from(is_ignored) << index;
            *action = Action {
                handler: u64::from(is_ignored),
                ..Action::default()
            };
        }
        self.ignored.store(ignored, Ordering::Relaxed);
    }
}
