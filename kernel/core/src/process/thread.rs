//! [`Thread`].

use super::table::Process;
use super::tree;
use crate::sched::{self, KernelData, Scheduling};
use crate::signal::ThreadSignals;
use alloc::sync::Arc;
use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use threadbare_machine::sync::SpinLock;
use threadbare_machine::task::{self, Task};

/// A thread of a program.
pub struct Thread {
    /// Its number: the process' for the first thread, and for the one that has executed another program.
    tid: AtomicU32,
    /// What it belongs to.
    pub process: Arc<Process>,
    /// Its name, NUL-padded (`prctl(PR_SET_NAME)`).
    pub name: SpinLock<[u8; 16]>,
    /// Its signals.
    pub signals: ThreadSignals,
    /// Where to write 0 and wake a futex when it ends (`set_tid_address(2)`).
    pub clear_child_tid: AtomicUsize,
    /// The head of its list of robust futexes (`set_robust_list(2)`).
    pub robust_list: AtomicUsize,
    /// The number of the system call that it is in, or `usize::MAX`: for reports.
    pub system_call: AtomicUsize,
    /// Its page faults, in ring 3 and on its behalf.
    pub(crate) faults: AtomicU64,
    /// How it is scheduled, and the CPU time that it has had.
    pub scheduling: Arc<Scheduling>,
    exiting: AtomicBool,
    left: AtomicBool,
    /// Held until it leaves: nobody else may hold a task that waits for nothing but signals.
    task: SpinLock<Option<Arc<Task>>>,
}

impl Thread {
    /// A thread that does not run yet.
    pub fn new(tid: u32, process: Arc<Process>, name: &[u8]) -> Arc<Thread> {
        let thread = Arc::new(Thread {
            tid: AtomicU32::new(tid),
            process: process.clone(),
            name: SpinLock::new([0; 16]),
            signals: ThreadSignals::default(),
            clear_child_tid: AtomicUsize::new(0),
            robust_list: AtomicUsize::new(0),
            system_call: AtomicUsize::new(usize::MAX),
            faults: AtomicU64::new(0),
            scheduling: Arc::new(sched::child_of_current()),
            exiting: AtomicBool::new(false),
            left: AtomicBool::new(false),
            task: SpinLock::new(None),
        });
        thread.set_name(name);
        process.add_thread(&thread);
        tree::add_thread(&thread);
        thread
    }

    /// A thread with this one's name and signal mask.
    pub(super) fn copy_for(&self, tid: u32, process: Arc<Process>) -> Arc<Thread> {
        let name = *self.name.lock();
        let thread = Thread::new(tid, process, &name);
        thread.signals.begin_with_mask(self.signals.mask());
        thread
    }

    /// Its number.
    pub fn tid(&self) -> u32 {
        self.tid.load(Ordering::Relaxed)
    }

    /// Lets it go by the number of its process, as the only thread that `execve(2)` leaves.
    pub(super) fn become_main(&self) {
        tree::remove_thread(self.tid());
        self.tid.store(self.process.pid, Ordering::Relaxed);
    }

    /// The thread that the running task serves.
    pub fn current() -> Option<Arc<Thread>> {
        task::current()
            .data()
            .downcast_ref::<KernelData>()?
            .thread
            .upgrade()
    }

    /// Sets the name: up to the first NUL, cut to 15 bytes.
    pub fn set_name(&self, name: &[u8]) {
        let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
        let mut cut = [0; 16];
        let length = name.len().min(15);
        cut[..length].copy_from_slice(&name[..length]);
        *self.name.lock() = cut;
    }

    /// The task that serves it.
    pub fn task(&self) -> Option<Arc<Task>> {
        self.task.lock().clone()
    }

    pub(super) fn set_task(&self, task: &Arc<Task>) {
        if self.has_not_left() {
            *self.task.lock() = Some(task.clone());
        }
    }

    /// Ends this thread alone. The status of the last one is the process', if nothing else ends that.
    pub fn exit(&self, status: u8) {
        self.process.last_status.store(status, Ordering::Relaxed);
        self.give_up();
    }

    /// Lets it leave for good at the next chance.
    pub(super) fn give_up(&self) {
        self.exiting.store(true, Ordering::Relaxed);
        self.signals.call_attention();
    }

    /// Lets it look for signals, a stop, its end: at once if it waits, else before it returns to ring 3.
    pub(crate) fn look(&self) {
        self.signals.call_attention();
        if let Some(task) = self.task() {
            sched::unpark(&task);
        }
    }

    /// It gives up its task, and from now on its usage is counted with that of the threads that have left.
    pub(super) fn note_leaving(&self) {
        self.left.store(true, Ordering::Relaxed);
        let _task = self.task.lock().take();
    }

    /// Whether its usage is still its own.
    pub(crate) fn has_not_left(&self) -> bool {
        !self.left.load(Ordering::Relaxed)
    }

    /// Whether it shall not return to ring 3.
    pub fn is_ending(&self) -> bool {
        self.exiting.load(Ordering::Relaxed) || self.process.is_ending()
    }

    /// Whether a wait should be given up: for a signal, to be stopped, or because it ends.
    pub fn is_interrupted(&self) -> bool {
        self.is_ending() || self.process.is_stopped() || self.signals.has_deliverable(&self.process.signals)
    }
}

impl fmt::Debug for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Thread")
            .field("tid", &self.tid())
            .finish_non_exhaustive()
    }
}
