//! What the program printed, as numbers.

use std::collections::BTreeMap;

/// What one row gave.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reading {
    /// What an operation costs, in nanoseconds of the machine's time: the median of the rounds.
    Cost(f64),
    /// The kernel has not what the row needs, or the row ended or hung the machine: why.
    Absent(String),
}

/// Rows by name.
pub(super) type Readings = BTreeMap<String, Reading>;

/// What one run of the program gave.
#[derive(Debug, Default)]
pub(super) struct Run {
    pub(super) readings: Readings,
    /// The row that began last, if the program did not come to its end.
    pub(super) unfinished: Option<String>,
    /// Whether the program came to its end.
    pub(super) complete: bool,
}

/// Reads the lines of a console. Under icount, a nanosecond and a tick are an instruction; ticks are exact, and the clock
/// that a kernel makes of them need not be.
pub(super) fn read(console: &str, icount: bool) -> Run {
    let mut run = Run::default();
    let mut costs: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for line in console.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["begin", row] => run.unfinished = Some(row.to_owned()),
            ["cost", row, operations, nanoseconds, ticks] => {
                let spent = if icount { ticks } else { nanoseconds };
                if let (Ok(operations), Ok(spent)) = (operations.parse::<f64>(), spent.parse::<f64>()) {
                    costs.entry(row.to_owned()).or_default().push(spent / operations);
                }
            }
            ["absent", row, ref why @ ..] => {
                run.readings
                    .insert(row.to_owned(), Reading::Absent(why.join(" ")));
            }
            ["end"] => run.complete = true,
            _ => {}
        }
    }
    if run.complete {
        run.unfinished = None;
    }
    for (row, costs) in costs {
        run.readings
            .entry(row)
            .or_insert_with(|| Reading::Cost(median(costs)));
    }
    run
}

fn median(mut costs: Vec<f64>) -> f64 {
    costs.sort_by(f64::total_cmp);
    costs[costs.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::{Reading, read};

    #[test]
    fn a_row_costs_the_median_of_its_rounds() {
        let run = read(
            "begin a\r\ncost a 10 100 1\ncost a 10 300 3\ncost a 10 200 2\nend\n",
            false,
        );
        assert_eq!(run.readings["a"], Reading::Cost(20.0));
        assert!(run.complete && run.unfinished.is_none());
    }

    #[test]
    fn instructions_are_read_from_the_counter() {
        let run = read("begin a\ncost a 10 999 1000\nend\n", true);
        assert_eq!(run.readings["a"], Reading::Cost(100.0));
    }

    #[test]
    fn a_row_that_the_kernel_cannot_do_says_why() {
        let run = read("begin a\nabsent a fork(): Function not implemented\nend\n", true);
        assert_eq!(
            run.readings["a"],
            Reading::Absent("fork(): Function not implemented".into())
        );
    }

    #[test]
    fn a_row_that_ended_the_machine_is_named() {
        let run = read("begin a\ncost a 1 2 3\nbegin b\nKernel panic\n", true);
        assert_eq!(run.unfinished.as_deref(), Some("b"));
        assert!(!run.complete);
    }
}
