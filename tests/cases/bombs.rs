//! Programs that ask for all there is of one thing end in an error; the kernel lives on and its memory comes back.

use threadbare_tests::{Case, Linking, c};

/// Pages that the kernel may keep after the first bomb: tables and stacks that it has grown, and uses again.
const KEPT: i64 = 256;
/// Pages that may be missing after each later one.
const MISSING: i64 = 16;

/// Sets the bomb off three times; each must end with one of `errors`.
fn bomb(what: &str, errors: &[&str]) {
    let case = Case::new(c("bombs", Linking::Static), [what]).option("--memory", "24M");
    let outcome = case.inside();
    assert_eq!(outcome.status, 0, "{}", outcome.report());
    let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
    let values = |key: &str| -> Vec<String> {
        let lines = text.lines().filter_map(|line| line.strip_prefix(key));
        lines.map(|value| value.trim().to_owned()).collect()
    };
    let ended = values("error:");
    assert_eq!(ended.len(), 3, "{text}");
    assert!(
        ended.iter().all(|error| errors.contains(&error.as_str())),
        "{text}"
    );
    assert_eq!(values("afterwards:"), ["works"; 3], "{text}");
    let missing: Vec<i64> = values("missing:")
        .iter()
        .filter_map(|pages| pages.parse().ok())
        .collect();
    assert!(missing[0] <= KEPT, "{text}");
    assert!(missing[1..].iter().all(|pages| pages.abs() <= MISSING), "{text}");
}

const NO_MEMORY: &str = "Cannot allocate memory";
const NOT_NOW: &str = "Resource temporarily unavailable";

#[test]
fn a_fork_bomb_ends_in_an_error_and_its_memory_comes_back() {
    bomb("fork", &[NO_MEMORY, NOT_NOW, "Killed"]);
}

#[test]
fn a_thread_bomb_ends_in_an_error_and_its_memory_comes_back() {
    bomb("threads", &[NO_MEMORY, NOT_NOW, "Killed"]);
}

#[test]
fn a_memory_hog_is_killed_and_its_memory_comes_back() {
    bomb("memory", &[NO_MEMORY, "Killed"]);
}

#[test]
fn a_pipe_hog_ends_in_an_error_and_its_memory_comes_back() {
    bomb("pipes", &[NO_MEMORY, "Too many open files"]);
}

#[test]
fn a_signal_storm_ends_in_an_error_and_its_memory_comes_back() {
    bomb("signals", &[NOT_NOW]);
}
