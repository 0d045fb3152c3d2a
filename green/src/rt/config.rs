//! How the runtime shall be: set before it starts, by a program or by the environment.

use std::sync::{Mutex, PoisonError};

/// Whether green threads have thread-locals of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// Each green thread has its own thread-locals, as std promises for a thread, and may move between workers.
    ///
    /// A switch costs about 11 ns more (the CPU's `wrfsbase`), a parked thread one more page.
    Isolated,
    /// Green threads of one worker share its thread-locals, and a thread that has started never leaves its worker.
    ///
    /// **This mode does not protect code that relies on thread-locals over a point where the thread may wait.** A crate that sets a
    /// thread-local on entry and restores it on exit (`scoped-tls`, span stacks of tracing libraries, allocator or FFI
    /// contexts) sees other threads' values as soon as two green threads interleave; with `scoped-tls` that is a use after
    /// free reachable from safe code. Use it where no such code runs, for the speed. A green thread that waits while it panics blocks its
    /// worker, since the panic count is a thread-local too.
    Pinned,
}

/// See [`runtime::Builder`](crate::runtime::Builder), which documents each.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) mode: Mode,
    /// Fail rather than fall back to pinned.
    pub(crate) insist: bool,
    pub(crate) workers: usize,
    pub(crate) stack_size: Option<usize>,
    pub(crate) report_blocked: bool,
    pub(crate) report_deadlock: bool,
    /// The signal that asks for a dump.
    pub(crate) dump_signal: Option<i32>,
    /// Streams' calls go through io_uring where the kernel has it.
    pub(crate) io_uring: bool,
}

static INSTALLED: Mutex<Option<Config>> = Mutex::new(None);

impl Config {
    /// What the environment says, and defaults for the rest.
    pub(crate) fn from_environment() -> Config {
        let number = |name: &str| {
            std::env::var(name)
                .ok()
                .and_then(|text| text.parse::<usize>().ok())
        };
        let mode = std::env::var("THREADBARE_MODE").ok();
        Config {
            mode: if mode.as_deref() == Some("pinned") {
                Mode::Pinned
            } else {
                Mode::Isolated
            },
            insist: mode.as_deref() == Some("isolated"),
            workers: number("THREADBARE_WORKERS")
                .filter(|&workers| workers > 0)
                .or_else(|| std::thread::available_parallelism().ok().map(Into::into))
                .unwrap_or(1),
            stack_size: number("RUST_MIN_STACK"),
            report_blocked: std::env::var_os("THREADBARE_REPORT_BLOCKED").is_some(),
            report_deadlock: std::env::var("THREADBARE_DEADLOCK").as_deref() != Ok("ignore"),
            dump_signal: number("THREADBARE_DUMP_SIGNAL").and_then(|signal| i32::try_from(signal).ok()),
            io_uring: std::env::var("THREADBARE_REACTOR").as_deref() == Ok("io_uring"),
        }
    }

    /// What the program installed, or else the environment's.
    pub(super) fn installed() -> Config {
        let installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner).take();
        installed.unwrap_or_else(Config::from_environment)
    }

    pub(crate) fn install(self) {
        *INSTALLED.lock().unwrap_or_else(PoisonError::into_inner) = Some(self);
    }
}
