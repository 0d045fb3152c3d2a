//! How many tests passed and failed, over everything that a run does.

use anyhow::Result;
use std::ops::AddAssign;

/// A sum of tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
}

impl Tally {
    /// A check that counts as one test.
    pub(crate) fn of(passed: bool) -> Tally {
        Tally {
            passed: usize::from(passed),
            failed: usize::from(!passed),
        }
    }

    /// A step that could not be done at all counts as one failed test, and says why.
    pub(crate) fn or_failed(step: &str, outcome: Result<Tally>) -> Tally {
        outcome.unwrap_or_else(|error| {
            println!("{step} FAILED: {error:#}");
            Tally::of(false)
        })
    }

    /// What a line `test result: ok. 12 passed; 0 failed; …` of a test program adds. Other lines add nothing.
    pub(crate) fn of_line(line: &str) -> Tally {
        let Some((_, counts)) = line
            .strip_prefix("test result: ")
            .and_then(|rest| rest.split_once(". "))
        else {
            return Tally::default();
        };
        let count = |what| {
            let mut parts = counts.split("; ");
            parts
                .find_map(|part| part.strip_suffix(what)?.trim().parse().ok())
                .unwrap_or(0)
        };
        Tally {
            passed: count("passed"),
            failed: count("failed"),
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn sums_the_lines_of_test_programs() {
        let mut tally = Tally::default();
        for line in [
            "running 3 tests",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test result: FAILED. 1 passed; 2 failed; 0 ignored",
        ] {
            tally += Tally::of_line(line);
        }
        assert_eq!(tally, Tally { passed: 4, failed: 2 });
    }
}
