//! What determines a run: a strategy and a seed, and how they are written.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

/// How the next thread is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Strategy {
    /// Any thread that can run, each as likely as the others.
    Random,
    /// By random priorities, with `depth - 1` changes among the first `steps` decisions (PCT). Finds bugs that need few particular
    /// orderings in long runs, where random choices lose themselves.
    Pct {
        /// How many orderings the bug needs: 1 for "this before that", 2 for most races.
        depth: u32,
        /// How many decisions between several threads a run is expected to make.
        steps: u64,
    },
}

/// A strategy and a seed: the whole of what determines a run. Written as `random:0x2a` or `pct:3:250:0x2a` (depth, steps, seed).
///
/// ```
/// use threadbare::sim::Schedule;
///
/// let schedule: Schedule = "pct:3:250:0x2a".parse()?;
/// assert_eq!(schedule.seed(), 42);
/// assert_eq!(schedule.to_string(), "pct:3:250:0x2a");
/// # Ok::<(), threadbare::sim::ParseScheduleError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Schedule {
    strategy: Strategy,
    seed: u64,
}

impl Schedule {
    /// Puts the two together.
    #[must_use]
    pub fn new(strategy: Strategy, seed: u64) -> Schedule {
        Schedule { strategy, seed }
    }

    /// Random choices.
    #[must_use]
    pub fn random(seed: u64) -> Schedule {
        Schedule::new(Strategy::Random, seed)
    }

    /// Random priorities: see [`Strategy::Pct`].
    #[must_use]
    pub fn pct(depth: u32, steps: u64, seed: u64) -> Schedule {
        Schedule::new(Strategy::Pct { depth, steps }, seed)
    }

    /// How the next thread is chosen.
    #[must_use]
    pub fn strategy(&self) -> Strategy {
        self.strategy
    }

    /// Where all random numbers come from.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.strategy {
            Strategy::Random => write!(formatter, "random:{:#x}", self.seed),
            Strategy::Pct { depth, steps } => write!(formatter, "pct:{depth}:{steps}:{:#x}", self.seed),
        }
    }
}

/// A text is no [`Schedule`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseScheduleError(());

impl fmt::Display for ParseScheduleError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("expected `random:SEED` or `pct:DEPTH:STEPS:SEED`")
    }
}

impl std::error::Error for ParseScheduleError {}

impl From<ParseIntError> for ParseScheduleError {
    fn from(_: ParseIntError) -> Self {
        ParseScheduleError(())
    }
}

fn number(text: &str) -> Result<u64, ParseIntError> {
    text.strip_prefix("0x")
        .map_or_else(|| text.parse(), |digits| u64::from_str_radix(digits, 16))
}

impl FromStr for Schedule {
    type Err = ParseScheduleError;

    fn from_str(text: &str) -> Result<Schedule, ParseScheduleError> {
        let parts: Vec<&str> = text.trim().split(':').collect();
        match parts[..] {
            ["random", seed] => Ok(Schedule::random(number(seed)?)),
            ["pct", depth, steps, seed] => Ok(Schedule::pct(depth.parse()?, number(steps)?, number(seed)?)),
            _ => Err(ParseScheduleError(())),
        }
    }
}
