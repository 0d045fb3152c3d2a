//! The tests that run inside a virtual machine, reported like `cargo test` reports.
//!
//! The test image answers to its command line, on COM1 and by the exit device:
//!
//! * `tests=list` prints `test NAME`, or `test NAME dies "text" "text" …` for a test that must kill the kernel.
//! * `tests=all` runs the tests that do not die, each with a line `test NAME ... ok` or `test NAME ... FAILED`, and
//!   ends with [`PASSED`] or [`FAILED`].
//! * `tests=NAME` runs one. A test that dies passes when the kernel ended with [`DIED`] and its report on COM1
//!   contains every text; one whose name ends in `_triple_fault` passes when the machine reset without a report.
//!
//! The tests that do not die share one machine of each model; every test that dies has a machine of its own.

mod list;

use super::machine::{self, End, Model, Outcome};
use crate::tally::Tally;
use anyhow::{Result, bail};
pub(crate) use list::Test;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// Values of the exit device.
const DIED: u32 = 0x11;
const PASSED: u32 = 0x12;
const FAILED: u32 = 0x13;

/// From one line of a machine to the next: tests take milliseconds, on an idle machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// Runs the tests of `image` whose name contains `filter`.
pub(crate) fn run(image: &Path, filter: Option<&str>) -> Result<Tally> {
    let tests = list(image)?;
    let chosen = |test: &&Test| filter.is_none_or(|part| test.name.contains(part));
    let (dying, living): (Vec<&Test>, Vec<&Test>) = tests.iter().filter(chosen).partition(|test| test.dies);
    println!(
        "running {} tests in one machine, {} that die in one each",
        living.len(),
        dying.len()
    );
    let mut tally = Tally::default();
    if filter.is_some() {
        tally += each(&living, |test| alone(image, test));
    } else {
        tally += together(image, Model::Microvm, &living)?;
        tally += together(image, Model::Q35, &living)?;
    }
    tally += each(&dying, |test| alone(image, test));
    let verdict = if tally.failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\nvm test result: {verdict}. {} passed; {} failed",
        tally.passed, tally.failed
    );
    Ok(tally)
}

/// The tests that `image` has.
pub(crate) fn list(image: &Path) -> Result<Vec<Test>> {
    let outcome = machine::run(image, Model::Microvm, "tests=list", PATIENCE, |_| {})?;
    let tests: Vec<Test> = outcome.console.lines().filter_map(list::parse).collect();
    if tests.is_empty() {
        bail!("the test image lists no tests:\n{}", shown(&outcome));
    }
    Ok(tests)
}

/// Every test that does not die, in one machine. A test without a line of its own failed: the machine ended in it or
/// before it.
fn together(image: &Path, model: Model, tests: &[&Test]) -> Result<Tally> {
    let suffix = if model == Model::Microvm { "" } else { " (q35)" };
    let mut results = BTreeMap::new();
    let outcome = machine::run(image, model, "tests=all", PATIENCE, |line| {
        if !list::is_shown(line) {
            println!("{line}{}", if list::result(line).is_some() { suffix } else { "" });
        }
        results.extend(list::result(line));
    })?;
    let passed = tests
        .iter()
        .filter(|test| results.get(&test.name) == Some(&true))
        .count();
    for test in tests.iter().filter(|test| !results.contains_key(&test.name)) {
        println!("test {} ... FAILED{suffix}: no result", test.name);
    }
    let mut tally = Tally {
        passed,
        failed: tests.len() - passed,
    };
    let expected = if tally.failed == 0 { PASSED } else { FAILED };
    if outcome.end != End::Value(expected) {
        println!(
            "the machine{suffix} ended with {:?}\n{}",
            outcome.end, outcome.complaints
        );
        tally += Tally::of(false);
    }
    Ok(tally)
}

/// Runs `judge` on each test, as many at once as there are CPUs, and prints a line for each.
fn each(tests: &[&Test], judge: impl Fn(&Test) -> Result<(), String> + Sync) -> Tally {
    let (next, tally) = (AtomicUsize::new(0), Mutex::new(Tally::default()));
    let work = || {
        while let Some(test) = tests.get(next.fetch_add(1, Ordering::Relaxed)) {
            let verdict = judge(test);
            let mut tally = tally.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            *tally += Tally::of(verdict.is_ok());
            match verdict {
                Ok(()) => println!("test {} ... ok", test.name),
                Err(reason) => println!("test {} ... FAILED\n{reason}\n", test.name),
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    tally
        .into_inner()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// A machine with this test alone: what it printed on COM1, and the verdict. With a mutation, the kernel is told to break
/// that mechanism first, and the verdict should be bad.
pub(crate) fn observed(
    image: &Path,
    test: &Test,
    mutation: Option<&str>,
) -> Result<(String, Result<(), String>)> {
    let breaking = mutation.map_or_else(String::new, |name| format!(" break={name}"));
    let command_line = format!("tests={}{breaking}", test.name);
    let outcome = machine::run(image, Model::Microvm, &command_line, PATIENCE, |_| {})?;
    let verdict = judge(test, &outcome);
    Ok((outcome.console, verdict))
}

fn alone(image: &Path, test: &Test) -> Result<(), String> {
    observed(image, test, None)
        .map_err(|error| format!("{error:#}"))?
        .1
}

fn judge(test: &Test, outcome: &Outcome) -> Result<(), String> {
    let expected = match test {
        Test { dies: false, .. } => End::Value(PASSED),
        test if test.resets() => End::Reset,
        _ => End::Value(DIED),
    };
    if outcome.end != expected {
        let shown = shown(outcome);
        return Err(format!("it should have ended with {expected:?}\n{shown}"));
    }
    let lacks = |text: &&String| !outcome.console.contains(text.as_str());
    match test.texts.iter().find(lacks) {
        Some(missing) => Err(format!("its report lacks \"{missing}\"\n{}", shown(outcome))),
        None => Ok(()),
    }
}

fn shown(outcome: &Outcome) -> String {
    format!(
        "the machine ended with {:?}\n{}{}",
        outcome.end, outcome.console, outcome.complaints
    )
}
