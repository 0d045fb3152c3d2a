//! Terminals: the same dialogue on a terminal of Linux and on one inside, by `threadbare run -it`.

use std::fs;
use std::path::Path;
use std::process::Command;
use threadbare_tests::terminal::{Terminal, both, inside, kill};
use threadbare_tests::{Scratch, busybox, installed, threadbare};

const PROMPT: &str = "ready> ";

/// Holds a dialogue with a program on Linux and inside; the screens must show the same.
fn same(program: &Path, arguments: &[&str], dialogue: impl Fn(&mut Terminal)) {
    let program = program.to_string_lossy();
    let transcripts = both(&program, arguments, PROMPT).map(|mut terminal| {
        dialogue(&mut terminal);
        without_chance(&terminal.transcript())
    });
    let [linux, inside] = transcripts;
    assert_eq!(inside, linux, "the first is inside, the second on Linux");
}

/// A transcript without the numbers of processes, and without what comes now or a moment later.
fn without_chance(transcript: &str) -> String {
    let is_number = |text: &str| text.trim_end().bytes().all(|byte| byte.is_ascii_digit());
    let lines = transcript.split_inclusive("\r\n");
    let kept = lines.filter(|line| !line.starts_with("[1]+  Terminated"));
    let lines = kept.map(|line| match line.strip_prefix("[1] ") {
        Some(number) if is_number(number) => "[1] N\r\n",
        _ => line,
    });
    lines.collect::<String>().replace(GOES_ON, "")
}

/// The arguments of a bash that leaves editing to the terminal.
const BASH: [&str; 3] = ["--norc", "--noprofile", "--noediting"];

/// Holds a dialogue with bash; the screens must show the same.
fn bash(dialogue: impl Fn(&mut Terminal)) {
    same(&installed("/bin/bash", "bash"), &BASH, |terminal| {
        with_bash(terminal, &dialogue);
    });
}

/// The same where bash tells of its jobs now or a moment later: only what the dialogue expects must be the same.
fn bash_loosely(dialogue: impl Fn(&mut Terminal)) {
    let bash = installed("/bin/bash", "bash");
    for mut terminal in both(&bash.to_string_lossy(), &BASH, PROMPT) {
        with_bash(&mut terminal, &dialogue);
    }
}

fn with_bash(terminal: &mut Terminal, dialogue: impl Fn(&mut Terminal)) {
    terminal.expect(PROMPT);
    dialogue(terminal);
    terminal.press("exit 42\n");
    assert_eq!(terminal.end(), 42);
}

/// What waits for ever says this when it goes on after a stop.
const GOES_ON: &str = "it goes on\r\n";

/// Starts what waits for ever, and waits until it does.
fn start_waiting(terminal: &mut Terminal) {
    // What is typed is echoed; the quotes tell it from what is printed.
    let script = "trap \"echo it\\ goes\\ on\" CONT; echo wait\"\"ing; while :; do busybox sleep 1; done";
    terminal.press(format!("busybox sh -c '{script}'\n"));
    terminal.expect("\r\nwaiting\r\n");
}

/// The same with what dies of every signal: shells ignore some.
fn start_cat(terminal: &mut Terminal) {
    terminal.press("busybox cat\n");
    terminal.press("line\n");
    terminal.expect("line\r\nline\r\n");
}

#[test]
fn keys_interrupt_and_suspend_and_jobs_go_on() {
    bash(|terminal| {
        start_waiting(terminal);
        terminal.press("\x03");
        terminal.expect(PROMPT);
        terminal.ask("echo $?", PROMPT);
        start_waiting(terminal);
        terminal.press("\x1a");
        let shown = terminal.expect(PROMPT);
        assert!(shown.contains("Stopped"), "{shown}");
        terminal.ask("jobs", PROMPT);
        terminal.press("fg\n");
        terminal.expect(GOES_ON);
        terminal.press("\x1a");
        terminal.expect(PROMPT);
        terminal.press("bg\n");
        // The shell asks for more while the job goes on: nobody waits for the other.
        terminal.expect_all(&[PROMPT, GOES_ON]);
        let jobs = terminal.ask("jobs", PROMPT);
        assert!(jobs.contains("Running"), "{jobs}");
        terminal.ask("kill %1; wait", PROMPT);
        assert!(terminal.ask("jobs; echo none", PROMPT).ends_with("\r\nnone\r\n"));
    });
}

#[test]
fn the_quit_key_kills_and_shells_survive() {
    bash(|terminal| {
        terminal.ask("ulimit -c 0", PROMPT);
        start_cat(terminal);
        terminal.press("\x1c");
        let shown = terminal.expect(PROMPT);
        assert!(shown.contains("Quit"), "{shown}");
        terminal.ask("echo $?", PROMPT);
        // Half a line, and then something else. The key discards what is not shown yet.
        terminal.press("echo no");
        terminal.expect("echo no");
        terminal.press("\x03");
        terminal.expect(PROMPT);
        terminal.ask("echo yes", PROMPT);
    });
}

#[test]
fn lines_are_edited_by_the_terminal() {
    bash(|terminal| {
        terminal.ask("echo helo\x7flo wrong words\x17\x17world", PROMPT);
        terminal.ask("gone\x15echo \x16\x16\ttab\x7f", PROMPT);
        terminal.press("busybox cat\n");
        terminal.press("one\n");
        terminal.expect("one\r\none\r\n");
        terminal.press("tw\x04");
        terminal.expect("twtw");
        terminal.press("o\n");
        terminal.expect("o\r\no\r\n");
        terminal.press("\x04");
        terminal.expect(PROMPT);
    });
}

#[test]
fn settings_are_seen_and_kept() {
    bash(|terminal| {
        terminal.ask("busybox stty -a", PROMPT);
        terminal.ask("busybox stty -echo", PROMPT);
        terminal.ask("busybox stty; echo unseen", PROMPT);
        terminal.press("busybox stty echo tostop intr ^G\n");
        terminal.expect(PROMPT);
        terminal.ask("busybox stty", PROMPT);
        start_waiting(terminal);
        terminal.press("\x07");
        terminal.expect(PROMPT);
        terminal.ask("busybox stty raw; busybox stty; busybox stty sane", PROMPT);
        terminal.ask("busybox tty >/dev/null && busybox stty", PROMPT);
    });
}

#[test]
fn the_size_is_that_of_the_terminal_and_changes_are_told() {
    bash(|terminal| {
        terminal.ask("busybox stty size", PROMPT);
        let trap = "trap \"busybox stty size\" WINCH; echo wait\"\"ing; while :; do busybox sleep 1; done";
        terminal.press(format!("busybox sh -c '{trap}'\n"));
        terminal.expect("\r\nwaiting\r\n");
        terminal.resize(50, 132);
        terminal.expect("50 132\r\n");
        terminal.press("\x03");
        terminal.expect(PROMPT);
        terminal.ask("busybox stty size", PROMPT);
    });
}

#[test]
fn the_background_stops_when_it_reads_and_with_tostop_when_it_writes() {
    bash_loosely(|terminal| {
        terminal.ask("busybox cat &", PROMPT);
        // Wait is over when the job has stopped.
        let shown = terminal.ask("wait %1 2>/dev/null; jobs", PROMPT);
        assert!(shown.contains("Stopped"), "{shown}");
        terminal.press("fg\n");
        terminal.expect("busybox cat\r\n");
        terminal.press("line\n");
        terminal.expect("line\r\nline\r\n");
        terminal.press("\x04");
        terminal.expect(PROMPT);
        terminal.ask("busybox stty tostop", PROMPT);
        terminal.ask("busybox echo late &", PROMPT);
        let shown = terminal.ask("wait %1 2>/dev/null; jobs", PROMPT);
        assert!(shown.contains("Stopped"), "{shown}");
        terminal.press("fg\n");
        terminal.expect("busybox echo late\r\nlate\r\n");
        terminal.expect(PROMPT);
    });
}

#[test]
fn busyboxs_shell_edits_its_lines_itself() {
    same(&busybox(), &["sh"], |terminal| {
        terminal.expect(PROMPT);
        terminal.ask("echo one; echo $0", PROMPT);
        terminal.ask("echo two\x1b[D\x1b[D\x7fn", PROMPT);
        terminal.ask("\x1b[A", PROMPT);
        start_waiting(terminal);
        terminal.press("\x1a");
        terminal.expect(PROMPT);
        terminal.ask("jobs", PROMPT);
        terminal.ask("kill %1; fg", PROMPT);
        terminal.press("\x04");
        terminal.end();
    });
}

/// Starts a shell inside, and waits until it is there; returns the settings of the host's terminal before that, too.
fn shell(options: &[&str]) -> (Terminal, String) {
    let mut command = Command::new("cat");
    command.env("PATH", "/bin:/usr/bin");
    let before = Terminal::start(&command).settings();
    let program = busybox();
    let mut terminal = inside(options, &program.to_string_lossy(), &["sh"], PROMPT);
    terminal.expect(PROMPT);
    assert_ne!(terminal.settings(), before, "the host's terminal is raw");
    (terminal, before)
}

#[test]
fn the_hosts_terminal_is_as_before_after_the_programs_end() {
    let (mut terminal, before) = shell(&["-it"]);
    terminal.press("exit 3\n");
    assert_eq!(terminal.end(), 3);
    assert_eq!(terminal.settings(), before);
}

#[test]
fn the_hosts_terminal_is_as_before_after_signals_that_end_the_command() {
    for (signal, status) in [("HUP", 129), ("INT", 130), ("QUIT", 131), ("TERM", 143)] {
        let (mut terminal, before) = shell(&["-it"]);
        // An interactive shell ignores some; whoever insists is heard.
        terminal.wait_until("it has ended", |terminal| {
            terminal.kill(signal);
            terminal.is_zombie()
        });
        assert_eq!(terminal.end(), status, "{signal}");
        assert_eq!(terminal.settings(), before, "{signal}");
    }
}

#[test]
fn the_hosts_terminal_is_as_before_after_the_time_limit_and_after_qemus_death() {
    let (mut terminal, before) = shell(&["-it"]);
    // Whether it gets as far as a prompt is not said.
    let mut limited = inside(
        &["-it", "--timeout", "3"],
        &busybox().to_string_lossy(),
        &["sh"],
        PROMPT,
    );
    assert_eq!(limited.end(), 124);
    assert_eq!(limited.settings(), before);

    let pid = terminal.pid();
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).expect("it has children");
    for child in children.split_whitespace() {
        kill("KILL", child.parse().expect("a number"));
    }
    assert_eq!(terminal.end(), 125);
    terminal.expect("threadbare: QEMU was killed by signal 9");
    assert_eq!(terminal.settings(), before);
}

#[test]
fn the_hosts_terminal_is_as_before_after_the_kernels_death() {
    let folder = Scratch::new("dying-kernel");
    folder.script(
        "qemu-system-x86_64",
        "#!/bin/sh\necho 'panic'\necho 'again'\nexit 35\n",
    );
    let mut command = Command::new(threadbare());
    command
        .args(["run", "-it", "--accel", "tcg"])
        .arg(busybox())
        .arg("sh");
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    command.env("PATH", path);
    let mut terminal = Terminal::start(&command);
    assert_eq!(terminal.end(), 125);
    terminal.expect("threadbare: panic\r\nthreadbare: again\r\n");
    let (_other, before) = shell(&["-it"]);
    assert_eq!(terminal.settings(), before);
}

#[test]
fn a_stopped_command_gives_the_hosts_terminal_back_meanwhile() {
    let (mut terminal, before) = shell(&["-it"]);
    let raw = terminal.settings();
    terminal.kill("TSTP");
    terminal.wait_until("the terminal is cooked", |terminal| terminal.settings() == before);
    terminal.resize(40, 100);
    terminal.kill("CONT");
    terminal.wait_until("the terminal is raw", |terminal| terminal.settings() == raw);
    terminal.press("stty size\n");
    terminal.expect("40 100");
    terminal.press("exit\n");
    assert_eq!(terminal.end(), 0);
    assert_eq!(terminal.settings(), before);
}

#[test]
fn signals_to_the_command_are_the_programs() {
    let script = "trap 'echo got it; exit 9' TERM USR1; echo waiting; while :; do sleep 1; done";
    for signal in ["TERM", "USR1"] {
        for options in [&["-it"][..], &[]] {
            let mut terminal = inside(
                options,
                &busybox().to_string_lossy(),
                &["sh", "-c", script],
                PROMPT,
            );
            terminal.expect("waiting");
            terminal.kill(signal);
            terminal.expect("got it");
            assert_eq!(terminal.end(), 9);
        }
    }
}

#[test]
fn all_output_is_shown_before_the_machine_ends() {
    let mut terminal = inside(
        &["-it"],
        &busybox().to_string_lossy(),
        &["seq", "1", "100000"],
        PROMPT,
    );
    let shown = terminal.expect("\r\n100000\r\n");
    let lines: Vec<String> = (1..100_000).map(|number| number.to_string()).collect();
    assert!(shown == lines.join("\r\n"), "all of it");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn a_terminal_without_a_keyboard_shows_and_hears_nothing() {
    let script = "tty; read -t 1 line; echo $?";
    let mut terminal = inside(
        &["-t"],
        &busybox().to_string_lossy(),
        &["sh", "-c", script],
        PROMPT,
    );
    terminal.press("unheard\n");
    assert_eq!(terminal.end(), 0);
    assert!(terminal.expect("\n1\r").contains("/dev/pts/0"));
}

#[test]
fn without_a_terminal_of_its_own_a_program_sees_the_hosts() {
    let script = "test -t 0 && test -t 1 && stty size; tty; exit 4";
    let mut terminal = inside(&[], &busybox().to_string_lossy(), &["sh", "-c", script], PROMPT);
    terminal.expect("24 80");
    assert_eq!(terminal.end(), 4);
}
