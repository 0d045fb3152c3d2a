//! CPython's own tests of threads, signals, processes and the operating system.
//!
//! `expectations/python.txt` lists those that do not pass inside, each with the reason; all others must pass, and as many
//! must run as on Linux. They take minutes, on Linux, too: `cargo xtask test --only conformance`.

use std::collections::BTreeSet;
use std::fs;
use threadbare_tests::{Case, Outcome, debian, workspace};

/// All that it printed: results go to one stream, summaries to the other.
fn text(outcome: &Outcome) -> String {
    String::from_utf8_lossy(&outcome.stdout).into_owned() + &outcome.report()
}

/// The paths in headings such as `ERROR: test_x (test.test_os.Tests.test_x)`.
fn failures(outcome: &Outcome) -> BTreeSet<String> {
    let heading = |line: &str| {
        let rest = line
            .strip_prefix("ERROR: ")
            .or_else(|| line.strip_prefix("FAIL: "))?;
        let (_, path) = rest.split_once(" (")?;
        Some(path.split(')').next().unwrap_or(path).to_owned())
    };
    text(outcome).lines().filter_map(heading).collect()
}

/// How many were run: `Ran 194 tests in 18.404s`.
fn count(outcome: &Outcome) -> Option<String> {
    let text = text(outcome);
    let line = text.lines().find(|line| line.starts_with("Ran "))?;
    line.split(" in ").next().map(str::to_owned)
}

/// The tests of `suite` that are known not to pass.
fn expected(suite: &str) -> BTreeSet<String> {
    let file = workspace().join("tests/expectations/python.txt");
    let text = fs::read_to_string(file).expect("the list is there");
    let prefix = format!("test.{suite}.");
    text.lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| name.starts_with(&prefix))
        .map(str::to_owned)
        .collect()
}

fn passes(suite: &str) {
    let root = debian("python", &["python3", "libpython3.11-testsuite"]);
    let script = format!("cd /tmp && exec python3 -m test -v {suite}");
    let case = Case::new("/bin/sh", ["-c", &script]).system(&root);
    let case = case.option("--timeout", "3600");
    let (linux, inside) = (case.on_linux(), case.inside());
    let failed = failures(&inside);
    let (listed, on_linux) = (expected(suite), failures(&linux));
    let unexpected: Vec<_> = failed
        .iter()
        .filter(|name| !listed.contains(*name) && !on_linux.contains(*name))
        .collect();
    assert!(unexpected.is_empty(), "{unexpected:?}\n{}", text(&inside));
    let ran = count(&inside);
    assert!(
        ran.is_some() && ran == count(&linux),
        "{ran:?}\n{}",
        text(&inside)
    );
    let passing: Vec<_> = listed.difference(&failed).collect();
    assert!(
        passing.is_empty(),
        "these pass inside, so that the list need not name them: {passing:?}"
    );
}

#[test]
#[ignore = "takes minutes: cargo xtask test --only conformance"]
fn test_threading() {
    passes("test_threading");
}

#[test]
#[ignore = "takes minutes: cargo xtask test --only conformance"]
fn test_signal() {
    passes("test_signal");
}

#[test]
#[ignore = "takes minutes: cargo xtask test --only conformance"]
fn test_os() {
    passes("test_os");
}

#[test]
#[ignore = "takes minutes: cargo xtask test --only conformance"]
fn test_subprocess() {
    passes("test_subprocess");
}
