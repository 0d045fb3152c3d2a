//! A million random system calls do not bring the kernel down.

use threadbare_tests::{Case, Outcome, freestanding};

const CALLS: u64 = 1_000_000;
/// A run may end early, by what it did to itself; the next one goes on with another seed.
const MOST_RUNS: u64 = 100;

#[test]
fn a_million_random_calls_leave_the_kernel_standing() {
    let fuzz = freestanding("fuzz/fuzz.c");
    let mut made = 0;
    for seed in 1..=MOST_RUNS {
        let arguments = [seed.to_string(), (CALLS - made).to_string()];
        let outcome = Case::new(&fuzz, arguments).inside();
        let calls = calls(&outcome);
        println!("seed {seed}: {calls} calls, status {}", outcome.status);
        assert!(
            is_programs_own(outcome.status),
            "seed {seed}, after {calls} calls:\n{}",
            outcome.report()
        );
        made += calls;
        if made >= CALLS {
            return;
        }
    }
    panic!("only {made} calls in {MOST_RUNS} runs");
}

/// `cargo xtask fuzz` makes ten million of these.
#[test]
fn calls_with_typed_arguments_write_nowhere_else_and_never_hang() {
    let case = Case::new(freestanding("fuzz/typed.c"), ["1", "60000"]);
    let outcome = Outcome::of(&mut case.command_with(&["--icount"]), b"");
    assert_eq!(outcome.status, 0, "{}", outcome.report());
    let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
    assert!(text.contains(" 0 violations, alive"), "{text}");
}

/// 124 says that it hung, 125 that the kernel died, 126 and 127 that it never ran.
fn is_programs_own(status: i32) -> bool {
    !(124..=127).contains(&status)
}

/// The last count that the program printed: it prints one every 10,000 calls.
fn calls(outcome: &Outcome) -> u64 {
    let text = String::from_utf8_lossy(&outcome.stdout);
    let mut counts = text
        .lines()
        .filter_map(|line| line.strip_prefix("fuzz: ")?.split_once(" calls")?.0.parse().ok());
    counts.next_back().unwrap_or(0)
}
