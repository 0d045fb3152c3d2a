//! The runtime that green threads run on: how to configure it, and what it tells.
//!
//! Nothing here is needed: the first spawn starts a runtime with one worker for each processor, in mode isolated where that can be
//! had. A program that wants another says so before its first spawn; the environment may say so for it.

use std::fmt;
use std::marker::PhantomData;

pub use crate::rt::Metrics;
use crate::rt::config::Config;
pub use crate::rt::config::Mode;
use crate::rt::{self, Runtime};

/// Configures the runtime before it starts.
///
/// ```standalone_crate
/// use threadbare::runtime::{Builder, Mode};
///
/// Builder::new().workers(2).mode(Mode::Pinned).install().unwrap();
/// assert_eq!(threadbare::thread::spawn(|| 1).join().unwrap(), 1);
/// ```
#[derive(Clone, Debug)]
#[must_use = "has no effect before `install`"]
pub struct Builder {
    config: Config,
}

impl Default for Builder {
    fn default() -> Self {
        Builder::new()
    }
}

impl Builder {
    /// Starts from the defaults and the environment: `THREADBARE_WORKERS`, `THREADBARE_MODE` (`isolated` or `pinned`),
    /// `RUST_MIN_STACK`, `THREADBARE_REPORT_BLOCKED`, `THREADBARE_DEADLOCK=ignore`, `THREADBARE_DUMP_SIGNAL` (a number),
    /// `THREADBARE_REACTOR=io_uring`.
    pub fn new() -> Builder {
        Builder {
            config: Config::from_environment(),
        }
    }

    /// How many operating-system threads work at a time; at least one.
    pub fn workers(mut self, workers: usize) -> Builder {
        self.config.workers = workers.max(1);
        self
    }

    /// Asks for a mode. [`Mode::Isolated`] asked for here is insisted on: the first spawn fails with the reason if it cannot be had.
    /// Read [`Mode::Pinned`] before choosing that.
    pub fn mode(mut self, mode: Mode) -> Builder {
        self.config.mode = mode;
        self.config.insist = mode == Mode::Isolated;
        self
    }

    /// The default stack size in bytes.
    pub fn stack_size(mut self, size: usize) -> Builder {
        self.config.stack_size = Some(size);
        self
    }

    /// Whether to report on standard error which threads hold up a worker for ten milliseconds, and by which calls they came to where they
    /// are. With glibc, and where the program does not handle `SIGURG` itself, that signal interrupts such a thread to find out; calls
    /// that do not go on after a signal (poll(2), see signal(7)) may then fail with `EINTR`.
    pub fn report_blocked(mut self, report: bool) -> Builder {
        self.config.report_blocked = report;
        self
    }

    /// Whether to report on standard error when all threads are asleep and nothing can wake them. On by default.
    pub fn report_deadlock(mut self, report: bool) -> Builder {
        self.config.report_deadlock = report;
        self
    }

    /// Whether reads and writes of TCP and Unix streams go through io_uring, which takes a system call for many of them together. Off by
    /// default: where the kernel's epoll does as well, it is the simpler. Where the kernel refuses io_uring (Linux before 5.19, most
    /// containers) epoll does it as ever, and [`why_epoll`] says why.
    pub fn io_uring(mut self, use_it: bool) -> Builder {
        self.config.io_uring = use_it;
        self
    }

    /// Lets a signal, `SIGQUIT` (3) say, print the [`dump`] on standard error. Replaces the signal's former action.
    pub fn dump_on_signal(mut self, signal: i32) -> Builder {
        self.config.dump_signal = Some(signal);
        self
    }

    /// Makes this the configuration of the runtime to come.
    ///
    /// # Errors
    /// When the runtime has started already.
    pub fn install(self) -> Result<(), AlreadyStarted> {
        if Runtime::get().is_some() {
            return Err(AlreadyStarted);
        }
        self.config.install();
        Ok(())
    }

    /// Installs the configuration and calls `main` on a green thread of the caller's name. What [`main`](crate::main) makes of a
    /// program's `main`. If the runtime has started already, it stays as it is.
    ///
    /// # Panics
    /// With the panic of `main`, and if the runtime or the thread cannot start.
    pub fn run<T: Send + 'static>(self, main: impl FnOnce() -> T + Send + 'static) -> T {
        // A test's runtime is shared with the tests before it.
        let _already = self.install();
        let mut thread = crate::thread::Builder::new();
        if let Some(name) = std::thread::current().name() {
            thread = thread.name(name.to_owned());
        }
        let joined = thread.spawn(main).expect("failed to start the runtime").join();
        joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

/// Keeps a green thread on one operating-system thread while it lives; see [`stay_on_os_thread`].
#[must_use = "the thread may move again when this is dropped"]
#[derive(Debug)]
pub struct Stay {
    /// The thread was kept there already, and will be.
    before: bool,
    /// A guard stays with its thread.
    not_send: PhantomData<*const ()>,
}

/// Keeps the calling thread on the operating-system thread that runs it now, for state that the kernel or a library keeps for each of
/// those: namespaces, affinity, a graphics context.
///
/// Other green threads still run there in between, and see that state. Blocking there delays this thread. An operating-system thread stays
/// what it is.
///
/// ```
/// let id = || std::fs::read_link("/proc/thread-self").unwrap();
/// threadbare::thread::spawn(move || {
///     let _stay = threadbare::runtime::stay_on_os_thread();
///     let before = id();
///     threadbare::thread::yield_now();
///     assert_eq!(id(), before);
/// })
/// .join()
/// .unwrap();
/// ```
pub fn stay_on_os_thread() -> Stay {
    Stay {
        before: rt::current::get().is_none_or(|control| control.replace_bound(true)),
        not_send: PhantomData,
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        if let Some(control) = rt::current::get() {
            control.replace_bound(self.before);
        }
    }
}

/// The runtime had started before it was configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlreadyStarted;

impl fmt::Display for AlreadyStarted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the runtime has started already")
    }
}

impl std::error::Error for AlreadyStarted {}

/// The mode that runs; starts the runtime if need be.
///
/// # Errors
/// When the runtime cannot start.
pub fn mode() -> std::io::Result<Mode> {
    let runtime = Runtime::get_or_start()?;
    Ok(if runtime.is_isolated() {
        Mode::Isolated
    } else {
        Mode::Pinned
    })
}

/// Why green threads have no thread-locals of their own though nobody asked for [`Mode::Pinned`].
#[must_use]
pub fn why_pinned() -> Option<&'static str> {
    Runtime::get()?.no_isolation()
}

/// What waits for descriptors: `"epoll"`, or `"io_uring"` once anything waited where [`Builder::io_uring`] asked for it.
#[must_use]
pub fn reactor() -> &'static str {
    if rt::reactor::has_ring() {
        "io_uring"
    } else {
        "epoll"
    }
}

/// Why there is no io_uring though [`Builder::io_uring`] asked for it. Known once anything waited for a descriptor.
#[must_use]
pub fn why_epoll() -> Option<&'static str> {
    rt::reactor::why_no_ring()
}

/// A list of all green threads, with what each is doing, what it waits for, and by which calls it came there (not while it runs): for
/// humans, in no fixed form. Threads that wait go on waiting for the few microseconds that each takes.
#[must_use]
pub fn dump() -> String {
    rt::dump()
}

/// What the engine counts: threads by what they do, workers, events, calls. Looks at every thread, so ask every few seconds.
///
/// ```
/// use threadbare::{runtime, thread};
///
/// let waiting = thread::spawn(thread::park);
/// let metrics = runtime::metrics();
/// assert!(metrics.workers > 0);
/// assert!(metrics.to_prometheus().contains("threadbare_threads{state=\"parked\"}"));
/// waiting.thread().unpark();
/// # waiting.join().unwrap();
/// ```
#[must_use]
pub fn metrics() -> Metrics {
    Metrics::now()
}

/// Which thread ran when on which worker, lately, as JSON in Chrome's trace event format: for <https://ui.perfetto.dev> or
/// `chrome://tracing`. Only with the feature `trace`, which makes every switch read the clock.
#[cfg(feature = "trace")]
#[must_use]
pub fn trace() -> String {
    rt::timeline::to_json()
}

/// Makes a call that blocks its operating-system thread for long, or needs a large stack, on a thread of a pool, while the calling green
/// thread lets others run. From an operating-system thread it is just the call.
///
/// The standard library's blocking calls need no such care where [`fs`](crate::fs), [`net`](crate::net) and
/// [`process`](crate::process) have them. The call has the thread-locals of the pool's thread.
///
/// ```
/// use threadbare::{runtime, thread};
///
/// let answer = thread::spawn(|| runtime::blocking(|| 6 * 7)).join().unwrap();
/// assert_eq!(answer, 42);
/// ```
///
/// # Panics
/// As `call`.
pub fn blocking<T: Send>(call: impl FnOnce() -> T + Send) -> T {
    rt::blocking::run(call)
}
