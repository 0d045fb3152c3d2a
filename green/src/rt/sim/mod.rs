//! Deterministic mode: the engine with one worker, whose every decision comes from a seed.
//!
//! ```text
//!   thread, sync, net ── point ──┐
//!                                ▼
//!   worker ── next_thread ──▶ Sim ──▶ Plan        who runs: seeded, or by priorities (`plan`)
//!                              │ ├──▶ Trace       what was decided (`trace`)
//!                              │ └──▶ Network     who hears what when (`network`)
//!                              ▼
//!                            clock                advances when all threads wait (`clock`)
//! ```
//!
//! It is the same engine: threads, stacks, locks, channels and timers are those of production. A run has a worker of its own, on an
//! operating-system thread of its own, that no other worker knows. The engine asks [`next_thread`] where it would look into its queues, and
//! [`point`] stands in every operation whose place in the order of things others can see. Without the feature `sim` these are empty
//! (`off.rs`).
//!
//! Invariants:
//! 1. A thread of a run is bound to the run's worker from its start to its end. So all wakes end in that worker's list of bound threads,
//!    from where [`Sim`] takes them in their order.
//! 2. `state` and `network` are locked by the run's one operating-system thread, and never over a switch.
//! 3. Time stands still while a thread can run, so what a computation costs decides nothing. It passes on the worker's loop only: a thread
//!    that leaves is no waiting thread before it has left.
//! 4. A run ends when its root has ended. Threads that are left are abandoned as they are: never resumed, their stacks never
//!    used again, their worker neither.

mod clock;
pub(crate) mod network;
mod plan;
pub(crate) mod random;
mod run;
mod trace;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) use run::{Ended, Limits, run};
pub use trace::Trace;

use self::network::Network;
use self::network::calls::{Shared, lock};
use self::plan::Plan;
use self::random::Random;
use super::control::{Control, State};
use super::worker::Worker;
use super::{current, switch, timer};
use crate::sim::{Network as NetworkSettings, Schedule};

/// A run's worker's own part.
#[derive(Default)]
pub(crate) struct Sim {
    /// Virtual nanoseconds since the run began.
    now: AtomicU64,
    /// Drawn by whoever asks the system for random numbers.
    entropy: AtomicU64,
    /// Decisions until now, for whoever watches from outside.
    decisions: AtomicU64,
    state: Mutex<Option<Run>>,
    network: Mutex<Option<Shared>>,
}

/// What goes on in a run.
struct Run {
    plan: Plan,
    trace: Trace,
    /// The number of each thread, by the address of its control block.
    numbers: BTreeMap<usize, usize>,
    /// Where each thread is, by its number.
    hosts: Vec<IpAddr>,
    /// In the order in which they became so.
    runnable: Vec<(usize, &'static Control)>,
    /// Who was the last to leave, and why.
    left: (Option<usize>, &'static str),
    /// The first thread has ended.
    root_ended: bool,
    limits: Limits,
    /// For waits that end for no reason.
    random: Random,
}

fn address(control: &'static Control) -> usize {
    std::ptr::from_ref(control).addr()
}

impl Run {
    fn new(schedule: &Schedule, limits: Limits) -> Run {
        Run {
            plan: Plan::new(schedule),
            trace: Trace::default(),
            numbers: BTreeMap::new(),
            hosts: Vec::new(),
            runnable: Vec::new(),
            left: (None, "the start"),
            root_ended: false,
            limits,
            random: Random::new(schedule.seed(), 3),
        }
    }

    /// The number of a thread that is of this run.
    fn number(&self, control: &'static Control) -> Option<usize> {
        self.numbers.get(&address(control)).copied()
    }

    /// A new thread gets the next number, and its parent's host.
    fn admit(&mut self, control: &'static Control, parent: Option<&'static Control>) {
        let mut name = String::from("thread ");
        let _ = control.describe(&mut name);
        self.trace.admit(name);
        self.plan.admit();
        let host = parent
            .and_then(|parent| self.number(parent))
            .map(|number| self.hosts[number]);
        self.hosts.push(host.unwrap_or(network::DEFAULT_HOST));
        self.numbers.insert(address(control), self.hosts.len() - 1);
    }

    /// Takes in who was woken, in that order.
    fn collect(&mut self, worker: &'static Worker) {
        worker.take_bound(|control| {
            // Others were left behind by another run, and are no threads any more.
            if let Some(number) = self.number(control) {
                self.runnable.push((number, control));
            }
        });
    }

    fn is_over(&self) -> bool {
        self.root_ended || self.trace.decisions() >= self.limits.decisions
    }

    /// Who goes on: one of the runnable, which it takes out, or `here`, which stays out.
    fn decide(
        &mut self,
        now: u64,
        from: Option<usize>,
        why: &'static str,
        here: Option<(usize, &'static Control)>,
    ) -> &'static Control {
        self.runnable.extend(here);
        let candidates: Vec<usize> = self.runnable.iter().map(|&(number, _)| number).collect();
        let (number, control) = self.runnable.remove(self.plan.choose(&candidates));
        if here.is_some_and(|(here, _)| here != number) {
            // It comes back by way of the worker's list, when its state is saved.
            self.runnable.pop();
        }
        self.trace.decide(now, from, why, number, candidates.len());
        control
    }
}

impl Sim {
    fn lock(&self) -> MutexGuard<'_, Option<Run>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        self.now.load(Ordering::Relaxed)
    }

    fn decisions(&self) -> u64 {
        self.decisions.load(Ordering::Relaxed)
    }

    /// The next number of those that the "system" gives out.
    fn entropy(&self) -> u64 {
        random::mix(self.entropy.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed))
    }

    fn network(&self) -> Option<Shared> {
        self.network
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn begin(&self, schedule: &Schedule, limits: Limits, network: &NetworkSettings) {
        self.now.store(0, Ordering::Relaxed);
        let entropy = Random::new(schedule.seed(), 1).next();
        self.entropy.store(entropy, Ordering::Relaxed);
        *self.lock() = Some(Run::new(schedule, limits));
        let network = Network::new(network.clone(), Random::new(schedule.seed(), 2));
        let mut place = self.network.lock().unwrap_or_else(PoisonError::into_inner);
        *place = Some(Arc::new(Mutex::new(network)));
    }

    /// Who runs next on `worker`; nobody when the run is over, or nothing can ever run again. Out of the hot path, as is `point`.
    #[cold]
    #[inline(never)]
    fn next(&self, worker: &'static Worker) -> Option<&'static Control> {
        let leaving = worker.running();
        self.decisions.fetch_add(1, Ordering::Relaxed);
        loop {
            self.look_at_network();
            if let Some(run) = &mut *self.lock() {
                run.collect(worker);
                if let Some(control) = leaving
                    && let Some(number) = run.number(control)
                {
                    run.left = (Some(number), control.state().describe());
                }
                if run.is_over() {
                    return None;
                }
                if !run.runnable.is_empty() {
                    let (from, why) = run.left;
                    return Some(run.decide(self.now(), from, why, None));
                }
            }
            // Who leaves does not wait yet, and a wake that comes now would make it run again: the loop asks once more.
            if leaving.is_some() || !self.advance(worker) {
                return None;
            }
        }
    }

    /// All threads wait: lets time pass until the next deadline. False if there is none.
    fn advance(&self, worker: &'static Worker) -> bool {
        let deadline = match worker.timers().next() {
            timer::NEVER => None,
            deadline => Some(deadline.saturating_sub(timer::now())),
        };
        let network = self.network();
        let arrival = network.as_ref().and_then(|network| lock(network).next());
        let arrival = arrival.map(|arrival| arrival.saturating_sub(self.now()));
        let Some(ahead) = deadline.into_iter().chain(arrival).min() else {
            return false;
        };
        let now = self.now() + ahead;
        self.now.store(now, Ordering::Relaxed);
        worker.timers().fire(timer::now());
        if let Some(network) = network {
            lock(&network).deliver(now);
        }
        true
    }

    /// Makes those runnable whose sockets are ready.
    fn look_at_network(&self) {
        if let Some(network) = self.network() {
            lock(&network).wake_ready();
        }
    }

    /// The running thread `me` is at a point: others may go first, and do if it `yields` and there are any.
    #[cold]
    #[inline(never)]
    fn point(&self, worker: &'static Worker, me: &'static Control, why: &'static str, yields: bool) {
        self.decisions.fetch_add(1, Ordering::Relaxed);
        self.look_at_network();
        let next = match &mut *self.lock() {
            Some(run) => {
                run.collect(worker);
                let Some(number) = run.number(me) else { return };
                if run.is_over() {
                    None
                } else if yields && !run.runnable.is_empty() {
                    run.plan.yielded(number);
                    Some(run.decide(self.now(), Some(number), why, None))
                } else {
                    Some(run.decide(self.now(), Some(number), why, Some((number, me))))
                }
            }
            None => return,
        };
        if !next.is_some_and(|next| std::ptr::eq(next, me)) {
            switch::leave_for(me, next);
        }
    }

    fn ended(&self, control: &'static Control) {
        if let Some(run) = &mut *self.lock() {
            run.left = (run.numbers.remove(&address(control)), "ends");
            run.root_ended |= run.left.0 == Some(0);
        }
    }
}

/// The calling thread and its worker, if it is a thread of a run and may switch.
#[inline]
fn here() -> Option<(&'static Control, &'static Worker, &'static Sim)> {
    clock::current_run()?;
    let me = current::get()?;
    let worker = me.worker()?;
    if current::must_not_switch() {
        return None;
    }
    Some((me, worker, worker.simulation()?))
}

/// The caller is about to do what others can see. In a run, others may go first.
#[inline]
pub(crate) fn point(why: &'static str) {
    if let Some((me, worker, sim)) = here() {
        sim.point(worker, me, why, false);
    }
}

/// Whether the caller is a part of a run.
#[inline]
pub(crate) fn is_on() -> bool {
    clock::current_run().is_some()
}

/// Whether the wait that the caller begins ends at once, for no reason, as conditions and `park` may.
pub(crate) fn is_spurious() -> bool {
    let Some((_, _, sim)) = here() else { return false };
    match &mut *sim.lock() {
        Some(run) => run.random.chance(run.limits.spurious),
        None => false,
    }
}

/// For what no seed determines.
///
/// # Errors
/// In a run.
pub(crate) fn refuse(what: &str) -> std::io::Result<()> {
    if is_on() {
        let text = format!("deterministic mode has no {what}");
        return Err(std::io::Error::new(std::io::ErrorKind::Unsupported, text));
    }
    Ok(())
}

/// The caller lets others go first; false if it is no thread of a run.
#[inline]
pub(super) fn yield_now() -> bool {
    let here = here();
    if let Some((me, worker, sim)) = here {
        sim.point(worker, me, "yields", true);
    }
    here.is_some()
}

/// In place of [`Worker::next_thread`], where `worker` is a run's.
#[inline]
pub(super) fn next_thread(worker: &'static Worker) -> Option<Option<&'static Control>> {
    Some(worker.simulation()?.next(worker))
}

/// A new thread belongs to the run of its parent.
#[inline]
pub(super) fn adopt(control: &'static Control) {
    if let Some(worker) = current::worker()
        && let Some(sim) = worker.simulation()
    {
        control.set_worker(worker);
        control.set_bound(true);
        if let Some(run) = &mut *sim.lock() {
            run.admit(control, current::get());
        }
    }
}

/// The calling thread has come to its end.
#[inline]
pub(super) fn ended(me: &'static Control) {
    if let Some(sim) = me.worker().and_then(Worker::simulation) {
        sim.ended(me);
        me.set_state(State::Free);
    }
}

/// Whether `control`, which the computation of `worker` woke, has no business there: one of the two is of a run.
#[inline]
pub(super) fn is_foreign(worker: &'static Worker, control: &'static Control) -> bool {
    worker.simulation().is_some() && !control.is_bound()
}

/// The host that the caller is on.
pub(crate) fn host() -> IpAddr {
    let host = || {
        let (me, sim) = (current::get()?, clock::current_run()?);
        let run = &*sim.lock();
        let run = run.as_ref()?;
        Some(run.hosts[run.number(me)?])
    };
    host().unwrap_or(network::DEFAULT_HOST)
}

/// Puts the caller, if it is a thread of a run, on a host.
pub(crate) fn set_host(host: IpAddr) {
    if let Some(me) = current::get()
        && let Some(sim) = clock::current_run()
        && let Some(run) = &mut *sim.lock()
        && let Some(number) = run.number(me)
    {
        run.hosts[number] = host;
    }
}

/// Changes the network of the caller's run.
pub(crate) fn with_network(change: impl FnOnce(&mut Network)) {
    point("changes the network");
    if let Some(network) = clock::current_run().and_then(Sim::network) {
        change(&mut lock(&network));
    }
}
