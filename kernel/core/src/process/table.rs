//! [`Process`]: what the threads of a running program share.

use super::children::Children;
use super::limits::Limits;
use super::shared::Shared;
use super::stop::Stop;
use super::thread::Thread;
use super::tree;
use crate::clock;
use crate::mm::AddressSpace;
use crate::sched::{Mutex, WaitQueue};
use crate::signal::{ProcessSignals, Signal};
use crate::time::ProcessTimers;
use crate::vfs::{Credentials, Executed, FdTable, FsContext, Readiness, Watchers};
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicUsize, Ordering};
use threadbare_machine::sync::{Once, SpinLock};

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// By itself, with this status.
    Exited(u8),
    /// By this signal.
    Signaled(u8),
}

/// The memory of a process. A child of `vfork(2)` uses its parent's until it executes a program or ends.
pub type Memory = Mutex<alloc::boxed::Box<AddressSpace>>;

/// A running program, or what is left of one until its parent has asked how it ended.
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Its memory; nothing once its last thread has left.
    memory: SpinLock<Option<Arc<Memory>>>,
    /// Its file descriptors (`CLONE_FILES` shares them).
    pub files: Shared<SpinLock<FdTable>>,
    /// Where it is in the file system (`CLONE_FS` shares it).
    pub fs: Shared<FsContext>,
    /// Whose rights it has.
    credentials: SpinLock<Arc<Credentials>>,
    /// Its limits.
    pub limits: SpinLock<Limits>,
    /// What it does with signals, and those that wait.
    pub signals: ProcessSignals,
    /// Its timers.
    pub timers: ProcessTimers,
    /// The file that it runs.
    pub executable: SpinLock<Option<Executed>>,
    /// The auxiliary vector as it was at the start, for `/proc/<pid>/auxv`.
    pub auxiliary: SpinLock<Arc<[u64]>>,
    /// Parent, group and session, by number. Changed only under the lock of [`tree`], read without.
    pub(super) parent: AtomicU32,
    pub(super) group: AtomicU32,
    pub(super) session: AtomicU32,
    /// Those that it has started and not waited for.
    pub(super) children: Children,
    /// Whether its threads are stopped, and what its parent has not been told of that.
    pub(super) stop: Stop,
    /// The signal that its parent gets at its end; 0 for none.
    pub(super) exit_signal: AtomicU8,
    /// The signal that it gets when its parent ends (`PR_SET_PDEATHSIG`); 0 for none.
    pub(crate) parent_death_signal: AtomicU8,
    /// Whether orphans below it become its children (`PR_SET_CHILD_SUBREAPER`).
    pub(crate) subreaper: AtomicBool,
    /// Whether `execve(2)` gives no rights any more (`PR_SET_NO_NEW_PRIVS`).
    pub(crate) no_new_privileges: AtomicBool,
    /// Whether it has executed a program since it was forked: its parent may not change its group then.
    pub(super) has_executed: AtomicBool,
    /// Whether one of its threads is about to execute a program, alone.
    pub(super) is_executing: AtomicBool,
    /// Set when a child of `vfork(2)` gives the parent's memory back.
    pub(super) has_own_memory: Gate,
    /// When it began, in nanoseconds since boot.
    pub(crate) started: u64,
    /// Its resource usage: of its ended threads, and of the children that it has waited for.
    pub(crate) usage: SpinLock<super::Usage>,
    threads: SpinLock<Vec<Weak<Thread>>>,
    /// Threads that have not left for good.
    pub(crate) alive: AtomicUsize,
    /// Woken when a thread has left.
    pub(super) left: WaitQueue,
    ended: SpinLock<Option<ExitStatus>>,
    /// Set when `ended` is, to be asked often.
    is_ending: AtomicBool,
    /// The name of the last thread that left, for what remains.
    pub(super) last_name: SpinLock<[u8; 16]>,
    /// What a thread passed to `exit(2)` last.
    pub(super) last_status: AtomicU8,
    zombie: AtomicBool,
    /// Whether its end has been signalled: nobody may wait for it before.
    pub(super) has_told_parent: AtomicBool,
    /// Woken when it has ended.
    end: WaitQueue,
    /// Who polls its descriptors (`pidfd_open(2)`).
    pub(crate) watchers: Watchers,
}

/// Opens once, for good.
#[derive(Default)]
pub(super) struct Gate {
    open: AtomicBool,
    queue: WaitQueue,
}

impl Gate {
    pub(super) fn open(&self) {
        // Release pairs with the acquire in `wait`.
        self.open.store(true, Ordering::Release);
        self.queue.wake_all();
    }

    /// Waits until it is open, or `interrupted` says so.
    pub(super) fn wait(&self, interrupted: impl FnMut() -> bool) {
        let open = || self.open.load(Ordering::Acquire).then_some(());
        let _ = self.queue.wait_until(None, interrupted, open);
    }
}

static FIRST: Once<Arc<Process>> = Once::new();

/// The process that the machine was started for.
pub fn first_process() -> Option<&'static Arc<Process>> {
    FIRST.get()
}

/// What a new process begins with.
pub(super) struct Beginning {
    pub(super) memory: Arc<Memory>,
    pub(super) files: Shared<SpinLock<FdTable>>,
    pub(super) fs: Shared<FsContext>,
    pub(super) credentials: Arc<Credentials>,
    pub(super) limits: Limits,
    pub(super) signals: ProcessSignals,
    pub(super) executable: Option<Executed>,
    pub(super) auxiliary: Arc<[u64]>,
    pub(super) exit_signal: u8,
    pub(super) parent: u32,
    pub(super) group: u32,
    pub(super) session: u32,
}

impl Process {
    /// The first process: the leader of its session and group, without threads.
    ///
    /// # Panics
    /// When there is no memory for the table of processes: at boot there is.
    pub fn first(memory: AddressSpace, fs: FsContext, credentials: Credentials) -> Arc<Process> {
        let pid = tree::new_number().expect("the first number is free");
        let process = Process::new(
            pid,
            Beginning {
                memory: Arc::new(Mutex::new(memory.into())),
                files: Shared::new(SpinLock::new(FdTable::new())),
                fs: Shared::new(fs),
                credentials: Arc::new(credentials),
                limits: Limits::default(),
                signals: ProcessSignals::default(),
                executable: None,
                auxiliary: Arc::new([]),
                exit_signal: Signal::SIGCHLD.number(),
                parent: tree::INIT,
                group: pid,
                session: pid,
            },
        );
        tree::add(&process);
        FIRST.get_or_init(|| process.clone());
        process
    }

    pub(super) fn new(pid: u32, from: Beginning) -> Arc<Process> {
        Arc::new(Process {
            pid,
            memory: SpinLock::new(Some(from.memory)),
            files: from.files,
            fs: from.fs,
            credentials: SpinLock::new(from.credentials),
            limits: SpinLock::new(from.limits),
            signals: from.signals,
            timers: ProcessTimers::default(),
            executable: SpinLock::new(from.executable),
            auxiliary: SpinLock::new(from.auxiliary),
            parent: AtomicU32::new(from.parent),
            group: AtomicU32::new(from.group),
            session: AtomicU32::new(from.session),
            children: Children::default(),
            stop: Stop::default(),
            exit_signal: AtomicU8::new(from.exit_signal),
            parent_death_signal: AtomicU8::new(0),
            subreaper: AtomicBool::new(false),
            no_new_privileges: AtomicBool::new(false),
            has_executed: AtomicBool::new(false),
            is_executing: AtomicBool::new(false),
            has_own_memory: Gate::default(),
            started: clock::monotonic(),
            usage: SpinLock::new(super::Usage::default()),
            threads: SpinLock::new(Vec::new()),
            alive: AtomicUsize::new(0),
            left: WaitQueue::new(),
            ended: SpinLock::new(None),
            is_ending: AtomicBool::new(false),
            last_name: SpinLock::new([0; 16]),
            last_status: AtomicU8::new(0),
            zombie: AtomicBool::new(false),
            has_told_parent: AtomicBool::new(false),
            end: WaitQueue::new(),
            watchers: Watchers::default(),
        })
    }

    /// Its memory.
    ///
    /// # Panics
    /// When its last thread has left: callers are its threads, or use [`Process::memory_if_alive`].
    pub fn memory(&self) -> Arc<Memory> {
        self.memory_if_alive()
            .expect("a process has memory while one of its threads lives")
    }

    /// Its memory, unless it has ended.
    pub fn memory_if_alive(&self) -> Option<Arc<Memory>> {
        self.memory.lock().clone()
    }

    /// Puts other memory in the place of what it has, or none, and returns the old.
    pub(super) fn replace_memory(&self, new: Option<Arc<Memory>>) -> Option<Arc<Memory>> {
        core::mem::replace(&mut *self.memory.lock(), new)
    }

    /// Whose rights it has.
    pub fn credentials(&self) -> Arc<Credentials> {
        self.credentials.lock().clone()
    }

    /// The real user.
    pub fn uid(&self) -> u32 {
        self.credentials.lock().uid
    }

    /// Gives it other rights.
    pub fn set_credentials(&self, new: Credentials) {
        let _old = core::mem::replace(&mut *self.credentials.lock(), Arc::new(new));
    }

    /// The number of its parent; 1, which is the kernel itself, for the first process and for orphans.
    pub fn parent(&self) -> u32 {
        self.parent.load(Ordering::Relaxed)
    }

    /// The number of its process group.
    pub fn group(&self) -> u32 {
        self.group.load(Ordering::Relaxed)
    }

    /// The number of its session.
    pub fn session(&self) -> u32 {
        self.session.load(Ordering::Relaxed)
    }

    /// Whether it has left everything but its status.
    pub fn is_zombie(&self) -> bool {
        self.zombie.load(Ordering::Acquire) // pairs with the release in `become_zombie`
    }

    /// Publishes that all that it had is released.
    pub(super) fn become_zombie(&self) {
        self.zombie.store(true, Ordering::Release);
        self.end.wake_all();
        self.watchers.notify(Readiness::READ);
    }

    /// Ends it: its threads leave ring 3 for good at the next chance. Only the first reason counts.
    pub fn end(&self, status: ExitStatus) {
        self.ended.lock().get_or_insert(status);
        self.is_ending.store(true, Ordering::Release);
        self.wake_threads();
    }

    /// Whether its threads shall leave: [`Process::status`] says why.
    #[inline]
    pub fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::Acquire) // pairs with the release in `end`
    }

    /// How it ends or has ended.
    pub fn status(&self) -> Option<ExitStatus> {
        *self.ended.lock()
    }

    /// Waits until it has ended and released everything.
    pub fn wait(&self) -> ExitStatus {
        self.end
            .wait(|| self.is_zombie().then(|| self.status()).flatten())
    }

    /// Adds a thread, and forgets those that are gone.
    pub(super) fn add_thread(&self, thread: &Arc<Thread>) {
        let mut threads = self.threads.lock();
        threads.retain(|thread| thread.strong_count() > 0);
        threads.push(Arc::downgrade(thread));
        self.alive.fetch_add(1, Ordering::Relaxed);
    }

    /// Its threads that still live, the youngest first: those before one that is looked at may go meanwhile, and none is
    /// missed. Nothing is allocated.
    pub fn threads(&self) -> impl Iterator<Item = Arc<Thread>> {
        let mut left = self.threads.lock().len();
        core::iter::from_fn(move || {
            while left > 0 {
                left -= 1;
                let thread = self.threads.lock().get(left).and_then(Weak::upgrade);
                if thread.is_some() {
                    return thread;
                }
            }
            None
        })
    }

    /// Lets all threads look for signals and for their end.
    pub(crate) fn wake_threads(&self) {
        for thread in self.threads() {
            thread.look();
        }
    }

    /// Lets the first thread of which `is_meant` holds look for signals, if there is one.
    pub(crate) fn wake_one_that(&self, is_meant: impl Fn(&Thread) -> bool) {
        let meant = {
            let threads = self.threads.lock();
            let mut alive = threads.iter().filter_map(Weak::upgrade);
            alive.find(|thread| is_meant(thread))
        };
        if let Some(thread) = meant {
            thread.look();
        }
    }

    /// Adds something up over its threads, which are not to be kept.
    pub(crate) fn fold_threads<T>(&self, start: T, add: impl Fn(T, &Thread) -> T) -> T {
        let threads = self.threads.lock();
        let alive = threads.iter().filter_map(Weak::upgrade);
        alive.fold(start, |sum, thread| add(sum, &thread))
    }

    /// The first thread, for a report about the kernel's death: nothing is waited for.
    pub(crate) fn first_thread_for_report(&self) -> Option<Arc<Thread>> {
        self.threads.try_lock()?.first()?.upgrade()
    }

    /// Whether the first thread blocks `signal`: an ignored signal that is blocked waits all the same.
    pub(crate) fn main_thread_blocks(&self, signal: Signal) -> bool {
        let main = self.threads.lock().first().and_then(Weak::upgrade);
        main.is_some_and(|thread| thread.signals.mask().contains(signal))
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process")
            .field("pid", &self.pid)
            .finish_non_exhaustive()
    }
}
