//! Shells with everything that they start: scripts of `guest/sh`, printing on Linux what they print inside.

use std::fs;
use std::path::PathBuf;
use threadbare_tests::{Case, debian, workspace};

fn script(name: &str) -> String {
    let file = workspace().join("guest/sh").join(name);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn root() -> PathBuf {
    debian("shells", &["procps"])
}

fn runs(shell: &[&str], name: &str, status: i32) {
    let script = script(name);
    let arguments = [&shell[1..], &["-c", &script, name, "/tmp"]].concat();
    let case = Case::new(shell[0], arguments).system(&root());
    let outcome = case.same_but_for(without_numbers);
    assert_eq!(outcome.status, status, "{}", outcome.report());
}

/// A shell that tells of a job says its process number, which is the system's choice: `line 3:    66 Killed`.
fn without_numbers(text: Vec<u8>) -> Vec<u8> {
    let text = String::from_utf8(text).expect("shells speak UTF-8");
    let words = |line: &str| {
        let is_number = |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
        let kept = line.split_whitespace().filter(|word| !is_number(word));
        kept.collect::<Vec<_>>().join(" ") + "\n"
    };
    text.lines().map(words).collect::<String>().into_bytes()
}

#[test]
fn dash_runs_what_posix_asks() {
    runs(&["/bin/dash"], "posix.sh", 42);
}

#[test]
fn bash_runs_what_posix_asks() {
    runs(&["/bin/bash"], "posix.sh", 42);
}

#[test]
fn busybox_runs_what_posix_asks() {
    runs(&["/bin/busybox", "sh"], "posix.sh", 42);
}

#[test]
fn bash_runs_what_only_bash_has() {
    runs(&["/bin/bash"], "bash.sh", 43);
}
