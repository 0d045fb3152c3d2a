//! Configuring runs, and running.

use std::sync::Arc;

use super::failure::{Cause, Failure};
use super::network::millionths;
use super::{Network, SEED_VARIABLE, SEEDS_VARIABLE, Schedule, Strategy, Trace};
use crate::rt::sim::{self, Ended, Limits, random::mix};

/// How many steps PCT expects before it has seen a run.
const FIRST_STEPS: u64 = 100;

/// What a test's function returns.
pub trait Outcome: Send + 'static {
    /// The error, if it is one.
    #[doc(hidden)]
    fn error(&self) -> Option<String>;
}

impl Outcome for () {
    fn error(&self) -> Option<String> {
        None
    }
}

impl<T: Send + 'static, E: std::fmt::Debug + Send + 'static> Outcome for Result<T, E> {
    fn error(&self) -> Option<String> {
        self.as_ref().err().map(|error| format!("{error:?}"))
    }
}

/// Configures deterministic runs. The attribute [`test`](crate::test) calls these methods by name.
///
/// ```
/// use threadbare::{sim, thread, time};
/// use time::{Duration, Instant};
///
/// sim::Builder::new().seeds(10).pct(2).explore(|| {
///     let start = Instant::now();
///     let sleeper = thread::spawn(|| time::sleep(Duration::from_secs(3600)));
///     sleeper.join().unwrap();
///     assert_eq!(start.elapsed(), Duration::from_secs(3600));
/// });
/// ```
#[derive(Clone, Debug)]
#[must_use = "does nothing unless it runs something"]
pub struct Builder {
    /// Of PCT; 0 for random choices.
    depth: u32,
    seeds: u64,
    first_seed: u64,
    twice: bool,
    limits: Limits,
    network: Network,
    name: Option<String>,
}

impl Default for Builder {
    fn default() -> Builder {
        Builder::new()
    }
}

/// The result of one run.
#[derive(Debug)]
#[non_exhaustive]
pub struct Run<T> {
    /// What the function returned, or why there is nothing.
    pub result: Result<T, Cause>,
    /// What was decided.
    pub trace: Trace,
}

impl Builder {
    /// One hundred seeds, random choices, each run twice, at most a million decisions.
    pub fn new() -> Builder {
        Builder {
            depth: 0,
            seeds: 100,
            first_seed: 0,
            twice: true,
            limits: Limits {
                decisions: 1_000_000,
                spurious: 0,
            },
            network: Network::new(),
            name: None,
        }
    }

    /// How many seeds to explore; `THREADBARE_SEEDS` says otherwise.
    pub fn seeds(mut self, seeds: u64) -> Builder {
        self.seeds = seeds;
        self
    }

    /// Where to begin, for tests that shall not all see the same seeds.
    pub fn first_seed(mut self, seed: u64) -> Builder {
        self.first_seed = seed;
        self
    }

    /// Chooses any runnable thread: [`Strategy::Random`].
    pub fn random(mut self) -> Builder {
        self.depth = 0;
        self
    }

    /// Chooses by priorities: [`Strategy::Pct`] with this depth, and with as many steps as the runs before have made.
    pub fn pct(mut self, depth: u32) -> Builder {
        self.depth = depth.max(1);
        self
    }

    /// Whether each schedule runs twice, to see whether both do the same.
    pub fn twice(mut self, twice: bool) -> Builder {
        self.twice = twice;
        self
    }

    /// After how many decisions a run counts as endless.
    pub fn most_decisions(mut self, decisions: u64) -> Builder {
        self.limits.decisions = decisions;
        self
    }

    /// The chance, from 0 to 1, that a wait for a condition, or `park`, returns at once and for no reason, as std allows. It finds waits
    /// that do not look again. None by default, for it also ends waits whose notification was lost.
    pub fn spurious(mut self, chance: f64) -> Builder {
        self.limits.spurious = millionths(chance);
        self
    }

    /// How the network behaves.
    pub fn network(mut self, network: Network) -> Builder {
        self.network = network;
        self
    }

    /// The test's name in the line that replays it: by default that of the calling thread, which is right in a test.
    pub fn name(mut self, name: impl Into<String>) -> Builder {
        self.name = Some(name.into());
        self
    }

    /// Runs `root` once, as `schedule` says, and waits for its end.
    ///
    /// The run ends when `root` returns: threads that it leaves behind are not heard of again, as at the end of a process, and what is
    /// theirs leaks.
    pub fn run<T: Send + 'static>(
        &self,
        schedule: Schedule,
        root: impl FnOnce() -> T + Send + 'static,
    ) -> Run<T> {
        let (result, trace) = match sim::run(&schedule, self.limits, &self.network, root) {
            Err(error) => (Err(Cause::NotStarted(error)), Trace::default()),
            Ok((ended, trace)) => (self.result_of(ended), trace),
        };
        Run { result, trace }
    }

    fn result_of<T>(&self, ended: Ended<T>) -> Result<T, Cause> {
        match ended {
            Ended::Root(Ok(value)) => Ok(value),
            Ended::Root(Err(payload)) => Err(Cause::Panic(payload)),
            Ended::Deadlock(threads) => Err(Cause::Deadlock(threads)),
            Ended::TooLong => Err(Cause::TooLong(self.limits.decisions)),
        }
    }

    /// Runs `test` with one schedule after the other until one fails, and hands that failure back; `Ok` says how many passed.
    ///
    /// # Errors
    /// With the first failure.
    pub fn search<T: Outcome>(
        &self,
        test: impl Fn() -> T + Send + Sync + 'static,
    ) -> Result<u64, Box<Failure>> {
        let test = Arc::new(test);
        let forced = schedule_of_environment();
        let seeds = if forced.is_some() {
            1
        } else {
            self.number_of_seeds()
        };
        let mut seen = 0;
        for passed in 0..seeds {
            let seed = mix(self.first_seed.wrapping_add(passed + 1)) >> 32;
            // The first run shows how long runs are.
            let steps = if seen == 0 { FIRST_STEPS } else { seen };
            let strategy = match self.depth {
                0 => Strategy::Random,
                depth => Strategy::Pct { depth, steps },
            };
            let schedule = forced.unwrap_or(Schedule::new(strategy, seed));
            let (cause, trace) = self.try_one(schedule, &test);
            seen = seen.max(trace.steps());
            if let Some(cause) = cause {
                return Err(Box::new(Failure {
                    schedule,
                    cause,
                    trace,
                    passed,
                    test: self.test_name(),
                }));
            }
        }
        Ok(seeds)
    }

    /// Runs a schedule, twice if wanted; why it failed, if it did.
    fn try_one<T: Outcome>(
        &self,
        schedule: Schedule,
        test: &Arc<impl Fn() -> T + Send + Sync + 'static>,
    ) -> (Option<Cause>, Trace) {
        let once = || {
            let test = Arc::clone(test);
            let run = self.run(schedule, move || test());
            let cause = match run.result {
                Ok(value) => value.error().map(Cause::Error),
                Err(cause) => Some(cause),
            };
            (cause, run.trace)
        };
        let (first, trace) = once();
        if self.twice {
            let (second, other) = once();
            if let Some(difference) = trace.difference(&other) {
                return (Some(Cause::Diverged(difference)), trace);
            }
            if first.is_some() != second.is_some() {
                let text = "one fails and the other does not, though they decide the same";
                return (Some(Cause::Diverged(text.to_owned())), trace);
            }
        }
        (first, trace)
    }

    /// As [`search`](Self::search), for tests: a failure prints the line that replays it on standard error.
    ///
    /// # Panics
    /// When a schedule fails: with the test's own panic, if it was one.
    pub fn explore<T: Outcome>(&self, test: impl Fn() -> T + Send + Sync + 'static) {
        let Err(failure) = self.search(test) else { return };
        let (text, replay) = (failure.to_string(), failure.replay());
        eprintln!("threadbare: {text}");
        eprintln!(
            "threadbare: after {} that passed; replay with: {replay}",
            failure.passed
        );
        match failure.cause {
            Cause::Panic(payload) => std::panic::resume_unwind(payload),
            // The rest is above.
            _ => panic!("{}", text.lines().next().unwrap_or_default()),
        }
    }

    fn test_name(&self) -> Option<String> {
        let own = || std::thread::current().name().map(str::to_owned);
        self.name.clone().or_else(own).filter(|name| name != "main")
    }

    fn number_of_seeds(&self) -> u64 {
        let said = std::env::var(SEEDS_VARIABLE).ok();
        said.and_then(|text| text.parse().ok()).unwrap_or(self.seeds)
    }
}

/// # Panics
/// When the variable is set, but is no schedule.
fn schedule_of_environment() -> Option<Schedule> {
    let text = std::env::var(SEED_VARIABLE).ok()?;
    match text.parse() {
        Ok(schedule) => Some(schedule),
        Err(error) => panic!("{SEED_VARIABLE}={text}: {error}"),
    }
}
