//! What a run decided: to compare runs, and to say where they part.

use std::fmt;

use super::random::mix;

/// As many decisions are kept; those after that are in the hash only.
const KEPT: usize = 1 << 18;

/// One decision: a thread came to a point, and a thread went on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Decision {
    /// Virtual nanoseconds since the start.
    time: u64,
    /// The thread that stopped, or that was the last to run.
    from: Option<u32>,
    /// Why it stopped.
    why: &'static str,
    to: u32,
    /// Of how many.
    candidates: u32,
}

/// All decisions of a run, in their order. Runs with equal traces did the same.
#[derive(Clone, Default)]
pub struct Trace {
    decisions: Vec<Decision>,
    count: u64,
    steps: u64,
    hash: u64,
    names: Vec<String>,
    time: u64,
}

impl Trace {
    pub(super) fn admit(&mut self, name: String) {
        self.names.push(name);
    }

    pub(super) fn decide(
        &mut self,
        time: u64,
        from: Option<usize>,
        why: &'static str,
        to: usize,
        candidates: usize,
    ) {
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let decision = Decision {
            time,
            from: from.map(small),
            why,
            to: small(to),
            candidates: small(candidates),
        };
        self.count += 1;
        self.note(time);
        self.note(u64::from(decision.from.map_or(u32::MAX, |from| from)));
        self.note(u64::from(decision.to) << 32 | u64::from(decision.candidates));
        self.note_text(why);
        if self.decisions.len() < KEPT {
            self.decisions.push(decision);
        }
    }

    /// Something else that has to be the same: in the hash only.
    pub(super) fn note(&mut self, number: u64) {
        self.hash = mix(self.hash.rotate_left(5) ^ number);
    }

    fn note_text(&mut self, text: &str) {
        let sum = text.bytes().fold(0_u64, |sum, byte| {
            sum.wrapping_mul(0x100_0000_01B3) ^ u64::from(byte)
        });
        self.note(sum);
    }

    pub(super) fn finish(&mut self, steps: u64, time: u64) {
        self.steps = steps;
        self.time = time;
    }

    /// A number for all that happened.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// How often a thread came to a point where it, or another, went on.
    #[must_use]
    pub fn decisions(&self) -> u64 {
        self.count
    }

    /// How many of the decisions were between several threads.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// How much virtual time has passed.
    #[must_use]
    pub fn elapsed(&self) -> std::time::Duration {
        std::time::Duration::from_nanos(self.time)
    }

    /// The first decision at which `other` differs, in words; `None` if the two are the same.
    #[must_use]
    pub fn difference(&self, other: &Trace) -> Option<String> {
        if self.hash == other.hash && self.count == other.count {
            return None;
        }
        let both = self.decisions.iter().zip(&other.decisions);
        let place = both.take_while(|(one, two)| one == two).count();
        let tell = |trace: &Trace| {
            let told = trace.decisions.get(place);
            told.map_or_else(
                || "nothing more".to_owned(),
                |decision| Told(trace, *decision).to_string(),
            )
        };
        Some(if place < self.decisions.len().max(other.decisions.len()) {
            format!("decision {place} was: {}; and then: {}", tell(self), tell(other))
        } else {
            format!("the network differs, or a decision after the first {KEPT}")
        })
    }
}

/// A decision in words.
struct Told<'a>(&'a Trace, Decision);

impl fmt::Display for Told<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Told(trace, decision) = self;
        let name = |thread: u32| {
            let index = usize::try_from(thread).unwrap_or(usize::MAX);
            trace.names.get(index).map_or("a thread", String::as_str)
        };
        let time = std::time::Duration::from_nanos(decision.time);
        match decision.from {
            Some(from) => write!(formatter, "at {time:?} {} ({}), ", name(from), decision.why),
            None => write!(formatter, "at {time:?} "),
        }?;
        write!(
            formatter,
            "then {}, of {} runnable",
            name(decision.to),
            decision.candidates
        )
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Trace")
            .field("hash", &self.hash)
            .field("decisions", &self.count)
            .field("steps", &self.steps)
            .field("elapsed", &self.elapsed())
            .finish()
    }
}

impl PartialEq for Trace {
    fn eq(&self, other: &Trace) -> bool {
        self.hash == other.hash && self.count == other.count
    }
}

impl Eq for Trace {}
