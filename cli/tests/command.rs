//! The command from outside, with a script in QEMU's place: what the machine says is written down in each test, and
//! what the command makes of it is seen by whoever started it.

#![forbid(unsafe_code)]

#[path = "command/machine.rs"]
mod machine;

use machine::{Machine, Run};
use std::{
    fs,
    io::{Read, Write},
    os::unix::{fs::PermissionsExt, process::ExitStatusExt},
    process::Stdio,
    time::Duration,
};
use threadbare_link::{ExitStatus, Features, GuestMessage, LogLevel, OutputStream, VERSION, WINDOW};

fn out(data: &[u8]) -> GuestMessage<'_> {
    GuestMessage::Write {
        stream: OutputStream::Stdout,
        data,
    }
}

/// What is acknowledged at once.
const HALF_WINDOW: &[u8] = &[b'x'; WINDOW as usize / 2];
/// Its acknowledgement, framed.
const CREDIT: [u8; 9] = [5, 0, 0, 0, 2, 0, 0x80, 0x80, 8];

fn exit(status: u8) -> GuestMessage<'static> {
    GuestMessage::Exit(ExitStatus::Exited(status))
}

fn status_of(machine: &Machine) -> Run {
    machine.run(&["/bin/sh"], b"")
}

#[test]
fn streams_stay_apart_and_the_status_is_the_programs() {
    let err = GuestMessage::Write {
        stream: OutputStream::Stderr,
        data: b"\xff\0err",
    };
    let machine = Machine::new()
        .hello()
        .say(&[out(b"one "), err, out(b"two\0"), exit(42)])
        .ends(33);
    let run = status_of(&machine);
    assert_eq!(
        (run.status, &*run.stdout, &*run.stderr),
        (42, &b"one two\0"[..], &b"\xff\0err"[..])
    );
}

#[test]
fn death_by_a_signal_is_128_and_its_number() {
    let machine = Machine::new()
        .hello()
        .say(&[GuestMessage::Exit(ExitStatus::Signaled(11))])
        .ends(33);
    assert_eq!(status_of(&machine).status, 139);
}

#[test]
fn standard_input_is_read_only_when_asked_and_no_more_than_asked() {
    let machine = Machine::new()
        .hello()
        .say(&[GuestMessage::Read { max: 3 }])
        .hear(4 + 1 + 1 + 3)
        .say(&[exit(0)])
        .ends(33);
    let mut input = tempfile::tempfile().unwrap();
    input.write_all(b"abcdef").unwrap();
    std::io::Seek::rewind(&mut input).unwrap();
    let mut child = machine
        .command(&["/bin/sh"])
        .stdin(input.try_clone().unwrap())
        .spawn()
        .unwrap();
    assert!(child.wait().unwrap().success());
    // The position is shared with the child: what it did not ask for is still there.
    let mut rest = String::new();
    input.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "def");
    assert_eq!(machine.heard(), [5, 0, 0, 0, 0, 3, b'a', b'b', b'c']);
}

#[test]
fn the_end_of_input_is_an_empty_answer() {
    let machine = Machine::new()
        .hello()
        .say(&[GuestMessage::Read { max: 100 }])
        .hear(6)
        .say(&[exit(0)])
        .ends(33);
    assert_eq!(status_of(&machine).status, 0);
    assert_eq!(machine.heard(), [2, 0, 0, 0, 0, 0]);
}

#[test]
fn whoever_polls_standard_input_learns_of_it_and_takes_nothing() {
    let asks = [GuestMessage::AwaitInput];
    let machine = Machine::new()
        .hello()
        .say(&asks)
        .hear(4 + 1)
        .say(&[exit(0)])
        .ends(33);
    let mut input = tempfile::tempfile().unwrap();
    input.write_all(b"abc").unwrap();
    std::io::Seek::rewind(&mut input).unwrap();
    let mut child = machine
        .command(&["/bin/sh"])
        .stdin(input.try_clone().unwrap())
        .spawn()
        .unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(machine.heard(), [1, 0, 0, 0, 6]);
    let mut rest = String::new();
    input.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "abc");
}

#[test]
fn output_is_acknowledged_once_half_a_window_has_come() {
    let (most, rest) = HALF_WINDOW.split_at(HALF_WINDOW.len() - 3);
    let machine = Machine::new()
        .hello()
        .say(&[out(most), out(rest)])
        .hear(CREDIT.len())
        .say(&[exit(0)])
        .ends(33);
    assert_eq!(status_of(&machine).stdout, HALF_WINDOW);
    assert_eq!(machine.heard(), CREDIT);
}

#[test]
fn a_reader_that_went_away_is_told_to_the_machine() {
    let machine = Machine::new()
        .hello()
        .say(&[out(b"x")])
        .hear(4 + 3)
        .say(&[out(b"y"), exit(3)])
        .ends(33);
    let mut child = machine
        .command(&["/bin/sh"])
        .stdout(Stdio::piped())
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(3));
    assert_eq!(machine.heard(), [3, 0, 0, 0, 3, 0, 32], "EPIPE");
}

#[test]
fn all_output_is_delivered_before_the_command_ends() {
    let data = vec![b'x'; WINDOW as usize / 2];
    let machine = Machine::new()
        .hello()
        .say(&[out(&data), out(&data), exit(0)])
        .ends(33);
    let mut child = machine
        .command(&["/bin/sh"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let mut all = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut all).unwrap();
    assert_eq!(all.len(), WINDOW as usize);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_time_limit_ends_the_machine_and_says_so() {
    let machine = Machine::new().hello().say(&[out(b"before")]).sleeps();
    // Time enough for a machine that is busy to get as far as it should.
    let run = machine.run(&["--timeout", "3s", "/bin/sh"], b"");
    assert_eq!((run.status, &*run.stdout), (124, &b"before"[..]));
    assert_eq!(
        run.words(),
        "threadbare: the program was ended after 3 s, its time limit\n"
    );
    machine.assert_gone();
}

#[test]
fn interrupt_and_termination_end_the_machine() {
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let machine = Machine::new()
            .hello()
            .say(&[out(HALF_WINDOW)])
            .hear(CREDIT.len())
            .sleeps();
        let mut child = machine
            .command(&["/bin/sh"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        machine.wait_until_heard(CREDIT.len());
        machine::kill(signal, child.id());
        assert_eq!(child.wait().unwrap().code(), Some(status));
        machine.assert_gone();
    }
}

#[test]
fn a_kernel_that_takes_signals_gets_them() {
    let hello = GuestMessage::Hello {
        version: VERSION,
        features: Features::SIGNALS,
    };
    let signal = GuestMessage::Exit(ExitStatus::Signaled(15));
    let machine = Machine::new()
        .say(&[hello, out(HALF_WINDOW)])
        .hear(CREDIT.len())
        .hear(4 + 2)
        .say(&[signal])
        .ends(33);
    let mut child = machine
        .command(&["/bin/sh"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    machine.wait_until_heard(CREDIT.len());
    machine::kill("TERM", child.id());
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert_eq!(machine.heard()[CREDIT.len()..], [2, 0, 0, 0, 4, 15]);
}

#[test]
fn no_machine_outlives_a_command_that_is_killed() {
    let machine = Machine::new()
        .hello()
        .say(&[out(HALF_WINDOW)])
        .hear(CREDIT.len())
        .sleeps();
    let mut child = machine
        .command(&["/bin/sh"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    machine.wait_until_heard(CREDIT.len());
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    machine.assert_gone();
}

#[test]
fn a_kernel_that_breaks_its_promises_is_ended() {
    for (machine, words) in [
        (
            Machine::new().say(&[out(b"x")]),
            "the kernel did not say hello first",
        ),
        (
            Machine::new().raw(&[255, 255, 255, 255, 0]),
            "the kernel sent what cannot be understood (a frame of 4294967295 bytes",
        ),
        (
            Machine::new().hello().raw(&[1, 0, 0, 0, 99]),
            "the kernel sent what cannot be understood (a message cannot be decoded)",
        ),
    ] {
        let machine = machine.sleeps();
        let run = status_of(&machine);
        assert_eq!(run.status, 125);
        assert!(run.words().contains(words), "{}", run.words());
        machine.assert_gone();
    }
}

#[test]
fn a_dying_kernel_is_heard() {
    let machine = Machine::new()
        .hello()
        .console("panic at 0xffffffff80000000\r\ncode: c3\r\n")
        .ends(35);
    let run = status_of(&machine);
    assert_eq!(run.status, 125);
    for words in ["the kernel died", "panic at 0xffffffff80000000", "0x0: ret"] {
        assert!(run.words().contains(words), "{}", run.words());
    }
}

#[test]
fn a_machine_that_is_gone_without_a_word_is_told() {
    let run = status_of(&Machine::new().ends(1));
    assert_eq!(run.status, 125);
    assert_eq!(run.words(), "threadbare: the virtual machine did not start.\n");
    let run = status_of(&Machine::new().hello().ends(0));
    assert!(run.words().contains("reset without a word"), "{}", run.words());
}

#[test]
fn the_kernels_log_goes_to_standard_error() {
    let log = GuestMessage::Log {
        level: LogLevel::Warn,
        text: "low\x1b memory",
    };
    let run = status_of(&Machine::new().hello().say(&[log, exit(0)]).ends(33));
    assert_eq!((run.status, &*run.stdout), (0, &b""[..]));
    assert_eq!(run.words(), "threadbare: kernel: warn: low\\u{1b} memory\n");
}

#[test]
fn what_cannot_run_is_refused_before_a_machine_starts() {
    let machine = Machine::new().ends(33);
    let directory = tempfile::tempdir().unwrap();
    let plain = directory.path().join("plain");
    fs::write(&plain, "text").unwrap();
    fs::set_permissions(&plain, fs::Permissions::from_mode(0o755)).unwrap();
    let plain = plain.to_str().unwrap();
    for (arguments, status) in [
        (&["/nonexistent/program"][..], 127),
        (&["no-such-program-anywhere"], 127),
        (&[plain], 126),
        (&["/"], 126),
        (&["--root", "/nonexistent", "sh"], 125),
        (&["--volume", "/a:/b", "sh"], 125),
        (&["--no-such-option", "sh"], 125),
        (&["-it", "/bin/sh"], 125), // standard input is a pipe here
        (&[], 125),
    ] {
        let run = machine.run(arguments, b"");
        assert_eq!(run.status, status, "{arguments:?}: {}", run.words());
        assert!(!run.stderr.is_empty());
    }
    assert!(!machine.was_started());
}

#[test]
fn the_archive_has_the_program_and_what_it_was_told() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("data"), "content").unwrap();
    let volume = format!("{}:/data:ro", directory.path().display());
    let machine = Machine::new().hello().say(&[exit(0)]).ends(33);
    let arguments = [
        "--volume",
        &volume,
        "--workdir",
        "/made",
        "--env",
        "A=b",
        "/bin/sh",
        "-c",
        "exit",
    ];
    assert_eq!(machine.run(&arguments, b"").status, 0);

    let archive = machine.archive();
    let entries: Vec<_> = threadbare_cpio::Archive::new(&archive)
        .entries()
        .map(Result::unwrap)
        .collect();
    let specification = threadbare_link::RunSpec::decode(entries[0].data).unwrap();
    assert_eq!(specification.program, b"/bin/sh");
    assert_eq!(specification.arguments, [&b"/bin/sh"[..], b"-c", b"exit"]);
    assert_eq!(specification.working_directory, b"/made");
    assert!(specification.environment.contains(&&b"A=b"[..]));
    assert!(specification.environment.contains(&&b"HOME=/root"[..]));
    let entry = |name: &str| {
        entries
            .iter()
            .find(|entry| entry.name == name.as_bytes())
            .unwrap_or_else(|| panic!("{name}"))
    };
    assert_eq!(entry("data/data").data, b"content");
    assert_eq!(entry("tmp").mode, 0o041_777);
    for directory in ["made", "proc", "dev", "sys", "root"] {
        assert_eq!(entry(directory).mode & 0o170_000, 0o040_000);
    }
    let shell = fs::canonicalize("/bin/sh").unwrap();
    assert_eq!(
        entry(shell.to_str().unwrap().trim_start_matches('/')).data,
        fs::read(&shell).unwrap()
    );
}

#[test]
fn a_root_directory_is_the_whole_file_system() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    fs::create_dir_all(root.join("bin")).unwrap();
    fs::copy("/bin/sh", root.join("bin/tool")).unwrap();
    let machine = Machine::new().hello().say(&[exit(0)]).ends(33);
    let run = machine.run(&["--root", root.to_str().unwrap(), "tool"], b"");
    assert_eq!(run.status, 0, "{}", run.words());
    let archive = machine.archive();
    let mut names: Vec<_> = threadbare_cpio::Archive::new(&archive)
        .entries()
        .map(|entry| String::from_utf8(entry.unwrap().name.to_vec()).unwrap())
        .collect();
    names.dedup();
    assert_eq!(
        names,
        [
            "threadbare.run",
            ".",
            "bin",
            "bin/tool",
            "dev",
            "proc",
            "root",
            "sys",
            "tmp"
        ]
    );
    assert_eq!(
        machine.run(&["--root", root.to_str().unwrap(), "sh"], b"").status,
        127
    );
}
