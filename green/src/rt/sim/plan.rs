//! Who runs next: the two strategies.
//!
//! *Random* takes any runnable thread, each as likely as the others. *PCT* (Burckhardt, Kothari, Musuvathi, Nagarakatte: A Randomized
//! Scheduler with Probabilistic Guarantees of Finding Bugs, ASPLOS 2010) gives each thread a random priority and always runs the
//! highest; at `depth - 1` random decisions of the first `steps` the thread that would run next falls below all others. With
//! `n` threads a bug that needs `depth` orderings is found with a probability of at least `1 / (n * steps^(depth - 1))` in each run.
//!
//! Only decisions between several threads count as steps: where one thread can run, nothing is decided.

use super::random::Random;
use crate::sim::{Schedule, Strategy};

/// Priorities above this are those that threads begin with; those of threads that fell, or yielded, count down from it.
const MIDDLE: u64 = 1 << 63;

/// The decisions of one run.
pub(super) struct Plan {
    random: Random,
    strategy: Strategy,
    /// Of PCT: by the threads' numbers.
    priorities: Vec<u64>,
    /// Of PCT: the steps at which a thread falls, the next one last.
    falls: Vec<u64>,
    /// What the next thread that falls gets.
    lowest: u64,
    steps: u64,
}

impl Plan {
    pub(super) fn new(schedule: &Schedule) -> Plan {
        let mut random = Random::new(schedule.seed(), 0);
        let mut falls = Vec::new();
        if let Strategy::Pct { depth, steps } = schedule.strategy() {
            falls.extend((1..depth).map(|_| 1 + random.below(steps)));
            falls.sort_unstable_by(|one, other| other.cmp(one));
        }
        Plan {
            random,
            strategy: schedule.strategy(),
            priorities: Vec::new(),
            falls,
            lowest: MIDDLE,
            steps: 0,
        }
    }

    /// Decisions between several threads until now.
    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    /// A new thread: its number is that of the calls before.
    pub(super) fn admit(&mut self) {
        if let Strategy::Pct { .. } = self.strategy {
            self.priorities.push(MIDDLE + 1 + self.random.below(MIDDLE - 2));
        }
    }

    /// `thread` asked for others to go first.
    pub(super) fn yielded(&mut self, thread: usize) {
        self.fall(thread);
    }

    fn fall(&mut self, thread: usize) {
        if let Some(priority) = self.priorities.get_mut(thread) {
            self.lowest -= 1;
            *priority = self.lowest;
        }
    }

    /// Which of the `candidates`, threads' numbers of which there is one at least, runs next: its place.
    pub(super) fn choose(&mut self, candidates: &[usize]) -> usize {
        if candidates.len() < 2 {
            return 0;
        }
        self.steps += 1;
        if self.strategy == Strategy::Random {
            let place = self.random.below(candidates.len() as u64);
            return usize::try_from(place).unwrap_or(0);
        }
        while self.falls.last().is_some_and(|&step| step <= self.steps) {
            self.falls.pop();
            self.fall(candidates[self.highest(candidates)]);
        }
        self.highest(candidates)
    }

    fn highest(&self, candidates: &[usize]) -> usize {
        let priority = |place: &usize| self.priorities.get(candidates[*place]).copied().unwrap_or(0);
        // Of equals the first: `max_by_key` takes the last.
        (0..candidates.len()).rev().max_by_key(priority).unwrap_or(0)
    }
}
