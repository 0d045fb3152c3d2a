//! How runs fail, and how that is told.

use std::any::Any;
use std::fmt;

use super::{Schedule, Trace};

/// Why a run failed.
#[non_exhaustive]
pub enum Cause {
    /// The first thread panicked, with this payload.
    Panic(Box<dyn Any + Send>),
    /// The test returned an error: its `Debug` text.
    Error(String),
    /// All threads wait and nothing can wake one: what each waits for, and by which calls it came there.
    Deadlock(String),
    /// The run made as many decisions as it may, and had not ended: threads that wait by looking again and again, perhaps.
    TooLong(u64),
    /// A second run of the same schedule did something else: the first difference. Something that the seed does not determine had a
    /// say; [the module](crate::sim) lists what that may be.
    Diverged(String),
    /// The run could not start.
    NotStarted(std::io::Error),
}

impl Cause {
    /// The text of a panic, as far as it has one.
    fn panic_text(payload: &(dyn Any + Send)) -> &str {
        let text = payload.downcast_ref::<&str>().copied();
        text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("(a payload that is no text)")
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Panic(payload) => write!(formatter, "it panicked: {}", Cause::panic_text(&**payload)),
            Cause::Error(error) => write!(formatter, "it returned an error: {error}"),
            Cause::Deadlock(threads) => {
                write!(formatter, "all threads wait and nothing can wake one\n{threads}")
            }
            Cause::TooLong(decisions) => {
                write!(formatter, "it had not ended after {decisions} decisions")
            }
            Cause::Diverged(difference) => {
                write!(
                    formatter,
                    "it is not deterministic: two runs differ; {difference}"
                )
            }
            Cause::NotStarted(error) => write!(formatter, "it could not start: {error}"),
        }
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// A run that failed, and what it takes to see it again.
#[derive(Debug)]
#[non_exhaustive]
pub struct Failure {
    /// What determined the run.
    pub schedule: Schedule,
    /// Why it failed.
    pub cause: Cause,
    /// What it decided.
    pub trace: Trace,
    /// How many schedules were tried before.
    pub passed: u64,
    pub(super) test: Option<String>,
}

impl Failure {
    /// The line that runs the test with this schedule.
    #[must_use]
    pub fn replay(&self) -> String {
        let test = self.test.as_deref().unwrap_or_default();
        let line = format!("{}={} cargo test {test}", super::SEED_VARIABLE, self.schedule);
        line.trim_end().to_owned()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failure { schedule, cause, .. } = self;
        write!(formatter, "schedule {schedule} fails: {cause}")
    }
}

impl std::error::Error for Failure {}
