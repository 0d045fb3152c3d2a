//! Races that switching at moments drawn from seeds has found (`--preempt-seed`, `cargo xtask explore`): each with so many
//! seeds that, with its race in the kernel, several find it.

use std::ops::RangeInclusive;
use threadbare_tests::{Case, Linking, Outcome, Scratch, c};

/// Runs a part of the program once per seed: no line may say NO.
fn explored(part: &str, seeds: RangeInclusive<u32>) {
    let case = Case::new(c("races", Linking::Static), [part, "/tmp"]);
    for seed in seeds {
        let seed = seed.to_string();
        let mut command = case.command_with(&["--icount", "--preempt-seed", &seed]);
        let outcome = Outcome::of(&mut command, b"");
        let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
        assert!(
            outcome.status == 0 && text.contains("yes") && !text.contains(": NO"),
            "seed {seed}: status {}\n{text}{}",
            outcome.status,
            outcome.report()
        );
    }
}

#[test]
fn the_program_that_races_passes_on_linux() {
    let folder = Scratch::new("races");
    for part in ["fifos", "children", "connections", "threads"] {
        let arguments = [part.as_ref(), folder.path().as_os_str()];
        let outcome = Case::new(c("races", Linking::Static), arguments).on_linux();
        let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
        assert!(text.ends_with("yes\n"), "{text}");
    }
}

/// Who was counted late, or looked for after a partner had come and gone, waited for ever.
#[test]
fn readers_and_writers_of_a_fifo_meet() {
    explored("fifos", 1..=3);
}

/// The parent took a child whose signal was still to be sent.
#[test]
fn a_child_is_signalled_before_its_parent_takes_it() {
    explored("children", 1..=3);
}

/// Two tasks entered a table of page tables each for the same stacks.
#[test]
fn kernel_stacks_are_made_by_several_at_once() {
    explored("threads", 1..=6);
}

/// The peer was looked for before the wait for the listener, and not after.
#[test]
fn one_socket_that_two_threads_connect_is_connected_once() {
    explored("connections", 1..=3);
}

#[test]
fn a_seed_gives_the_same_run_again() {
    let case = Case::new(c("races", Linking::Static), ["threads", "/tmp"]);
    let instructions = |seed| {
        let outcome = Outcome::of(
            &mut case.command_with(&["--icount", "--stats", "--preempt-seed", seed]),
            b"",
        );
        let report = outcome.report();
        let line = report
            .lines()
            .find(|line| line.contains("instructions"))
            .map(str::to_owned);
        line.unwrap_or_else(|| panic!("no count of instructions:\n{report}"))
    };
    let first = instructions("1");
    assert_eq!(first, instructions("1"));
    assert_ne!(first, instructions("2"));
}
