//! Threads that borrow: `scope` returns when all of them have ended.

use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::Result;

use super::builder::Builder;
use super::header::Thread;
use super::join::Join;
use super::{current, park};

/// A place to start threads that may borrow from outside. As [`std::thread::Scope`].
pub struct Scope<'scope, 'env: 'scope> {
    pub(super) data: Arc<ScopeData>,
    /// Invariant over 'scope, so that it cannot shrink: the threads may borrow for all of it.
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

/// What a scope counts.
pub(super) struct ScopeData {
    running: AtomicUsize,
    panicked: AtomicBool,
    owner: Thread,
}

impl ScopeData {
    pub(super) fn thread_starts(&self) {
        // As std: an overflow would let the scope end early.
        if self.running.fetch_add(1, Ordering::Relaxed) > isize::MAX.unsigned_abs() {
            self.thread_ended();
            panic!("too many running threads in thread scope");
        }
    }

    pub(super) fn thread_ended(&self) {
        // Release: what the thread did is seen by the owner, who acquires.
        if self.running.fetch_sub(1, Ordering::Release) == 1 {
            self.owner.unpark();
        }
    }

    pub(super) fn panic_was_not_joined(&self) {
        self.panicked.store(true, Ordering::Relaxed);
    }
}

/// Lends a [`Scope`] whose threads may borrow what lives outside; returns when all of them have ended. As [`std::thread::scope`].
///
/// ```
/// use threadbare::thread;
///
/// let mut words = vec!["one", "two"];
/// let mut total = 0;
/// thread::scope(|scope| {
///     scope.spawn(|| total = words.iter().map(|word| word.len()).sum());
/// });
/// words.push("three");
/// assert_eq!(total, 6);
/// ```
///
/// # Panics
/// With the panic of `user`, or if one of the threads panicked and nobody joined it.
#[track_caller]
pub fn scope<'env, F, T>(user: F) -> T
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    let data = ScopeData {
        running: AtomicUsize::new(0),
        panicked: AtomicBool::new(false),
        owner: current(),
    };
    let scope = Scope {
        data: Arc::new(data),
        scope: PhantomData,
        env: PhantomData,
    };
    let result = catch_unwind(AssertUnwindSafe(|| user(&scope)));
    while scope.data.running.load(Ordering::Acquire) != 0 {
        park();
    }
    match result {
        Err(payload) => resume_unwind(payload),
        Ok(_) if scope.data.panicked.load(Ordering::Relaxed) => panic!("a scoped thread panicked"),
        Ok(result) => result,
    }
}

impl<'scope> Scope<'scope, '_> {
    /// Starts a thread in the scope. As [`std::thread::Scope::spawn`].
    ///
    /// # Panics
    /// As [`spawn`](super::spawn).
    pub fn spawn<F, T>(&'scope self, body: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        Builder::new()
            .spawn_scoped(self, body)
            .expect("failed to spawn thread")
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Scope")
            .field("num_running_threads", &self.data.running.load(Ordering::Relaxed))
            .field("a_thread_panicked", &self.data.panicked.load(Ordering::Relaxed))
            .field("main_thread", &self.data.owner)
            .finish_non_exhaustive()
    }
}

/// The owned permission to join a scoped thread. As [`std::thread::ScopedJoinHandle`].
pub struct ScopedJoinHandle<'scope, T> {
    join: Join<T>,
    scope: PhantomData<&'scope ()>,
}

impl<T> ScopedJoinHandle<'_, T> {
    pub(super) fn new(join: Join<T>) -> Self {
        ScopedJoinHandle {
            join,
            scope: PhantomData,
        }
    }

    /// The thread's handle.
    #[must_use]
    pub fn thread(&self) -> &Thread {
        self.join.thread()
    }

    /// Waits for the thread to end and returns its result.
    ///
    /// # Errors
    /// The payload of the thread's panic.
    pub fn join(self) -> Result<T> {
        self.join.join()
    }

    /// Whether the thread's main function has returned.
    pub fn is_finished(&self) -> bool {
        self.join.is_finished()
    }
}

impl<T> fmt::Debug for ScopedJoinHandle<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ScopedJoinHandle").finish_non_exhaustive()
    }
}
