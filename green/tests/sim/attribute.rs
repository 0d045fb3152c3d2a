//! `#[threadbare::test]` with arguments, and the line that replays a failure.

use std::process::{Command, Output};

use threadbare::sync::{Arc, Mutex};
use threadbare::{sim, thread};

#[threadbare::test(seeds = 20)]
fn a_test_with_seeds_is_deterministic() {
    assert!(sim::is_running());
    assert_eq!(thread::current().name(), Some("root"));
}

#[threadbare::test(seeds = 20, pct = 3)]
fn a_test_may_return_a_result() -> Result<(), String> {
    thread::spawn(|| {}).join().map_err(|_| "panicked".to_owned())
}

#[threadbare::test(seeds = 100)]
#[should_panic(expected = "lost")]
fn a_panic_reaches_the_harness() {
    crate::schedules::lost_update();
}

#[threadbare::test(seeds = 1000, pct = 2)]
#[ignore = "fails: run by the test below"]
fn fails() {
    let first = Arc::new(Mutex::new(None));
    let others: Vec<_> = (0..3)
        .map(|id| {
            let first = first.clone();
            thread::spawn(move || first.lock().unwrap().get_or_insert(id) == &id)
        })
        .collect();
    let ids: Vec<bool> = others.into_iter().map(|other| other.join().unwrap()).collect();
    assert!(!ids[2], "the last was first");
}

fn child(seed: Option<&str>) -> Output {
    let mut command = Command::new(std::env::current_exe().expect("our own path"));
    command.args(["--exact", "attribute::fails", "--ignored", "--nocapture"]);
    command
        .env_remove("THREADBARE_SEED")
        .env_remove("THREADBARE_SEEDS");
    command.envs(seed.map(|seed| ("THREADBARE_SEED", seed)));
    command.output().expect("the child starts")
}

#[test]
fn one_printed_line_replays_a_failure() {
    let found = child(None);
    assert!(!found.status.success());
    let text = String::from_utf8_lossy(&found.stderr).into_owned();
    let line = text
        .lines()
        .find(|line| line.contains("replay with: "))
        .expect("the line");
    let (_, command) = line.split_once("replay with: ").unwrap();
    let seed = command
        .strip_prefix("THREADBARE_SEED=")
        .and_then(|rest| rest.strip_suffix(" cargo test attribute::fails"))
        .expect("a command");
    assert!(seed.starts_with("pct:2:"), "{seed}");
    let replayed = child(Some(seed));
    assert!(!replayed.status.success());
    let text = String::from_utf8_lossy(&replayed.stderr).into_owned();
    assert!(
        text.contains(&format!("after 0 that passed; replay with: {command}")),
        "{text}"
    );
    assert!(text.contains("the last was first"), "{text}");
}

#[test]
fn a_wrong_seed_is_told() {
    let wrong = child(Some("pct:2"));
    assert!(!wrong.status.success());
    let text = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(
        text.contains("expected `random:SEED` or `pct:DEPTH:STEPS:SEED`"),
        "{text}"
    );
}
