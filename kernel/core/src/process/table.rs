//! [`Process`], and the first of them.

use super::limits::Limits;
use super::thread::Thread;
use crate::mm::AddressSpace;
use crate::sched::{self, Mutex, WaitQueue};
use crate::signal::{ProcessSignals, Signal};
use crate::vfs::{Credentials, FdTable, FsContext, Place};
use alloc::boxed::Box;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::{AtomicU32, Ordering};
use threadbare_machine::sync::{Once, SpinLock};

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// By itself, with this status.
    Exited(u8),
    /// By this signal.
    Signaled(u8),
}

/// A running program.
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Its memory.
    pub memory: Mutex<Box<AddressSpace>>,
    /// Its file descriptors.
    pub files: SpinLock<FdTable>,
    /// Where it is in the file system.
    pub fs: FsContext,
    /// Whose rights it has.
    pub credentials: SpinLock<Credentials>,
    /// Its limits.
    pub limits: SpinLock<Limits>,
    /// What it does with signals, and those that wait.
    pub signals: ProcessSignals,
    /// The file that it runs.
    pub executable: SpinLock<Option<Place>>,
    /// The auxiliary vector as it was at the start, for `/proc/<pid>/auxv`.
    pub auxiliary: SpinLock<Vec<u64>>,
    threads: SpinLock<Vec<Weak<Thread>>>,
    last_tid: AtomicU32,
    ended: SpinLock<Option<ExitStatus>>,
    /// Woken when it has ended.
    end: WaitQueue,
}

static FIRST: Once<Arc<Process>> = Once::new();

/// The process that the machine was started for.
pub fn first_process() -> Option<&'static Arc<Process>> {
    FIRST.get()
}

impl Process {
    /// A process without threads.
    pub fn new(pid: u32, memory: AddressSpace, fs: FsContext, credentials: Credentials) -> Arc<Process> {
        Arc::new(Process {
            pid,
            memory: Mutex::new(Box::new(memory)),
            files: SpinLock::new(FdTable::new()),
            fs,
            credentials: SpinLock::new(credentials),
            limits: SpinLock::new(Limits::default()),
            signals: ProcessSignals::default(),
            executable: SpinLock::new(None),
            auxiliary: SpinLock::new(Vec::new()),
            threads: SpinLock::new(Vec::new()),
            last_tid: AtomicU32::new(pid),
            ended: SpinLock::new(None),
            end: WaitQueue::new(),
        })
    }

    /// Makes it the process that the machine was started for; only the first call counts.
    pub fn make_first(self: &Arc<Self>) {
        FIRST.get_or_init(|| self.clone());
    }

    /// Ends it: its threads leave ring 3 for good at the next chance. Only the first reason counts.
    pub fn end(&self, status: ExitStatus) {
        self.ended.lock().get_or_insert(status);
        self.end.wake_all();
        self.wake_threads();
    }

    /// How it has ended, if it has.
    pub fn status(&self) -> Option<ExitStatus> {
        *self.ended.lock()
    }

    /// Waits until it has ended.
    pub fn wait(&self) -> ExitStatus {
        self.end.wait(|| self.status())
    }

    /// The number of the next thread.
    pub(crate) fn next_tid(&self) -> u32 {
        self.last_tid.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Adds a thread, and forgets those that are gone.
    pub(super) fn add_thread(&self, thread: &Arc<Thread>) {
        let mut threads = self.threads.lock();
        threads.retain(|thread| thread.strong_count() > 0);
        threads.push(Arc::downgrade(thread));
    }

    /// Its threads that still live.
    pub fn threads(&self) -> Vec<Arc<Thread>> {
        self.threads.lock().iter().filter_map(Weak::upgrade).collect()
    }

    /// Lets all threads look for signals and for their end.
    pub(crate) fn wake_threads(&self) {
        for thread in self.threads() {
            if let Some(task) = thread.task() {
                sched::unpark(&task);
            }
        }
    }

    /// The first thread, for a report about the kernel's death: nothing is waited for.
    pub(crate) fn first_thread_for_report(&self) -> Option<Arc<Thread>> {
        self.threads.try_lock()?.first()?.upgrade()
    }

    /// Whether the first thread blocks `signal`: an ignored signal that is blocked waits all the same.
    pub(crate) fn main_thread_blocks(&self, signal: Signal) -> bool {
        let main = self.threads.lock().first().and_then(Weak::upgrade);
        main.is_some_and(|thread| thread.signals.mask.lock().contains(signal))
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process")
            .field("pid", &self.pid)
            .finish_non_exhaustive()
    }
}
