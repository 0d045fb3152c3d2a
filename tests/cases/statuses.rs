//! The status that comes back, and what the command itself says: on standard error, and only when there is a reason.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use threadbare_tests::{Case, Outcome, Scratch};

#[test]
fn of_the_program() {
    for status in [0, 1, 42, 255] {
        let outcome = Case::busybox(["sh", "-c", &format!("exit {status}")]).same();
        assert_eq!(outcome.status, status);
    }
}

#[test]
fn of_a_signal_that_it_sends_itself() {
    let outcome = Case::busybox(["sh", "-c", "kill -TERM $$; echo not reached"]).same();
    assert_eq!(outcome.status, 143);
}

#[test]
fn of_a_missing_program_is_127() {
    for program in ["/no/such/program", "no-such-program"] {
        let outcome = Case::new(program, [""; 0]).inside();
        assert_eq!(outcome.status, 127, "{}", outcome.report());
        assert!(
            outcome.stdout.is_empty()
                && outcome.report().contains("no-such-program")
                    | outcome.report().contains("/no/such/program")
        );
    }
}

#[test]
fn of_a_file_that_is_no_program_is_126() {
    let folder = Scratch::new("no-program");
    let text = folder.write("text", b"only text, and no permission to execute\n");
    let noise = folder.write("noise", &[0x7f; 100]);
    fs::set_permissions(&noise, fs::Permissions::from_mode(0o755)).expect("it is ours");
    for program in [text, noise, folder.path().to_owned()] {
        let outcome = Case::new(&program, [""; 0]).inside();
        assert_eq!(outcome.status, 126, "{}: {}", program.display(), outcome.report());
        assert!(outcome.stdout.is_empty() && !outcome.stderr.is_empty());
    }
}

#[test]
fn of_an_unknown_option_is_125() {
    let outcome = Case::busybox(["true"]).option("--no-such-option", "x").inside();
    assert_eq!(outcome.status, 125, "{}", outcome.report());
}

#[test]
fn of_a_program_that_takes_too_long_is_124_and_said() {
    let outcome = Case::busybox(["sh", "-c", "while true; do :; done"])
        .option("--timeout", "2")
        .inside();
    assert_eq!(outcome.status, 124, "{}", outcome.report());
    assert!(
        outcome.report().contains("2 s"),
        "it does not say so: {}",
        outcome.report()
    );
}

#[test]
fn of_a_command_that_is_told_to_end() {
    for (signal, status) in [("TERM", 143), ("INT", 130)] {
        let mut command = Case::busybox(["sh", "-c", "echo started; while true; do :; done"]).command();
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the command starts");
        let mut started = [0; 8];
        let stdout = child.stdout.as_mut().expect("piped");
        stdout.read_exact(&mut started).expect("it prints");
        let sent = Command::new("kill")
            .args([&format!("-{signal}"), &child.id().to_string()])
            .status();
        assert!(sent.is_ok_and(|status| status.success()));
        let outcome = Outcome::of_child(child, b"");
        assert_eq!(outcome.status, status, "{}", outcome.report());
        assert_eq!((&started, outcome.stdout.len()), (b"started\n", 0));
    }
}

#[test]
fn of_a_reader_that_goes_away_is_as_on_linux() {
    let mut command = Case::busybox(["yes"]).command();
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the command starts");
    let mut start = [0; 4];
    let stdout = child.stdout.as_mut().expect("piped");
    stdout.read_exact(&mut start).expect("yes prints");
    drop(child.stdout.take());
    let outcome = Outcome::of_child(child, b"");
    assert_eq!((&start, outcome.status), (b"y\ny\n", 141), "{}", outcome.report());
}

#[test]
fn of_a_call_that_is_missing_is_the_programs_and_the_call_is_named() {
    // mount(2) is not for programs here: busybox says why it failed, and the command names the call.
    let outcome = Case::busybox(["mount", "-t", "proc", "none", "/tmp"]).inside();
    assert_ne!(outcome.status, 0);
    assert!(outcome.report().contains("mount"), "{}", outcome.report());
}

#[test]
fn silence_is_the_default() {
    let outcome = Case::busybox(["true"]).inside();
    assert!(
        outcome.stdout.is_empty() && outcome.stderr.is_empty(),
        "{}",
        outcome.report()
    );
}
