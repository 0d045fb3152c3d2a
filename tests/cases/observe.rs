//! `--strace` beside the real one, and `--stats`.

use std::path::Path;
use std::process::Command;
use threadbare_tests::{Case, Linking, Outcome, c};

/// What no two runs have in common: addresses, process numbers, and what comes before the first call of `main`.
fn comparable(listing: &str) -> Vec<String> {
    let lines = listing.lines().skip_while(|line| !line.contains("a traced file"));
    lines.map(comparable_line).collect()
}

fn comparable_line(line: &str) -> String {
    let line = line
        .strip_prefix("[pid")
        .and_then(|line| line.split_once("] "))
        .map_or(line, |(_, line)| line);
    let words = line.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut text = String::new();
    for part in words.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric()) {
        let (word, end) = part.split_at(
            part.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric())
                .len(),
        );
        text += if word.starts_with("0x") { "ADDRESS" } else { word };
        text += end;
    }
    without_process_numbers(text)
}

fn without_process_numbers(line: String) -> String {
    for mark in ["si_pid=", "vfork resumed>) = ", "== 3}], 0, NULL) = "] {
        if let Some((before, after)) = line.split_once(mark) {
            let rest = after.trim_start_matches(|letter: char| letter.is_ascii_digit());
            return format!("{before}{mark}PID{rest}");
        }
    }
    line
}

#[test]
fn system_calls_are_listed_as_strace_lists_them() {
    let program = c("traced", Linking::Static);
    assert!(
        Path::new("/usr/bin/strace").exists(),
        "strace is missing (package: strace)"
    );
    let strace = Outcome::of(Command::new("/usr/bin/strace").arg("-f").arg(&program), b"");
    let inside = Outcome::of(
        Case::new::<&str>(&program, [])
            .command_with(&["--strace"])
            .current_dir("/"),
        b"",
    );
    assert_eq!((strace.status, inside.status), (9, 9));
    let (theirs, ours) = (
        comparable(&String::from_utf8_lossy(&strace.stderr)),
        comparable(&String::from_utf8_lossy(&inside.stderr)),
    );
    // What comes when around the child is nobody's promise.
    let marks = [
        "attached",
        "vfork",
        "exited with 3",
        "<unfinished ...>",
        "SIGCHLD",
        "wait4",
        "exit_group(3)",
    ];
    let order_is_free = |line: &&String| !marks.iter().any(|mark| line.contains(mark));
    let (theirs, ours): (Vec<_>, Vec<_>) = (
        theirs.iter().filter(order_is_free).collect(),
        ours.iter().filter(order_is_free).collect(),
    );
    assert!(theirs.len() > 35, "{theirs:#?}");
    assert_eq!(ours, theirs);
    let listing = String::from_utf8_lossy(&inside.stderr);
    for line in [
        "[pid     3] +++ exited with 3 +++",
        "--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=3, si_uid=0, si_status=3, si_utime=0, si_stime=0} ---",
        "[{WIFEXITED(s) && WEXITSTATUS(s) == 3}], 0, NULL) = 3",
    ] {
        assert!(listing.contains(line), "{line} is not in\n{listing}");
    }
}

#[test]
fn a_run_counts_what_happened() {
    let case = Case::busybox(["sh", "-c", "busybox true; cat /proc/self/stat >/dev/null"]);
    let outcome = Outcome::of(&mut case.command_with(&["--stats"]), b"");
    let text = String::from_utf8_lossy(&outcome.stderr).into_owned();
    assert_eq!(outcome.status, 0, "{text}");
    for expected in [
        "switches ",
        "page faults ",
        "copied on write",
        "KiB at most",
        "system call",
        "  execve",
        "  wait4",
    ] {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
}
