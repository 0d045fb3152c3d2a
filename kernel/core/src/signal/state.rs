//! What a process and a thread know of signals.

use super::{DefaultAction, Restart, Signal, SignalInfo, SignalSet};
use crate::process::{Process, Thread};
use crate::sched;
use alloc::collections::VecDeque;
use threadbare_machine::sync::SpinLock;

/// The most signals that may wait for a process (`RLIMIT_SIGPENDING`, in spirit): real-time ones beyond are `EAGAIN`.
const MOST_PENDING: usize = 1024;

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

/// The signals of a process: actions, and those that wait for any of its threads.
#[derive(Debug)]
pub struct ProcessSignals {
    actions: SpinLock<[Action; Signal::COUNT]>,
    pending: SpinLock<VecDeque<SignalInfo>>,
}

/// The stack on which handlers with `SA_ONSTACK` run (`sigaltstack(2)`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlternateStack {
    /// Its lowest address.
    pub start: u64,
    /// Its size; 0 for none.
    pub size: u64,
    /// `SS_AUTODISARM`.
    pub disarm: bool,
}

impl AlternateStack {
    /// Whether a stack pointer lies on it.
    pub fn contains(&self, rsp: u64) -> bool {
        self.size > 0 && rsp > self.start && rsp - self.start <= self.size
    }
}

/// The signals of a thread. Only the thread itself changes mask and stack.
#[derive(Debug)]
pub struct ThreadSignals {
    /// What is blocked.
    pub mask: SpinLock<SignalSet>,
    /// The mask to return to after `rt_sigsuspend` and its like have been interrupted.
    pub saved_mask: SpinLock<Option<SignalSet>>,
    /// How the wait that was interrupted goes on, for `restart_syscall(2)`.
    pub restart: SpinLock<Option<Restart>>,
    /// The alternate stack.
    pub stack: SpinLock<AlternateStack>,
    pending: SpinLock<VecDeque<SignalInfo>>,
}

impl Default for ThreadSignals {
    fn default() -> Self {
        ThreadSignals {
            mask: SpinLock::new(SignalSet::EMPTY),
            saved_mask: SpinLock::new(None),
            restart: SpinLock::new(None),
            stack: SpinLock::new(AlternateStack::default()),
            pending: SpinLock::new(VecDeque::new()),
        }
    }
}

impl Default for ProcessSignals {
    fn default() -> Self {
        ProcessSignals {
            actions: SpinLock::new([Action::default(); Signal::COUNT]),
            pending: SpinLock::new(VecDeque::new()),
        }
    }
}

impl ProcessSignals {
    /// What happens with `signal`.
    pub fn action(&self, signal: Signal) -> Action {
        self.actions.lock()[signal.index()]
    }

    /// Sets it, and returns what it was. A signal that is ignored from now on is dropped if it waits.
    pub fn set_action(&self, signal: Signal, action: Action) -> Action {
        let old = core::mem::replace(&mut self.actions.lock()[signal.index()], action);
        if self.is_ignored(signal) {
            self.pending.lock().retain(|info| info.signal != signal);
        }
        old
    }

    /// What a new process begins with: the same actions, or with `handlers` false only what is ignored; nothing waits.
    pub fn for_child(&self, handlers: bool) -> ProcessSignals {
        let child = ProcessSignals {
            actions: SpinLock::new(*self.actions.lock()),
            pending: SpinLock::new(VecDeque::new()),
        };
        if !handlers {
            child.reset_handlers();
        }
        child
    }

    /// After `execve`: handlers are gone, ignored signals stay ignored.
    pub fn reset_handlers(&self) {
        for action in self.actions.lock().iter_mut() {
            let handler = if action.handler == Handler::Ignore {
                Handler::Ignore
            } else {
                Handler::Default
            };
            *action = Action {
                handler,
                ..Action::default()
            };
        }
    }

    /// Whether nothing would happen.
    pub fn is_ignored(&self, signal: Signal) -> bool {
        match self.action(signal).handler {
            Handler::Ignore => true,
            Handler::Default => signal.default_action() == DefaultAction::Ignore,
            Handler::Function(_) => false,
        }
    }
}

impl ThreadSignals {
    /// Puts the mask back that was there before `rt_sigsuspend` or its like, if one is in force.
    pub fn restore_mask(&self) {
        if let Some(mask) = self.saved_mask.lock().take() {
            *self.mask.lock() = mask;
        }
    }

    /// The signals that wait for this thread or its process.
    pub fn pending(&self, process: &ProcessSignals) -> SignalSet {
        let own = set_of(&self.pending.lock());
        own.union(set_of(&process.pending.lock()))
    }

    /// Whether a signal waits that is not blocked.
    pub fn has_deliverable(&self, process: &ProcessSignals) -> bool {
        self.pending(process).minus(*self.mask.lock()) != SignalSet::EMPTY
    }

    /// Takes a waiting signal out of `wanted`: the thread's own first, lower numbers first.
    pub fn take(&self, process: &ProcessSignals, wanted: SignalSet) -> Option<SignalInfo> {
        [&self.pending, &process.pending].into_iter().find_map(|queue| {
            let mut queue = queue.lock();
            let signal = SignalSet::from_bits(set_of(&queue).bits() & wanted.bits()).first()?;
            let at = queue.iter().position(|info| info.signal == signal)?;
            queue.remove(at)
        })
    }
}

fn set_of(queue: &VecDeque<SignalInfo>) -> SignalSet {
    queue
        .iter()
        .fold(SignalSet::EMPTY, |set, info| set.with(info.signal))
}

fn enqueue(queue: &SpinLock<VecDeque<SignalInfo>>, info: SignalInfo) -> bool {
    let mut queue = queue.lock();
    let waits = queue.iter().any(|other| other.signal == info.signal);
    if waits && !info.signal.is_real_time() {
        return true; // standard signals do not queue
    }
    let room = queue.len() < MOST_PENDING && queue.try_reserve(1).is_ok();
    if room {
        queue.push_back(info);
    }
    room
}

/// Stop signals and SIGCONT undo each other where they wait, and SIGCONT continues whatever becomes of it (`signal(7)`).
fn before_sending(process: &Process, signal: Signal) {
    let undone = match signal.default_action() {
        DefaultAction::Continue => DefaultAction::Stop,
        DefaultAction::Stop => DefaultAction::Continue,
        _ => return,
    };
    let keep = |info: &SignalInfo| info.signal.default_action() != undone;
    process.signals.pending.lock().retain(keep);
    for thread in process.threads() {
        thread.signals.pending.lock().retain(keep);
    }
    if undone == DefaultAction::Stop {
        process.resume();
    }
}

/// Sends a signal to a process; `false` if too many wait already.
pub fn send_to_process(process: &Process, info: SignalInfo) -> bool {
    before_sending(process, info.signal);
    if process.signals.is_ignored(info.signal) && !process.main_thread_blocks(info.signal) {
        return true;
    }
    let sent = enqueue(&process.signals.pending, info);
    process.wake_threads();
    sent
}

/// Sends a signal to one thread; `false` if too many wait already.
pub fn send_to_thread(thread: &Thread, info: SignalInfo) -> bool {
    before_sending(&thread.process, info.signal);
    if thread.process.signals.is_ignored(info.signal) && !thread.signals.mask.lock().contains(info.signal) {
        return true;
    }
    let sent = enqueue(&thread.signals.pending, info);
    if let Some(task) = thread.task() {
        sched::unpark(&task);
    }
    sent
}
