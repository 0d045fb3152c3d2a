//! One run, from its first thread to its end.

use std::io;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::clock::Running;
use super::network::calls::lock;
use super::{Sim, Trace};
use crate::rt::control::State;
use crate::rt::stack::overflow;
use crate::rt::worker::Worker;
use crate::rt::{Runtime, blocking, current, dump, stack, switch, timer};
use crate::sim::{Network, Schedule};
use crate::thread::{Builder, JoinHandle};

/// The first number of a run's threads: so that theirs are the same in each run.
const FIRST_NUMBER: u64 = 1 << 40;

/// For how many seconds a run may decide nothing before that is told.
const PATIENCE: u32 = 5;

/// What a run may do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// After as many it is given up.
    pub(crate) decisions: u64,
    /// How many of a million waits end for no reason.
    pub(crate) spurious: u32,
}

/// How a run ended.
pub(crate) enum Ended<T> {
    /// The root returned, or panicked.
    Root(std::thread::Result<T>),
    /// Nothing can ever run again: what each thread waits for.
    Deadlock(String),
    /// It went on for too long.
    TooLong,
}

/// Workers of runs that left nothing behind.
static WORKERS: Mutex<Vec<&'static Worker>> = Mutex::new(Vec::new());

fn workers() -> std::sync::MutexGuard<'static, Vec<&'static Worker>> {
    WORKERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `root` as `schedule` says, on an operating-system thread of its own, and waits for its end.
///
/// # Errors
/// When the runtime, the operating-system thread or the first green thread cannot start.
pub(crate) fn run<T: Send + 'static>(
    schedule: &Schedule,
    limits: Limits,
    network: &Network,
    root: impl FnOnce() -> T + Send + 'static,
) -> io::Result<(Ended<T>, Trace)> {
    let runtime = Runtime::get_or_start()?;
    // The real clock's beginning is before all virtual ones.
    let _real = timer::now();
    let worker = workers().pop();
    let worker = worker.unwrap_or_else(|| Worker::simulated(runtime));
    blocking::run(|| {
        std::thread::scope(|scope| {
            let (runs, ended) = mpsc::channel::<()>();
            let os_thread = std::thread::Builder::new()
                .name("threadbare-sim".to_owned())
                .spawn_scoped(scope, move || {
                    let _runs = runs;
                    serve(worker, schedule, limits, network, root)
                })?;
            watch(worker, schedule, &ended);
            os_thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    })
}

/// Until the run has ended: says so once if it stands still, for nothing else would.
fn watch(worker: &'static Worker, schedule: &Schedule, ended: &mpsc::Receiver<()>) {
    let decisions = || worker.simulation().map(Sim::decisions);
    let (mut seen, mut still) = (decisions(), 0);
    while ended.recv_timeout(Duration::from_secs(1)) == Err(RecvTimeoutError::Timeout) {
        let now = decisions();
        still = if now == seen { still + 1 } else { 0 };
        seen = now;
        if still == PATIENCE {
            eprintln!(
                "threadbare: schedule {schedule} has decided nothing for {PATIENCE} seconds: a thread computes, or holds up all \
                 others in a std lock, sleep or socket\n{}",
                dump::dump_of(worker)
            );
        }
    }
}

/// What the run's operating-system thread does.
fn serve<T: Send + 'static>(
    worker: &'static Worker,
    schedule: &Schedule,
    limits: Limits,
    network: &Network,
    root: impl FnOnce() -> T + Send + 'static,
) -> io::Result<(Ended<T>, Trace)> {
    let sim = worker.simulation().expect("a run's worker has its part");
    let _running = Running::enter();
    current::set_worker(worker);
    worker.note_thread_id();
    worker.note_thread_pointer();
    if let Some(sanitizer) = worker.sanitizer {
        sanitizer.enter_loop(worker);
    }
    if !cfg!(miri) {
        // Without it an overflow is not explained, no more.
        let _ = overflow::give_alternate_stack();
    }
    worker.number_from(FIRST_NUMBER);
    sim.begin(schedule, limits, network);
    let root = Builder::new().name("root".to_owned()).spawn(root)?;
    while let Some(control) = worker.next_thread() {
        switch::run(worker, control);
    }
    Ok(finish(worker, sim, root))
}

fn finish<T>(worker: &'static Worker, sim: &Sim, root: JoinHandle<T>) -> (Ended<T>, Trace) {
    let run = sim.lock().take().expect("the run that began");
    let mut trace = run.trace;
    if let Some(network) = sim.network() {
        trace.note(lock(&network).hash);
    }
    trace.finish(run.plan.steps(), sim.now());
    let ended = if run.root_ended {
        Ended::Root(root.join())
    } else if trace.decisions() >= run.limits.decisions {
        Ended::TooLong
    } else {
        Ended::Deadlock(dump::dump_of(worker))
    };
    if run.numbers.is_empty() {
        workers().push(worker);
    } else {
        abandon(worker);
    }
    (ended, trace)
}

/// Invariant 4: those that are left are no threads any more to anybody who counts.
fn abandon(worker: &'static Worker) {
    worker.cool_down();
    stack::for_each_used(|control| {
        let is_ours = control.worker().is_some_and(|its| std::ptr::eq(its, worker));
        if is_ours && control.is_bound() {
            control.set_state(State::Free);
        }
    });
}
