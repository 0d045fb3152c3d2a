//! The one runtime of a process: started by the first spawn, never stopped; it ends when the process does.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::atomic_ref::AtomicRef;
use super::config::{Config, Mode};
use super::control::Control;
use super::global::Global;
use super::idle::{self, Idle};
use super::monitor::Monitor;
use super::sanitize::{self, Sanitizer};
use super::stack::{DEFAULT_STACK_SIZE, Pool, overflow};
use super::tls::Tls;
use super::worker::Worker;
use super::{current, freeze, os, place, reactor, signal};

/// Ordinary workers and those that stand in for stuck ones.
const MAX_WORKERS: usize = 1024;

/// See the module.
pub(crate) struct Runtime {
    pub(super) global: Global,
    pub(super) idle: Idle,
    pub(super) pool: Pool,
    pub(super) tls: Option<Tls>,
    /// Why the mode is pinned though isolation was wanted.
    pub(super) no_isolation: Option<String>,
    /// How many workers shall work at a time.
    pub(super) target: usize,
    pub(super) default_stack: usize,
    pub(super) config: Config,
    pub(super) monitor: Monitor,
    stuck: AtomicUsize,
    workers: [AtomicRef<Worker>; MAX_WORKERS],
    count: AtomicUsize,
    starting: Mutex<()>,
}

/// Tools that follow memory keep their own state in thread-locals, and Valgrind does not know the instruction.
fn can_isolate() -> Result<(), String> {
    if Sanitizer::get().is_some() {
        return Err("a sanitizer keeps its state in the operating-system thread's thread-locals".to_owned());
    }
    if sanitize::is_under_valgrind() {
        return Err("Valgrind does not follow a change of the FS base".to_owned());
    }
    Ok(())
}

static RUNTIME: OnceLock<Result<&'static Runtime, String>> = OnceLock::new();

impl Runtime {
    /// The runtime, if it has started.
    #[inline]
    pub(crate) fn get() -> Option<&'static Runtime> {
        RUNTIME.get()?.as_ref().ok().copied()
    }

    /// The runtime; starts it with the installed configuration if need be.
    ///
    /// # Errors
    /// When it cannot run here at all, or the first worker could not be started.
    #[inline]
    pub(crate) fn get_or_start() -> io::Result<&'static Runtime> {
        let started = RUNTIME.get_or_init(|| Runtime::start(Config::installed()));
        started
            .as_ref()
            .copied()
            .map_err(|error| io::Error::new(io::ErrorKind::Unsupported, error.as_str()))
    }

    #[cold]
    fn start(config: Config) -> Result<&'static Runtime, String> {
        #[cfg(not(miri))]
        if os::has_shadow_stack() {
            return Err(
                "this process runs with a shadow stack (CET), which green threads do not switch".to_owned(),
            );
        }
        let (tls, no_isolation) = match config.mode {
            Mode::Pinned => (None, None),
            Mode::Isolated => match can_isolate().and_then(|()| Tls::probe()) {
                Ok(tls) => (Some(tls), None),
                Err(reason) => (None, Some(reason)),
            },
        };
        if config.insist
            && let Some(reason) = &no_isolation
        {
            return Err(format!("mode isolated is not to be had: {reason}"));
        }
        if tls.is_none() && !threadbare_context::BATON {
            current::share_panic_count();
        }
        let runtime: &'static Runtime = Box::leak(Box::new(Runtime {
            global: Global::new(),
            idle: Idle::default(),
            pool: Pool::new(tls.as_ref().map_or(0, Tls::reserved)),
            tls,
            no_isolation,
            target: config.workers,
            default_stack: config.stack_size.unwrap_or(DEFAULT_STACK_SIZE),
            monitor: Monitor::default(),
            config,
            stuck: AtomicUsize::new(0),
            workers: std::array::from_fn(|_| AtomicRef::none()),
            count: AtomicUsize::new(0),
            starting: Mutex::new(()),
        }));
        #[cfg(not(miri))]
        overflow::install();
        freeze::prepare();
        if let Some(number) = runtime.config.dump_signal {
            signal::install(number).map_err(|error| format!("no dump on signal {number}: {error}"))?;
        }
        if runtime.config.report_blocked {
            place::install().map_err(|error| format!("no handler for SIGURG: {error}"))?;
        }
        for _ in 0..runtime.target {
            runtime
                .start_worker()
                .map_err(|error| format!("no operating-system thread for a worker: {error}"))?;
        }
        super::monitor::start(runtime)
            .map_err(|error| format!("no operating-system thread for the monitor: {error}"))?;
        Ok(runtime)
    }

    /// Adds a worker.
    pub(super) fn start_worker(&'static self) -> io::Result<()> {
        let _starting = self.starting.lock().unwrap_or_else(PoisonError::into_inner);
        let index = self.count.load(Ordering::Relaxed);
        let slot = self.workers.get(index).ok_or(io::ErrorKind::QuotaExceeded)?;
        let worker: &'static Worker = Box::leak(Box::new(Worker::new(index, self.tls.is_some(), self)));
        let name = format!("threadbare-{index}");
        std::thread::Builder::new()
            .name(name)
            .spawn(move || idle::run_worker(worker))?;
        slot.store(Some(worker), Ordering::Release);
        self.count.store(index + 1, Ordering::Release);
        Ok(())
    }

    pub(super) fn worker_count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    pub(super) fn worker(&self, index: usize) -> Option<&'static Worker> {
        self.workers.get(index)?.load(Ordering::Acquire)
    }

    pub(super) fn workers(&self) -> impl Iterator<Item = &'static Worker> {
        self.workers[..self.worker_count()]
            .iter()
            .filter_map(|slot| slot.load(Ordering::Acquire))
    }

    /// From outside: makes a thread runnable that any worker may run.
    pub(super) fn inject(&self, control: &'static Control) {
        self.global.push(control);
        self.idle.notify_from_outside();
    }

    /// Makes sure that a worker will sleep in the reactor.
    pub(super) fn watch_reactor(&self) {
        if reactor::get().is_some_and(|reactor| !reactor.is_watched()) {
            self.idle.wake_searcher();
        }
    }

    /// Workers that the monitor takes for stuck.
    pub(super) fn stuck(&self) -> usize {
        self.stuck.load(Ordering::Relaxed)
    }

    pub(super) fn set_stuck(&self, count: usize) {
        self.stuck.store(count, Ordering::Relaxed);
    }

    pub(super) fn wake_monitor(&self) {
        self.monitor.wake();
    }

    /// Why the mode is pinned though nobody asked for it.
    pub(crate) fn no_isolation(&self) -> Option<&str> {
        self.no_isolation.as_deref()
    }

    /// Whether green threads have thread-locals of their own.
    pub(crate) fn is_isolated(&self) -> bool {
        self.tls.is_some() || threadbare_context::BATON
    }
}
