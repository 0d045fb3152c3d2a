//! What the engine counts. Counters are read one after the other, so they need not fit each other to the last unit.

use std::fmt::Write;

use super::control::State;
use super::runtime::Runtime;
use super::{blocking, reactor, stack};

/// Numbers about the runtime at one moment. See [`runtime::metrics`](crate::runtime::metrics).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// Green threads that live, by what they do: a word for it, and how many.
    pub threads: Vec<(String, usize)>,
    /// Operating-system threads that run green threads, spares included.
    pub workers: usize,
    /// Workers that sleep, spares included.
    pub workers_asleep: usize,
    /// Workers that are held up now by a call or a computation of ten milliseconds.
    pub workers_stuck: usize,
    /// How often workers have chosen a thread to run, each in turn; a counter of 32 bits that wraps.
    pub decisions: Vec<u32>,
    /// Threads that wait in queues that no worker owns.
    pub queued: usize,
    /// Descriptors that the reactor knows.
    pub descriptors: usize,
    /// How often the reactor was looked at, which is a system call each.
    pub looks: u64,
    /// Events that it had.
    pub events: u64,
    /// Operating-system threads of the pool for calls that block, those that wait for such calls, and calls that wait for a thread.
    pub pool_threads: usize,
    /// Of those, the idle ones.
    pub pool_idle: usize,
    /// Calls that wait for one.
    pub pool_queued: usize,
}

impl Metrics {
    pub(crate) fn now() -> Metrics {
        let mut metrics = Metrics::default();
        let (looks, events) = reactor::counts();
        metrics.looks = looks;
        metrics.events = events;
        metrics.descriptors = reactor::registered();
        (metrics.pool_threads, metrics.pool_idle, metrics.pool_queued) = blocking::counts();
        let Some(runtime) = Runtime::get() else {
            return metrics;
        };
        let mut by_state = [0; State::ALL.len()];
        stack::for_each_used(|control| by_state[control.state() as usize] += 1);
        metrics.threads = State::ALL
            .into_iter()
            .filter(|state| *state != State::Free)
            .map(|state| (format!("{state:?}").to_lowercase(), by_state[state as usize]))
            .collect();
        metrics.workers = runtime.worker_count();
        metrics.workers_asleep = runtime.idle.asleep();
        metrics.workers_stuck = runtime.stuck();
        metrics.decisions = runtime.workers().map(|worker| worker.ticks()).collect();
        metrics.queued = runtime.global.len();
        metrics
    }

    /// The same in Prometheus' text format, version 0.0.4: what an endpoint `/metrics` answers.
    #[must_use]
    pub fn to_prometheus(&self) -> String {
        let mut text = String::new();
        family(
            &mut text,
            "threads",
            "gauge",
            "Green threads that live, by what they do.",
        );
        for (state, count) in &self.threads {
            let _ = writeln!(text, "threadbare_threads{{state=\"{state}\"}} {count}");
        }
        let simple = [
            (
                "workers",
                "gauge",
                "Workers, spares included.",
                self.workers as u64,
            ),
            (
                "workers_asleep",
                "gauge",
                "Workers that sleep.",
                self.workers_asleep as u64,
            ),
            (
                "workers_stuck",
                "gauge",
                "Workers held up by a call or a computation.",
                self.workers_stuck as u64,
            ),
            (
                "queued",
                "gauge",
                "Threads in queues that no worker owns.",
                self.queued as u64,
            ),
            (
                "descriptors",
                "gauge",
                "Descriptors that the reactor knows.",
                self.descriptors as u64,
            ),
            ("looks_total", "counter", "Looks at the reactor.", self.looks),
            ("events_total", "counter", "Events of the reactor.", self.events),
            (
                "pool_threads",
                "gauge",
                "Threads of the pool for calls that block.",
                self.pool_threads as u64,
            ),
            (
                "pool_idle",
                "gauge",
                "Idle threads of the pool.",
                self.pool_idle as u64,
            ),
            (
                "pool_queued",
                "gauge",
                "Calls that wait for a thread of the pool.",
                self.pool_queued as u64,
            ),
        ];
        for (name, kind, help, value) in simple {
            family(&mut text, name, kind, help);
            let _ = writeln!(text, "threadbare_{name} {value}");
        }
        family(
            &mut text,
            "decisions_total",
            "counter",
            "Threads that a worker has chosen to run.",
        );
        for (worker, count) in self.decisions.iter().enumerate() {
            let _ = writeln!(text, "threadbare_decisions_total{{worker=\"{worker}\"}} {count}");
        }
        text
    }
}

fn family(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(
        text,
        "# HELP threadbare_{name} {help}\n# TYPE threadbare_{name} {kind}"
    );
}
