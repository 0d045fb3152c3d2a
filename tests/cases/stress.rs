//! Programs that strain the kernel and check what it does: Debian's stress-ng and rt-tests. They print times, so they are
//! compared with Linux by their verdict.

use std::path::PathBuf;
use threadbare_tests::{Case, Outcome, debian};

fn root() -> PathBuf {
    debian("stress", &["rt-tests", "stress-ng"])
}

fn inside(program: &str, arguments: &[&str]) -> Outcome {
    let case = Case::new(program, arguments).system(&root());
    let outcome = case.inside();
    assert_eq!(
        outcome.status,
        0,
        "{program} {arguments:?}:\n{}{}",
        String::from_utf8_lossy(&outcome.stdout),
        outcome.report()
    );
    outcome
}

/// Runs stressors, each with an option of its own where it needs one, until each has done so many operations; `--verify` makes them check what comes of each.
fn stress(stressors: &[(&str, u32)]) {
    let mut script = String::from("for s in");
    for (words, operations) in stressors {
        let (name, options) = words.split_once(' ').unwrap_or((words, ""));
        script += &format!(" '--{name} 1 --{name}-ops {operations} {options}'");
    }
    script += "; do stress-ng --verify $s || exit; done";
    let case = Case::new("/bin/sh", ["-c", &script]).system(&root());
    let outcome = case.inside();
    let report = outcome.report();
    assert_eq!(outcome.status, 0, "{report}");
    let runs = report.matches("successful run completed").count();
    assert_eq!(runs, stressors.len(), "{report}");
    assert!(!report.contains("stress-ng: fail:"), "{report}");
}

#[test]
fn processes_and_threads() {
    stress(&[
        ("fork", 50),
        ("vfork", 50),
        ("clone", 50),
        ("pthread", 50),
        ("wait", 50),
    ]);
}

#[test]
fn memory() {
    stress(&[
        ("vm --vm-bytes 8M", 60),
        ("mmap --mmap-bytes 4M", 2),
        ("brk", 500),
        ("stack", 2),
        ("fault", 500),
        ("mremap --mremap-bytes 2M", 10),
    ]);
}

#[test]
fn signals() {
    stress(&[
        ("signal", 500),
        ("kill", 200),
        ("sigq", 200),
        ("sigsegv", 200),
        ("sigpending", 200),
        ("sigsuspend", 200),
        ("sigfpe", 200),
        ("sigchld", 100),
        ("sigrt", 200),
        ("sigfd", 200),
    ]);
}

#[test]
fn switching_and_waiting() {
    stress(&[
        ("cpu", 20),
        ("futex", 500),
        ("switch", 500),
        ("pipe", 500),
        ("poll", 200),
        ("timer", 200),
        ("eventfd", 500),
        ("epoll", 50),
    ]);
}

#[test]
fn hackbench_passes_messages_by_pipes_and_sockets_between_processes_and_threads() {
    for how in [&["-p"][..], &["-p", "-T"], &[], &["-T"]] {
        let small = ["-g", "2", "-l", "50"];
        inside("/usr/bin/hackbench", &[how, &small].concat());
    }
}

#[test]
fn cyclictest_wakes_up_in_time() {
    let outcome = inside(
        "/usr/bin/cyclictest",
        &["-q", "-t", "2", "-p", "80", "-i", "2000", "-l", "50"],
    );
    let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
    // The threads end when the first of them is through.
    let through = text.lines().filter(|line| line.contains("C:     50 ")).count();
    assert!(through >= 1 && text.lines().count() == 2, "{text}");
}
