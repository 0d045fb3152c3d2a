//! What a process and a thread know of signals.
//!
//! Rules:
//! 1. Only the thread itself changes its mask, its stack and what it waits for; others read them. So they are atomics, and
//!    never locked.
//! 2. `attention` is set by whoever gives a thread something to do before it returns to ring 3: a signal that it wants, its end,
//!    a stop. The thread takes it before it looks, so nothing is missed; it may find nothing.

use super::action::Actions;
use super::file::Files;
use super::pending::Pending;
use super::{Action, Restart, Signal, SignalInfo, SignalSet};
use crate::error::Errno;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use linux_raw_sys::general as linux;
use threadbare_machine::sync::SpinLock;

/// The signals of a process: actions, and those that wait for any of its threads.
#[derive(Debug, Default)]
pub struct ProcessSignals {
    actions: Actions,
    pub(super) pending: Pending,
    /// Who reads them.
    pub(super) files: Files,
}

impl ProcessSignals {
    /// What happens with `signal`.
    pub fn action(&self, signal: Signal) -> Action {
        self.actions.get(signal)
    }

    /// Sets it, and returns what it was. The caller drops what waits, if the signal is ignored from now on.
    pub(super) fn set_action(&self, signal: Signal, action: Action) -> Action {
        self.actions.set(signal, action)
    }

    /// The signals with which nothing happens, by what the program said or by default.
    pub fn ignored(&self) -> SignalSet {
        self.actions.ignored()
    }

    /// What a new process begins with: the same actions, or with `handlers` false only what is ignored; nothing waits.
    pub fn for_child(&self, handlers: bool) -> ProcessSignals {
        let actions = self.actions.duplicate();
        if !handlers {
            actions.reset_handlers();
        }
        ProcessSignals {
            actions,
            ..ProcessSignals::default()
        }
    }

    /// After `execve`: handlers are gone, ignored signals stay ignored.
    pub fn reset_handlers(&self) {
        self.actions.reset_handlers();
    }
}

/// The stack on which handlers with `SA_ONSTACK` run (`sigaltstack(2)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlternateStack {
    /// Its lowest address.
    pub start: u64,
    /// Its size; 0 for none.
    pub size: u64,
    /// `SS_DISABLE`, `SS_AUTODISARM`.
    pub flags: u32,
}

/// `SS_AUTODISARM`: the stack is forgotten while a handler runs, and comes back with its frame.
pub(crate) const SS_AUTODISARM: u32 = 1 << 31;

impl Default for AlternateStack {
    /// None.
    fn default() -> Self {
        AlternateStack {
            start: 0,
            size: 0,
            flags: linux::SS_DISABLE,
        }
    }
}

impl AlternateStack {
    /// Whether a stack pointer lies on it, wherever that came from.
    pub fn contains(&self, rsp: u64) -> bool {
        rsp > self.start && rsp.wrapping_sub(self.start) <= self.size
    }

    /// Whether a program with this stack pointer runs on it. One that disarms itself is never in use.
    pub fn is_in_use(&self, rsp: u64) -> bool {
        self.flags & SS_AUTODISARM == 0 && self.contains(rsp)
    }

    /// `ss_flags` as `sigaltstack(2)` shows them to a program with this stack pointer.
    pub fn visible_flags(&self, rsp: u64) -> u32 {
        let state = if self.size == 0 {
            linux::SS_DISABLE
        } else if self.is_in_use(rsp) {
            linux::SS_ONSTACK
        } else {
            0
        };
        state | self.flags & SS_AUTODISARM
    }
}

/// The signals of a thread.
#[derive(Debug)]
pub struct ThreadSignals {
    mask: AtomicU64,
    /// The mask to return to after `rt_sigsuspend` and its like, while `has_saved_mask`.
    saved_mask: AtomicU64,
    has_saved_mask: AtomicBool,
    /// What `rt_sigtimedwait` waits for: it comes though it is blocked.
    waited_for: AtomicU64,
    attention: AtomicBool,
    stack_start: AtomicU64,
    stack_size: AtomicU64,
    stack_flags: AtomicU32,
    pub(super) pending: Pending,
    /// How the wait that was interrupted goes on, for `restart_syscall(2)`.
    pub restart: SpinLock<Option<Restart>>,
}

impl Default for ThreadSignals {
    fn default() -> Self {
        let stack = AlternateStack::default();
        ThreadSignals {
            mask: AtomicU64::new(0),
            saved_mask: AtomicU64::new(0),
            has_saved_mask: AtomicBool::new(false),
            waited_for: AtomicU64::new(0),
            attention: AtomicBool::new(true), // a first look at what came before it began
            stack_start: AtomicU64::new(stack.start),
            stack_size: AtomicU64::new(stack.size),
            stack_flags: AtomicU32::new(stack.flags),
            pending: Pending::default(),
            restart: SpinLock::new(None),
        }
    }
}

impl ThreadSignals {
    /// What is blocked.
    pub fn mask(&self) -> SignalSet {
        SignalSet::from_bits(self.mask.load(Ordering::Relaxed))
    }

    /// Blocks exactly `mask`, but for what cannot be blocked. For a thread that nobody knows yet; else [`super::set_mask`].
    pub fn begin_with_mask(&self, mask: SignalSet) {
        self.store_mask(mask);
    }

    pub(super) fn store_mask(&self, mask: SignalSet) {
        // In one order with `Pending::push`: either the sender sees the new mask, or the thread sees the signal.
        self.mask.swap(mask.blockable().bits(), Ordering::SeqCst);
    }

    pub(super) fn save_mask(&self) {
        self.saved_mask.store(self.mask().bits(), Ordering::Relaxed);
        self.has_saved_mask.store(true, Ordering::Relaxed);
    }

    pub(super) fn take_saved_mask(&self) -> Option<SignalSet> {
        if !self.has_saved_mask.load(Ordering::Relaxed) {
            return None;
        }
        self.has_saved_mask.store(false, Ordering::Relaxed);
        Some(SignalSet::from_bits(self.saved_mask.load(Ordering::Relaxed)))
    }

    /// The alternate stack.
    pub fn stack(&self) -> AlternateStack {
        AlternateStack {
            start: self.stack_start.load(Ordering::Relaxed),
            size: self.stack_size.load(Ordering::Relaxed),
            flags: self.stack_flags.load(Ordering::Relaxed),
        }
    }

    pub(super) fn stack_flags(&self) -> u32 {
        self.stack_flags.load(Ordering::Relaxed)
    }

    pub(crate) fn set_stack(&self, stack: AlternateStack) {
        self.stack_start.store(stack.start, Ordering::Relaxed);
        self.stack_size.store(stack.size, Ordering::Relaxed);
        self.stack_flags.store(stack.flags, Ordering::Relaxed);
    }

    /// `sigaltstack(2)`, for a program with this stack pointer.
    ///
    /// # Errors
    /// `EPERM` if it runs on the stack that it has; `EINVAL` for unknown flags; `ENOMEM` if the new one is too small.
    pub fn change_stack(&self, new: AlternateStack, rsp: u64) -> Result<(), Errno> {
        if self.stack().is_in_use(rsp) {
            return Err(Errno::EPERM);
        }
        let stack = match new.flags & !SS_AUTODISARM {
            linux::SS_DISABLE => AlternateStack {
                start: 0,
                size: 0,
                flags: new.flags,
            },
            0 | linux::SS_ONSTACK if new.size < u64::from(linux::MINSIGSTKSZ) => return Err(Errno::ENOMEM),
            0 | linux::SS_ONSTACK => new,
            _ => return Err(Errno::EINVAL),
        };
        self.set_stack(stack);
        Ok(())
    }

    /// Begins or ends waiting for signals though they are blocked.
    pub(crate) fn wait_for(&self, signals: SignalSet) {
        self.waited_for.store(signals.bits(), Ordering::Relaxed);
    }

    /// Whether a signal would be taken by this thread at once.
    pub(super) fn wants(&self, signal: Signal) -> bool {
        !self.mask().contains(signal)
            || SignalSet::from_bits(self.waited_for.load(Ordering::Relaxed)).contains(signal)
    }

    /// Lets the thread look, before it returns to ring 3, whether there is something to do.
    pub fn call_attention(&self) {
        // Release pairs with the acquire in `take_attention`: what there is to do is visible then.
        self.attention.store(true, Ordering::Release);
    }

    /// Whether there may be something to do before ring 3.
    #[inline]
    pub fn has_attention(&self) -> bool {
        self.attention.load(Ordering::Relaxed)
    }

    /// As [`has_attention`](Self::has_attention), and takes the call back.
    pub fn take_attention(&self) -> bool {
        self.attention.load(Ordering::Relaxed) && self.attention.swap(false, Ordering::Acquire)
    }

    /// The signals that wait for this thread or its process.
    pub fn pending(&self, process: &ProcessSignals) -> SignalSet {
        self.pending.set().union(process.pending.set())
    }

    /// Whether a signal waits that is not blocked.
    pub fn has_deliverable(&self, process: &ProcessSignals) -> bool {
        !self.pending(process).minus(self.mask()).is_empty()
    }

    /// Takes a waiting signal out of `wanted`: the thread's own first.
    pub(super) fn take(&self, process: &ProcessSignals, wanted: SignalSet) -> Option<SignalInfo> {
        match self.pending.take(wanted) {
            None => process.pending.take(wanted),
            own => own,
        }
    }
}
