//! Calls that block an operating-system thread.
//!
//! Two ways, because the calls differ. [`in_place`] is for calls that are usually short (a file that is cached): the caller's worker
//! makes the call itself, and has said before that others may take all it has to run; the monitor sees to it that somebody does.
//! [`run`] is for calls that are usually long, or need more stack than a green thread has: an operating-system thread of a
//! pool makes the call, and the caller waits as for anything else.
//!
//! Invariants:
//! 1. A job lies on the stack of the thread that waits for it. The pool touches it until it wakes the waiter, and not after.
//! 2. `idle` counts the pool's threads that wait for jobs; jobs in the queue beyond that number get a new thread.

#![allow(
    unsafe_code,
    reason = "fenced: a job lies on the stack of the thread that waits for it"
)]

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::NonNull;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::control::State;
use super::waiter::Waiter;
use super::{census, current, sim};

/// Threads of the pool at most; further jobs wait for one of them.
const MOST: usize = 512;

/// How long a thread of the pool stays without a job.
const PATIENCE: Duration = Duration::from_secs(10);

/// Makes a call that may block, on the calling worker.
#[inline]
pub(crate) fn in_place<T>(call: impl FnOnce() -> T) -> T {
    let Some(me) = current::get() else {
        return call();
    };
    /// Also when the call unwinds. The thread has not moved: it did not wait.
    struct Unmark;
    impl Drop for Unmark {
        fn drop(&mut self) {
            if let Some(worker) = current::worker() {
                worker.set_blocking(false);
            }
        }
    }
    if let Some(worker) = me.worker() {
        worker.set_blocking(true);
    }
    let _unmark = Unmark;
    call()
}

/// Makes a call that blocks, on a thread of the pool; an operating-system thread makes it itself.
pub(crate) fn run<T: Send>(call: impl FnOnce() -> T + Send) -> T {
    if current::get().is_none() || current::must_not_switch() || sim::is_on() {
        return call();
    }
    let mut job = Job {
        call: Some(call),
        result: None,
        waiter: Waiter::current(),
    };
    let pointer = NonNull::from(&mut job);
    // SAFETY: invariant 1: the job stays here until its waiter, the caller, was woken. What it captures may go to the pool (`Send`).
    let queued = unsafe { Queued::new(pointer) };
    submit(queued);
    Waiter::current().wait(State::Calling);
    // SAFETY: the pool is done with it. Read through the pointer that the pool wrote through.
    match unsafe { (*pointer.as_ptr()).result.take() } {
        Some(Ok(result)) => result,
        Some(Err(payload)) => resume_unwind(payload),
        None => unreachable!("the pool wakes when there is a result"),
    }
}

struct Job<F, T> {
    call: Option<F>,
    result: Option<Result<T, Box<dyn Any + Send>>>,
    waiter: Waiter,
}

/// A job without its type.
struct Queued {
    job: NonNull<()>,
    execute: unsafe fn(NonNull<()>),
}

// SAFETY: made of jobs whose calls and results may be sent.
unsafe impl Send for Queued {}

impl Queued {
    /// # Safety
    /// The job stays valid, and untouched by others, until its waiter is woken.
    unsafe fn new<F: FnOnce() -> T + Send, T: Send>(job: NonNull<Job<F, T>>) -> Queued {
        /// # Safety
        /// Called once, with the job that `new` was given.
        unsafe fn execute<F: FnOnce() -> T, T>(job: NonNull<()>) {
            let waiter = {
                // SAFETY: the caller's promise, and that of `new`.
                let job = unsafe { job.cast::<Job<F, T>>().as_mut() };
                let call = job.call.take().expect("executed once");
                job.result = Some(catch_unwind(AssertUnwindSafe(call)));
                job.waiter
            };
            // The job is the waiter's from here on.
            waiter.wake();
        }
        Queued {
            job: job.cast(),
            execute: execute::<F, T>,
        }
    }
}

struct Pool {
    jobs: VecDeque<Queued>,
    idle: usize,
    threads: usize,
}

static POOL: Mutex<Pool> = Mutex::new(Pool {
    jobs: VecDeque::new(),
    idle: 0,
    threads: 0,
});
static WORK: Condvar = Condvar::new();

fn lock() -> MutexGuard<'static, Pool> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Threads of the pool, those without a job, and jobs without a thread.
pub(super) fn counts() -> (usize, usize, usize) {
    let pool = lock();
    (pool.threads, pool.idle, pool.jobs.len())
}

fn submit(job: Queued) {
    let mut pool = lock();
    pool.jobs.push_back(job);
    if pool.jobs.len() <= pool.idle {
        drop(pool);
        WORK.notify_one();
    } else if pool.threads < MOST {
        pool.threads += 1;
        drop(pool);
        let started = std::thread::Builder::new()
            .name("threadbare-call".to_owned())
            .spawn(serve);
        if started.is_err() {
            lock().threads -= 1;
            serve_without_threads();
        }
    }
}

/// There is no thread to be had, and perhaps none in the pool: the caller does a job, which may be its own.
#[cold]
fn serve_without_threads() {
    let job = {
        let mut pool = lock();
        if pool.threads > 0 {
            None
        } else {
            pool.jobs.pop_front()
        }
    };
    if let Some(job) = job {
        // SAFETY: out of the queue, so executed once.
        unsafe { (job.execute)(job.job) };
    }
}

/// What a thread of the pool does.
fn serve() {
    let mut pool = lock();
    loop {
        while let Some(job) = pool.jobs.pop_front() {
            drop(pool);
            // SAFETY: out of the queue, so executed once.
            unsafe { (job.execute)(job.job) };
            pool = lock();
        }
        pool.idle += 1;
        let timed_out;
        {
            // Idle threads wait for green ones: a deadlock of those is one of the process.
            let _blocked = census::Blocked::enter(false);
            let (guard, result) = WORK
                .wait_timeout(pool, PATIENCE)
                .unwrap_or_else(PoisonError::into_inner);
            pool = guard;
            timed_out = result.timed_out();
        }
        pool.idle -= 1;
        if timed_out && pool.jobs.is_empty() {
            pool.threads -= 1;
            return;
        }
    }
}
