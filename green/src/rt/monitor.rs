//! A thread that watches the workers: it replaces those that are stuck, and notices when everybody sleeps for ever.
//!
//! A worker is stuck when it has not made a decision for some periods while it runs a thread: a system call, a std lock, a long
//! computation. Its queue is stealable as any other's, so all that is needed is somebody to steal: a sleeping worker is woken, or a
//! spare one is started. When the stuck worker comes back there is one too many, and the next that goes idle becomes a spare
//! (`rt::idle`). Bound threads (mode pinned) have to wait; nothing can run them elsewhere.

use std::sync::atomic::{AtomicU32, Ordering, fence};
use std::time::Duration;
use std::{fs, io};

use super::dump::dump;
use super::runtime::Runtime;
use super::trace::Names;
use super::worker::Worker;
use super::{census, os, place, reactor, signal, stack, timer};

const PERIOD: Duration = Duration::from_millis(2);

/// Periods without a decision after which a worker counts as stuck: ten milliseconds.
const STUCK_PERIODS: u32 = 5;

/// Periods of silence after which the monitor itself sleeps.
const QUIET_PERIODS: u32 = 50;

/// Looks that found all workers moving, after which the next come at [`SLOW`] times the period: each takes a processor from a worker.
const CALM_LOOKS: u32 = 25;
const SLOW: u32 = 4;

/// The monitor's own sleep.
#[derive(Default)]
pub(super) struct Monitor {
    sleeping: AtomicU32,
}

impl Monitor {
    pub(super) fn wake(&self) {
        if self.sleeping.load(Ordering::Relaxed) == 1 && self.sleeping.swap(0, Ordering::AcqRel) == 1 {
            os::futex_wake(&self.sleeping);
        }
    }
}

/// What the monitor remembers of a worker.
#[derive(Clone, Copy, Default)]
struct Seen {
    ticks: u32,
    still: u32,
}

pub(super) fn start(runtime: &'static Runtime) -> io::Result<()> {
    if cfg!(miri) {
        return Ok(());
    }
    std::thread::Builder::new()
        .name("threadbare-watch".to_owned())
        .spawn(move || watch(runtime))?;
    Ok(())
}

fn watch(runtime: &'static Runtime) {
    let mut seen = Vec::new();
    let mut quiet = 0;
    let mut calm = 0;
    let mut periods = 0_u32;
    loop {
        let pace = if calm >= CALM_LOOKS { SLOW } else { 1 };
        std::thread::sleep(PERIOD * pace);
        if signal::take_request() {
            os::write_stderr(dump().as_bytes());
        }
        periods = periods.wrapping_add(1);
        if runtime.idle.asleep() == runtime.worker_count() {
            quiet += pace;
            look_after_reactor(runtime);
        } else {
            quiet = 0;
            let all_move = look_at_workers(runtime, &mut seen, pace);
            calm = if all_move { calm + 1 } else { 0 };
        }
        if periods.is_multiple_of(16)
            && let Some(tls) = &runtime.tls
        {
            tls.watch();
        }
        if quiet >= QUIET_PERIODS {
            runtime.pool.trim(256);
            if everybody_waits(runtime) && runtime.config.report_deadlock {
                report_deadlock();
            }
            sleep(runtime);
            quiet = 0;
        }
    }
}

/// Until a worker wakes.
fn sleep(runtime: &'static Runtime) {
    runtime.monitor.sleeping.store(1, Ordering::Relaxed);
    // A worker that wakes later sees the flag, or we see that not all sleep.
    fence(Ordering::SeqCst);
    while runtime.monitor.sleeping.load(Ordering::Acquire) == 1
        && runtime.idle.asleep() == runtime.worker_count()
        && !signal::is_requested()
    {
        os::futex_wait(&runtime.monitor.sleeping, 1, Some(Duration::from_secs(1)));
    }
    runtime.monitor.sleeping.store(0, Ordering::Relaxed);
}

/// Where no worker looks at the reactor, because all are busy or because one that looked kept the last from sleeping there, wakes one;
/// where there is none to wake, looks itself. Whether there is something to run.
fn look_after_reactor(runtime: &'static Runtime) -> bool {
    match reactor::get() {
        Some(reactor) if reactor.is_neglected() && !runtime.idle.wake_searcher() => {
            reactor.look_now(None) > 0
        }
        _ => false,
    }
}

/// After `pace` periods: replaces workers that are stuck. Whether all have moved.
fn look_at_workers(runtime: &'static Runtime, seen: &mut Vec<Seen>, pace: u32) -> bool {
    seen.resize(runtime.worker_count(), Seen::default());
    let mut stuck = 0;
    let mut all_move = true;
    let mut newly_stuck = Vec::new();
    let mut waiting = runtime.global.len() > 0 || look_after_reactor(runtime);
    let now = timer::now();
    for worker in runtime.workers() {
        let Some(seen) = seen.get_mut(worker.index) else {
            continue;
        };
        let ticks = worker.ticks();
        if seen.ticks != ticks || worker.running().is_none() {
            *seen = Seen { ticks, still: 0 };
            worker.note_stuck(false);
            continue;
        }
        all_move = false;
        let before = seen.still;
        seen.still += pace;
        waiting |= worker.has_stealable() || worker.has_next();
        if seen.still >= STUCK_PERIODS || worker.is_blocking() {
            stuck += 1;
            worker.note_stuck(true);
            worker.timers().fire(now);
        }
        if before < STUCK_PERIODS && seen.still >= STUCK_PERIODS && runtime.config.report_blocked {
            newly_stuck.push(worker);
        }
    }
    runtime.set_stuck(stuck);
    if waiting && !runtime.idle.wake_searcher() {
        let enlisted = runtime.idle.enlisted(runtime.worker_count());
        if stuck > 0 && enlisted < runtime.target + stuck && !runtime.idle.enlist_spare() {
            // No memory for one: the next period tries again.
            let _ = runtime.start_worker();
        }
    }
    // Last, for it takes its time.
    newly_stuck.into_iter().for_each(report_blocked);
    all_move
}

/// Whether no thread of the process can ever run again, but for signal handlers: all workers sleep, no deadline is set, and
/// every other operating-system thread waits for a green thread.
fn everybody_waits(runtime: &'static Runtime) -> bool {
    let counts = || -> Option<bool> {
        let tasks = fs::read_dir("/proc/self/task").ok()?.count();
        let ours = runtime.worker_count() + 1;
        let timers = runtime
            .workers()
            .all(|worker| worker.timers().next() == timer::NEVER);
        let asleep = runtime.idle.asleep() == runtime.worker_count();
        let mut outside = false;
        stack::for_each_used(|control| outside |= control.state().is_outside());
        Some(asleep && !outside && timers && census::blocked() > 0 && tasks == ours + census::blocked())
    };
    let ticks = || {
        runtime
            .workers()
            .map(|worker| u64::from(worker.ticks()))
            .sum::<u64>()
    };
    let before = ticks();
    if counts() != Some(true) {
        return false;
    }
    std::thread::sleep(Duration::from_millis(50));
    counts() == Some(true) && ticks() == before
}

fn report_deadlock() {
    let text = format!(
        "threadbare: all threads are asleep and nothing can wake them: a deadlock\n{}",
        dump()
    );
    os::write_stderr(text.as_bytes());
}

/// Says which thread holds up which worker, where, and in which system call.
fn report_blocked(worker: &'static Worker) {
    let Some(control) = worker.running() else { return };
    let mut text = String::from("threadbare: thread ");
    let _ = control.describe(&mut text);
    let call =
        fs::read_to_string(format!("/proc/self/task/{}/syscall", worker.thread_id())).unwrap_or_default();
    let what = match call.split_whitespace().next() {
        None | Some("running") => "computing".to_owned(),
        Some(number) => format!("in system call {number}"),
    };
    text.push_str(&format!(
        " has held worker {} for {:?}, {what}\n",
        worker.index,
        PERIOD * STUCK_PERIODS
    ));
    match place::of(worker, control) {
        Some(trace) => Names::default().write(&trace, &mut text),
        None => text.push_str("      (where is not known)\n"),
    }
    os::write_stderr(text.as_bytes());
}
