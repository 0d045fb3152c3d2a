//! Why a run could not be done, and the exit status that says so.
//!
//! The statuses are Docker's: 125 the runner failed, 126 the program cannot be executed, 127 it is not there.

use std::fmt::Display;

/// The runner failed.
pub(crate) const RUNNER: u8 = 125;
/// The program is there but cannot be executed.
pub(crate) const NOT_EXECUTABLE: u8 = 126;
/// The program is not there.
pub(crate) const NOT_FOUND: u8 = 127;

/// A failure, told to a person: what went wrong, why, and what to do next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Failure {
    pub(crate) status: u8,
    pub(crate) text: String,
}

impl Failure {
    /// A failure of the runner itself.
    pub(crate) fn runner(text: impl Into<String>) -> Self {
        Self {
            status: RUNNER,
            text: text.into(),
        }
    }

    /// The program is there but cannot be executed.
    pub(crate) fn not_executable(text: impl Into<String>) -> Self {
        Self {
            status: NOT_EXECUTABLE,
            text: text.into(),
        }
    }

    /// The program is not there.
    pub(crate) fn not_found(text: impl Into<String>) -> Self {
        Self {
            status: NOT_FOUND,
            text: text.into(),
        }
    }
}

/// Says what was being done when something failed.
pub(crate) trait Context<T> {
    /// Turns an error into a [`Failure`] of the runner: "`what`: error".
    fn context<W: Display>(self, what: impl FnOnce() -> W) -> Result<T, Failure>;
}

impl<T, E: Display> Context<T> for Result<T, E> {
    fn context<W: Display>(self, what: impl FnOnce() -> W) -> Result<T, Failure> {
        self.map_err(|error| Failure::runner(format!("{}: {error}", what())))
    }
}
