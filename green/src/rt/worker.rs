//! A worker: an operating-system thread, the queues that it serves, and the order in which it takes from them.
//!
//! ```text
//!   wake, spawn, hand-off ──▶ run-next (one thread) ──displaced──▶ ring (256) ──full──▶ global queue
//!   yield ──────────────────────────────────────────────────────▶ ring
//!                                 displaced before its first run ▶ fresh
//!   bound threads: the same with a slot and a list that only the worker touches; others put them into its inbox
//! ```
//!
//! The ring is first in, first out. Threads that have not run yet are taken newest first, so that a tree of threads is walked depth
//! first and needs stacks for its depth, not for its breadth; thieves take the oldest, which head the largest subtrees, and so does
//! the worker itself now and then, so that none waits for ever.
//!
//! Run-next makes a hand-off cheap: the thread that was woken runs as soon as the waker waits, with warm caches and without another
//! worker hearing of it. It may go first at most [`STREAK`] times in a row, so that two threads that wake each
//! other cannot starve the rest.
//!
//! Invariants:
//! 1. The cells are touched by the worker's own computation only: its loop, or the green thread that it runs.
//! 2. `ring`, `fresh` and `next` hold threads that any worker may run; `bound`, `bound_next` and `inbox` hold bound ones.

#![allow(unsafe_code, reason = "fenced: shares a worker whose cells have one user")]

#[cfg(feature = "sim")]
mod simulated;

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicUsize, Ordering, fence};

use threadbare_context::StackPointer;

use super::atomic_ref::AtomicRef;
use super::control::{Control, State};
use super::fifo::Fifo;
use super::fresh::Fresh;
use super::inbox::Inbox;
use super::os;
use super::reactor::{self, Reactor};
use super::ring::Ring;
use super::runtime::Runtime;
use super::sanitize::{Known, Sanitizer};
use super::sim;
use super::spin::Spin;
use super::stack::CLASSES;
use super::timer::{self, Timers};

/// How often run-next goes before the queues, in a row.
const STREAK: u32 = 32;

/// Decisions after which a worker whose own queues are never empty looks at the queues that others fill, the clock and the reactor.
const SHARED_PERIOD: u32 = 64;

/// How many threads that did not fit come back at once.
const UNSPILLED: usize = 64;

/// Of so many such looks one is the turn of the oldest thread that has not run yet. Seldom, for each starts another branch of a tree.
const OLDEST_TURN: u32 = 16;

/// Values of `sleeping`.
pub(super) const AWAKE: u32 = 0;
pub(super) const ASLEEP: u32 = 1;
pub(super) const WATCHING: u32 = 2;

/// Warm stacks that a worker keeps of each class, before half go back.
const WARM: usize = 1024;

/// What the computation that runs next on a worker has to do first, on behalf of the one that was switched away from.
#[derive(Clone, Copy)]
pub(super) enum After {
    Nothing,
    /// It goes to the back of the queue.
    Yielded(&'static Control),
    /// It waits, unless it was woken already.
    Suspended(&'static Control),
    /// It waits for whoever finds its number in `place`, unless the place does not hold `from` any more.
    Published {
        control: &'static Control,
        place: *const AtomicUsize,
        from: usize,
    },
    /// It ended; its slot is free.
    Ended(&'static Control),
}

/// See the module.
#[repr(align(128))]
pub(crate) struct Worker {
    pub(super) index: usize,
    pub(super) isolated: bool,
    /// Mode pinned only.
    pub(super) sanitizer: Option<&'static Sanitizer>,
    known: Known,
    pub(super) runtime: &'static Runtime,
    /// Counts decisions; that it stands still tells the monitor that the worker is stuck.
    ticks: AtomicU32,
    /// The thread that runs.
    running: AtomicRef<Control>,
    next: AtomicRef<Control>,
    ring: Ring<Control>,
    fresh: Fresh<Control>,
    /// Fresh threads that did not fit, oldest first, and how many.
    spilled: Spin<Fifo<Control>>,
    spilled_count: AtomicUsize,
    inbox: Inbox<Control>,
    timers: Timers,
    /// [`AWAKE`], [`ASLEEP`] on this word, or [`WATCHING`]: asleep in the reactor.
    sleeping: AtomicU32,
    /// It runs a call that may block it: others may take all it has.
    blocking: AtomicBool,
    /// The monitor takes it for stuck.
    stuck: AtomicBool,
    #[cfg(feature = "trace")]
    pub(super) timeline: super::timeline::Timeline,
    /// The worker of a run in deterministic mode.
    #[cfg(feature = "sim")]
    simulation: Option<Box<sim::Sim>>,
    thread_id: AtomicI32,
    /// The worker's own loop, while a green thread runs.
    idle_stack: AtomicUsize,
    pub(super) idle_thread_pointer: AtomicUsize,

    // Cells: invariant 1.
    /// The tick of the last look at what others fill, and how many were due.
    collected: Cell<u32>,
    turns: Cell<u32>,
    /// The tick at which the reactor had nothing.
    saw_nothing: Cell<u32>,
    bound_next: Cell<Option<&'static Control>>,
    bound: Fifo<Control>,
    streak: Cell<u32>,
    after: Cell<After>,
    /// The next thread number, and the end of the batch.
    numbers: Cell<(u64, u64)>,
    warm: [Fifo<Control>; CLASSES],
}

// SAFETY: all fields are atomics, locks or queues made for sharing, except the cells, which invariant 1 gives one user.
unsafe impl Sync for Worker {}
// SAFETY: a worker is made by one thread and then served by another; its cells hold what any thread may have.
unsafe impl Send for Worker {}

impl Worker {
    pub(super) fn new(index: usize, isolated: bool, runtime: &'static Runtime) -> Worker {
        Worker {
            index,
            isolated,
            sanitizer: Sanitizer::get(),
            known: Known::default(),
            runtime,
            ticks: AtomicU32::new(0),
            running: AtomicRef::none(),
            next: AtomicRef::none(),
            ring: Ring::new(),
            fresh: Fresh::new(),
            spilled: Spin::new(Fifo::new()),
            spilled_count: AtomicUsize::new(0),
            inbox: Inbox::new(),
            timers: Timers::new(),
            sleeping: AtomicU32::new(0),
            blocking: AtomicBool::new(false),
            stuck: AtomicBool::new(false),
            #[cfg(feature = "trace")]
            timeline: super::timeline::Timeline::new(),
            #[cfg(feature = "sim")]
            simulation: None,
            thread_id: AtomicI32::new(0),
            idle_stack: AtomicUsize::new(0),
            idle_thread_pointer: AtomicUsize::new(0),
            collected: Cell::new(0),
            turns: Cell::new(0),
            saw_nothing: Cell::new(0),
            bound_next: Cell::new(None),
            bound: Fifo::new(),
            streak: Cell::new(0),
            after: Cell::new(After::Nothing),
            numbers: Cell::new((0, 0)),
            warm: std::array::from_fn(|_| Fifo::new()),
        }
    }

    // ----- taking -----

    /// The thread to run next, if any is runnable here.
    #[inline(never)]
    pub(super) fn next_thread(&'static self) -> Option<&'static Control> {
        if let Some(decided) = sim::next_thread(self) {
            return decided;
        }
        let tick = self.ticks.load(Ordering::Relaxed).wrapping_add(1);
        self.ticks.store(tick, Ordering::Relaxed);
        if tick.wrapping_sub(self.collected.get()) >= SHARED_PERIOD
            && let Some(oldest) = self.collect_in_turn()
        {
            return Some(oldest);
        }
        if self.streak.get() < STREAK
            && let Some(control) = self.take_next()
        {
            self.streak.set(self.streak.get() + 1);
            return Some(control);
        }
        self.streak.set(0);
        self.take_queued(tick)
    }

    /// From the queues, alternately, so that neither kind of thread starves the other; then from where others put them.
    fn take_queued(&'static self, tick: u32) -> Option<&'static Control> {
        let first = if tick & 1 == 0 {
            self.pop_bound()
        } else {
            self.pop_fresh()
        };
        let here = first.or_else(|| self.pop_woken()).or_else(|| self.pop_bound());
        here.or_else(|| self.pop_fresh())
            .or_else(|| self.take_next())
            .or_else(|| {
                self.collect_shared();
                self.take_next()
                    .or_else(|| self.bound.pop_front())
                    .or_else(|| self.ring.pop())
            })
    }

    /// The oldest thread in the ring. What the one after it will touch is fetched while this one runs.
    #[inline]
    fn pop_woken(&self) -> Option<&'static Control> {
        let woken = self.ring.pop();
        if let Some(soon) = self.ring.peek() {
            soon.prefetch();
        }
        woken
    }

    /// The same of the bound threads.
    #[inline]
    fn pop_bound(&self) -> Option<&'static Control> {
        let bound = self.bound.pop_front();
        if let Some(soon) = self.bound.peek() {
            soon.prefetch();
        }
        bound
    }

    #[inline]
    fn pop_fresh(&self) -> Option<&'static Control> {
        if !self.fresh.is_empty()
            && let Some(newest) = self.fresh.pop_newest()
        {
            return Some(newest);
        }
        if self.spilled_count.load(Ordering::Relaxed) == 0 {
            None
        } else {
            self.unspill()
        }
    }

    /// The queue of fresh threads is empty: takes back some of those that did not fit, the oldest.
    #[cold]
    #[inline(never)]
    fn unspill(&self) -> Option<&'static Control> {
        let spilled = self.spilled.lock();
        let first = spilled.pop_front();
        for _ in 0..UNSPILLED {
            let Some(control) = spilled.pop_front() else { break };
            // There is room: the queue was empty, and only we put into it.
            let _fits = self.fresh.push(control);
        }
        self.spilled_count.store(spilled.len(), Ordering::Relaxed);
        first
    }

    /// The oldest thread that has not run yet.
    #[cold]
    fn take_oldest(&self) -> Option<&'static Control> {
        if self.spilled_count.load(Ordering::Relaxed) == 0 {
            return self.fresh.pop_oldest();
        }
        let spilled = self.spilled.lock();
        let oldest = spilled.pop_front();
        self.spilled_count.store(spilled.len(), Ordering::Relaxed);
        oldest
    }

    #[inline]
    fn take_next(&self) -> Option<&'static Control> {
        if let Some(control) = self.bound_next.take() {
            return Some(control);
        }
        // A look first: the exchange costs 5 ns.
        self.next.load(Ordering::Relaxed)?;
        // Acquire pairs with the release in `push_next`; a thief may have been faster.
        self.next.swap(None, Ordering::Acquire)
    }

    /// A look that is due though there is enough to run; now and then the oldest thread that has not run yet.
    #[cold]
    #[inline(never)]
    fn collect_in_turn(&'static self) -> Option<&'static Control> {
        self.collect_shared();
        self.turns.set(self.turns.get().wrapping_add(1));
        if self.turns.get().is_multiple_of(OLDEST_TURN) {
            self.take_oldest()
        } else {
            None
        }
    }

    /// Takes in what others left: the inbox, a share of the global queue, deadlines that have come.
    #[cold]
    #[inline(never)]
    fn collect_shared(&'static self) {
        self.collected.set(self.ticks());
        if !self.inbox.is_empty() {
            self.inbox.take_all(|control| self.bound.push_back(control));
        }
        self.runtime
            .global
            .take_share(self.runtime.worker_count(), |control| self.push_back(control));
        if self.timers.next() != timer::NEVER {
            self.timers.fire(timer::now());
        }
        if let Some(reactor) = reactor::get() {
            self.look_at(reactor);
        }
    }

    /// Takes events, unless the last decision found none.
    fn look_at(&'static self, reactor: &'static Reactor) {
        reactor.submit();
        let tick = self.ticks();
        if tick.wrapping_sub(self.saw_nothing.get()) <= 1 {
            return;
        }
        match reactor.look_now(Some(self)) {
            0 => self.saw_nothing.set(tick),
            1 => {}
            _ => self.runtime.idle.notify(),
        }
    }

    // ----- putting -----

    /// Makes `control` the next to run here; whoever was next goes to the queue. Called by the worker's own computation.
    #[inline]
    pub(super) fn push_next(&'static self, control: &'static Control) {
        if control.is_bound() {
            self.push_bound(control);
            return;
        }
        // Only we put threads there; thieves take them. So when there is none, there will be none: a store is enough, and saves the
        // exchange's 5 ns. Release publishes the thread's state to a thief; acquire takes over the displaced one.
        if self.next.load(Ordering::Relaxed).is_none() {
            self.next.store(Some(control), Ordering::Release);
            return;
        }
        let displaced = self.next.swap(Some(control), Ordering::AcqRel);
        if let Some(displaced) = displaced {
            if displaced.is_fresh() {
                self.push_fresh(displaced);
            } else {
                self.push_back(displaced);
            }
            self.runtime.idle.notify();
        }
    }

    fn push_bound(&'static self, control: &'static Control) {
        let home = control.worker().expect("a bound thread has a worker");
        if !std::ptr::eq(home, self) {
            home.deliver(control);
            return;
        }
        if let Some(displaced) = self.bound_next.replace(Some(control)) {
            self.bound.push_back(displaced);
        }
    }

    /// Puts `control` behind all that wait here. Called by the worker's own computation.
    pub(super) fn push_back(&'static self, control: &'static Control) {
        if control.is_bound() {
            match control.worker() {
                Some(home) if !std::ptr::eq(home, self) => home.deliver(control),
                _ => self.bound.push_back(control),
            }
            return;
        }
        if self.ring.push(control).is_err() {
            self.spill(control);
        }
    }

    /// How many threads that were woken fit in.
    pub(super) fn room(&self) -> usize {
        self.ring.room()
    }

    fn push_fresh(&'static self, control: &'static Control) {
        if !self.fresh.push(control) {
            self.spill_fresh();
            let _fits = self.fresh.push(control);
        }
    }

    /// Makes room for fresh threads: the older half goes to a list.
    #[cold]
    #[inline(never)]
    fn spill_fresh(&self) {
        let spilled = self.spilled.lock();
        self.fresh.take_half(|older| spilled.push_back(older));
        self.spilled_count.store(spilled.len(), Ordering::Relaxed);
    }

    /// Moves the older half of the full ring to the global queue, and `control` with it.
    #[cold]
    #[inline(never)]
    fn spill(&'static self, control: &'static Control) {
        self.ring.drain_half(|older| self.runtime.global.push(older));
        self.runtime.global.push(control);
    }

    /// From any thread: hands a bound thread to this worker.
    pub(super) fn deliver(&self, control: &'static Control) {
        self.inbox.push(control);
        // Pairs with the fence in `idle::sleep`: either the sleeper sees the inbox, or we see that it sleeps.
        fence(Ordering::SeqCst);
        if self.sleeping.load(Ordering::Relaxed) != AWAKE {
            self.wake();
        }
    }

    // ----- stealing, and what others may see -----

    /// Another worker, with nothing of its own, takes half of this one's queue.
    pub(super) fn steal_into(&self, thief: &'static Worker) -> Option<&'static Control> {
        if self.spilled_count.load(Ordering::Relaxed) > 0 {
            return self.steal_spilled(thief);
        }
        let mut first = None;
        self.fresh.take_half(|control| match first {
            None => first = Some(control),
            // Newest last, as in the queue that they come from.
            Some(_) => thief.push_fresh(control),
        });
        first.or_else(|| self.ring.steal_into(&thief.ring))
    }

    /// The oldest of those that did not fit, up to half.
    #[cold]
    fn steal_spilled(&self, thief: &'static Worker) -> Option<&'static Control> {
        let mut batch = [None; UNSPILLED];
        {
            let spilled = self.spilled.lock();
            let share = spilled.len().div_ceil(2).min(UNSPILLED);
            for place in &mut batch[..share] {
                *place = spilled.pop_front();
            }
            self.spilled_count.store(spilled.len(), Ordering::Relaxed);
        }
        batch[1..]
            .iter()
            .copied()
            .flatten()
            .for_each(|control| thief.push_fresh(control));
        batch[0]
    }

    /// Takes even the thread that is next: for workers that are stuck.
    pub(super) fn steal_next(&self) -> Option<&'static Control> {
        self.next.load(Ordering::Relaxed)?;
        self.next.swap(None, Ordering::Acquire)
    }

    pub(super) fn has_stealable(&self) -> bool {
        !self.ring.is_empty() || !self.fresh.is_empty() || self.spilled_count.load(Ordering::Relaxed) > 0
    }

    pub(super) fn has_next(&self) -> bool {
        self.next.load(Ordering::Relaxed).is_some()
    }

    pub(super) fn has_mail(&self) -> bool {
        !self.inbox.is_empty()
    }

    pub(super) fn ticks(&self) -> u32 {
        self.ticks.load(Ordering::Relaxed)
    }

    pub(super) fn running(&self) -> Option<&'static Control> {
        self.running.load(Ordering::Relaxed)
    }

    pub(super) fn set_running(&self, control: Option<&'static Control>) {
        #[cfg(feature = "trace")]
        self.timeline.switch(self.running());
        self.running.store(control, Ordering::Relaxed);
    }

    pub(super) fn timers(&self) -> &Timers {
        &self.timers
    }

    pub(super) fn thread_id(&self) -> i32 {
        self.thread_id.load(Ordering::Relaxed)
    }

    /// Where switches to the worker's loop find the operating-system thread's own thread-locals.
    pub(super) fn note_thread_pointer(&self) {
        if self.isolated {
            self.idle_thread_pointer
                .store(super::tls::thread_pointer(), Ordering::Relaxed);
        }
    }

    pub(super) fn note_thread_id(&self) {
        self.thread_id.store(os::thread_id(), Ordering::Relaxed);
    }

    // ----- sleeping -----

    /// From any thread: ends the worker's sleep.
    pub(super) fn wake(&self) {
        match self.sleeping.swap(AWAKE, Ordering::AcqRel) {
            ASLEEP => os::futex_wake(&self.sleeping),
            WATCHING => {
                if let Some(reactor) = reactor::get() {
                    reactor.interrupt();
                }
            }
            _ => {}
        }
    }

    /// Whether it sleeps in the reactor.
    pub(super) fn is_watching(&self) -> bool {
        self.sleeping.load(Ordering::Relaxed) == WATCHING
    }

    /// Whether it runs a call that may block it.
    pub(super) fn is_blocking(&self) -> bool {
        self.blocking.load(Ordering::Relaxed)
    }

    /// Whether the monitor takes it for stuck.
    pub(super) fn is_stuck(&self) -> bool {
        self.stuck.load(Ordering::Relaxed)
    }

    pub(super) fn note_stuck(&self, stuck: bool) {
        self.stuck.store(stuck, Ordering::Relaxed);
    }

    /// By its own computation: before and after a call that may block. Others take its queues meanwhile.
    pub(super) fn set_blocking(&self, blocking: bool) {
        self.blocking.store(blocking, Ordering::Relaxed);
        if blocking && (self.has_next() || self.has_stealable()) {
            self.runtime.idle.notify_from_outside();
        }
    }

    /// The word that the worker sleeps on, for `rt::idle`.
    pub(super) fn sleep_word(&self) -> &AtomicU32 {
        &self.sleeping
    }

    // ----- the switch's own -----

    pub(super) fn known(&self) -> &Known {
        &self.known
    }

    pub(super) fn after(&self) -> &Cell<After> {
        &self.after
    }

    pub(super) fn idle_stack(&self) -> StackPointer {
        StackPointer(self.idle_stack.load(Ordering::Relaxed))
    }

    pub(super) fn save_idle(&self) -> *mut StackPointer {
        self.idle_stack.as_ptr().cast()
    }

    /// The next of the worker's numbers; `more` fetches the first of another `batch`.
    pub(super) fn fresh_number(&self, more: impl FnOnce() -> u64, batch: u64) -> u64 {
        let (mut next, mut end) = self.numbers.get();
        if next == end {
            next = more();
            end = next + batch;
        }
        self.numbers.set((next + 1, end));
        next
    }

    /// Takes a warm slot, or one from the pool.
    pub(super) fn take_slot(&self, class: u8) -> std::io::Result<&'static Control> {
        match self.warm[usize::from(class)].pop_front() {
            Some(control) => Ok(control),
            None => self.runtime.pool.take(class),
        }
    }

    /// Keeps the slot of a thread that ended, for the next one.
    pub(super) fn recycle(&self, control: &'static Control) {
        control.set_state(State::Free);
        let class = control.class.load(Ordering::Relaxed);
        let warm = &self.warm[usize::from(class)];
        warm.push_front(control);
        let limit = if class == 0 { WARM } else { 8 };
        if warm.len() > limit {
            let mut half = std::iter::from_fn(|| warm.pop_front()).take(limit / 2);
            self.runtime.pool.give(class, &mut half);
        }
    }
}
