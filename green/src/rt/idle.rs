//! A worker's loop, and how workers without work search, sleep and are woken.
//!
//! Waking an operating-system thread costs microseconds on both sides, so it is done for queued work only, never for the one thread that
//! is next anyway; and at most one worker searches at a time, which is enough, for a searcher that finds something wakes the next.
//!
//! Invariants:
//! 1. A worker in `sleepers` or `spares` is asleep or about to sleep, and each is in at most one of the lists, once.
//! 2. Whoever takes a worker out of `sleepers` to search counts it as searching before it wakes it.
//! 3. Work from outside is never overlooked: it is published, then (sequentially consistent fence) `sleepers` is read; a worker enters
//!    `sleepers`, then (fence) looks for work once more. Work that a worker queues for itself may be overlooked by sleepers: that worker
//!    runs it, and the monitor notices if it does not.

use std::sync::atomic::{AtomicUsize, Ordering, fence};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::control::Control;
use super::reactor::{self, Reactor};
use super::runtime::Runtime;
use super::stack::overflow;
use super::worker::{ASLEEP, AWAKE, WATCHING, Worker};
use super::{current, os, switch, timer};

/// Rounds of looking before sleep: some tens of microseconds, about what a wake-up costs.
const ROUNDS: usize = if cfg!(miri) { 1 } else { 60 };

/// The same where threads wait for descriptors.
const ROUNDS_WITH_REACTOR: usize = if cfg!(miri) { 1 } else { 8 };

/// Rounds after which a worker that did not move is taken for stuck, and its next thread too.
const STUCK_ROUNDS: usize = if cfg!(miri) { 0 } else { 40 };

#[derive(Default)]
struct Lists {
    sleepers: Vec<&'static Worker>,
    /// Asleep, and not woken for work while there are enough others.
    spares: Vec<&'static Worker>,
}

/// Who sleeps and who searches.
#[derive(Default)]
pub(super) struct Idle {
    searching: AtomicUsize,
    sleeping: AtomicUsize,
    sparing: AtomicUsize,
    lists: Mutex<Lists>,
}

impl Idle {
    fn lock(&self) -> MutexGuard<'_, Lists> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// There is queued work: wakes a sleeper to search, unless one searches already.
    #[inline]
    pub(super) fn notify(&self) {
        if self.sleeping.load(Ordering::Relaxed) > 0 && self.searching.load(Ordering::Relaxed) == 0 {
            self.wake_searcher();
        }
    }

    /// As [`notify`](Self::notify), for work that no worker has queued for itself.
    pub(super) fn notify_from_outside(&self) {
        // Pairs with the fence in `sleep` (invariant 3).
        fence(Ordering::SeqCst);
        self.notify();
    }

    /// Wakes a sleeper even if another worker searches. False when nobody sleeps.
    #[cold]
    pub(super) fn wake_searcher(&self) -> bool {
        let taken = {
            let sleepers = &mut self.lock().sleepers;
            // The one that watches the reactor last.
            let other = sleepers.iter().rposition(|worker| !worker.is_watching());
            other
                .or(sleepers.len().checked_sub(1))
                .map(|index| sleepers.swap_remove(index))
        };
        let Some(worker) = taken else { return false };
        self.sleeping.fetch_sub(1, Ordering::Relaxed);
        self.searching.fetch_add(1, Ordering::SeqCst);
        worker.wake();
        true
    }

    /// Turns a spare worker into an ordinary one. False when there is none.
    pub(super) fn enlist_spare(&self) -> bool {
        let taken = self.lock().spares.pop();
        let Some(worker) = taken else { return false };
        self.sparing.fetch_sub(1, Ordering::Relaxed);
        self.searching.fetch_add(1, Ordering::SeqCst);
        worker.wake();
        true
    }

    /// Workers that sleep, spares included.
    pub(super) fn asleep(&self) -> usize {
        self.sleeping.load(Ordering::SeqCst) + self.sparing.load(Ordering::SeqCst)
    }

    /// Workers that are not spares, of `all`.
    pub(super) fn enlisted(&self, all: usize) -> usize {
        all - self.sparing.load(Ordering::Relaxed).min(all)
    }

    /// Puts `worker` into a list; true when that is the list of spares.
    fn enter(&self, worker: &'static Worker, spare: bool) {
        let mut lists = self.lock();
        if spare {
            lists.spares.push(worker);
            self.sparing.fetch_add(1, Ordering::SeqCst);
        } else {
            lists.sleepers.push(worker);
            self.sleeping.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Takes `worker` out of the lists; false when a waker has done so, and counted it as searching.
    fn leave(&self, worker: &'static Worker) -> bool {
        let mut lists = self.lock();
        let is_it = |other: &&'static Worker| std::ptr::eq(*other, worker);
        if let Some(index) = lists.sleepers.iter().position(is_it) {
            lists.sleepers.swap_remove(index);
            self.sleeping.fetch_sub(1, Ordering::SeqCst);
            return true;
        }
        if let Some(index) = lists.spares.iter().position(is_it) {
            lists.spares.swap_remove(index);
            self.sparing.fetch_sub(1, Ordering::SeqCst);
            return true;
        }
        false
    }
}

/// What a worker's operating-system thread does, for ever.
pub(super) fn run_worker(worker: &'static Worker) -> ! {
    current::set_worker(worker);
    worker.note_thread_id();
    worker.note_thread_pointer();
    if let Some(sanitizer) = worker.sanitizer {
        sanitizer.enter_loop(worker);
    }
    if !cfg!(miri)
        && let Err(error) = overflow::give_alternate_stack()
    {
        eprintln!("threadbare: no alternate signal stack, so overflows will not be explained: {error}");
    }
    let mut searching = false;
    loop {
        while let Some(control) = worker.next_thread() {
            stop_searching(worker.runtime, &mut searching);
            switch::run(worker, control);
        }
        let idle = &worker.runtime.idle;
        if !searching
            && idle
                .searching
                .compare_exchange(0, 1, Ordering::SeqCst, Ordering::Relaxed)
                .is_ok()
        {
            searching = true;
        }
        let found = if searching { search(worker) } else { None };
        match found {
            Some(control) => {
                stop_searching(worker.runtime, &mut searching);
                switch::run(worker, control);
            }
            None => searching = sleep(worker, searching),
        }
    }
}

/// A searcher that found something lets another search: there may be more.
fn stop_searching(runtime: &'static Runtime, searching: &mut bool) {
    if std::mem::take(searching) {
        let before = runtime.idle.searching.fetch_sub(1, Ordering::SeqCst);
        let more = || runtime.workers().any(Worker::has_stealable) || runtime.global.len() > 0;
        if before == 1 && more() {
            runtime.idle.notify();
        }
    }
}

/// How often to look. A worker that sleeps in the reactor is woken by its next event, and gets it without another worker's help.
fn rounds(runtime: &'static Runtime) -> usize {
    match reactor::get() {
        Some(_) if runtime.worker_count() == 1 => 0,
        Some(_) => ROUNDS_WITH_REACTOR,
        None => ROUNDS,
    }
}

/// Looks at everybody's queues for a while.
fn search(worker: &'static Worker) -> Option<&'static Control> {
    let runtime = worker.runtime;
    let rounds = rounds(runtime);
    if rounds == 0 {
        return None;
    }
    let ticks: Vec<u32> = runtime.workers().map(Worker::ticks).collect();
    for round in 0..rounds {
        // The others first, from our neighbour on, so that thieves spread.
        let count = ticks.len();
        let others = (1..count).filter_map(|step| runtime.worker((worker.index + step) % count));
        for other in others {
            if let Some(control) = other.steal_into(worker) {
                return Some(control);
            }
            let stuck = ticks.get(other.index) == Some(&other.ticks());
            if (round >= STUCK_ROUNDS && stuck || other.is_blocking() || other.is_stuck())
                && let Some(control) = other.steal_next()
            {
                return Some(control);
            }
        }
        if worker.has_mail() || runtime.global.len() > 0 {
            return worker.next_thread();
        }
        if round % 16 == 0
            && let Some(control) = worker.next_thread()
        {
            return Some(control);
        }
        for _ in 0..20 {
            std::hint::spin_loop();
        }
    }
    None
}

/// Sleeps until woken or until a deadline comes. Returns whether the worker is now counted as searching.
fn sleep(worker: &'static Worker, searching: bool) -> bool {
    let runtime = worker.runtime;
    let idle = &runtime.idle;
    if searching {
        idle.searching.fetch_sub(1, Ordering::SeqCst);
    }
    // Workers that were added while others were stuck step back when those are not.
    let spare = idle.enlisted(runtime.worker_count()) > runtime.target + runtime.stuck();
    let mut look = reactor::get().and_then(Reactor::try_look);
    let asleep = if look.is_some() { WATCHING } else { ASLEEP };
    worker.sleep_word().store(asleep, Ordering::Relaxed);
    idle.enter(worker, spare);
    // Pairs with the fences of those who publish work (invariant 3).
    fence(Ordering::SeqCst);
    let something = worker.has_mail()
        || worker.has_next()
        || (!spare && (runtime.global.len() > 0 || runtime.workers().any(Worker::has_stealable)));
    let mut woken = 0;
    if !something {
        let deadline = runtime
            .workers()
            .map(|worker| worker.timers().next())
            .min()
            .unwrap_or(timer::NEVER);
        let timeout = match deadline {
            timer::NEVER => None,
            deadline => Some(Duration::from_nanos(deadline.saturating_sub(timer::now()))),
        };
        match look.take() {
            _ if timeout == Some(Duration::ZERO) => {}
            Some(look) => woken = look.take(Some(worker), timeout),
            None => os::futex_wait(worker.sleep_word(), ASLEEP, timeout),
        }
        runtime.wake_monitor();
    }
    drop(look);
    worker.sleep_word().store(AWAKE, Ordering::Relaxed);
    let counted = !idle.leave(worker);
    if woken > 1 {
        idle.notify();
    }
    // Deadlines of all workers: their owners may be busy.
    if runtime
        .workers()
        .any(|worker| worker.timers().next() != timer::NEVER)
    {
        let now = timer::now();
        runtime.workers().for_each(|worker| worker.timers().fire(now));
    }
    counted
}
