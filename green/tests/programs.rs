//! What whole programs see: reports on standard error, exit statuses, memory. Each test runs this binary again as a child.

#![allow(unsafe_code, reason = "an alarm for a child that must not hang")]

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, Output, Stdio};

use threadbare::runtime::{self, Builder, Mode};
use threadbare::sync::{Arc, Barrier, Condvar, Mutex, mpsc};
use threadbare::thread;

/// Runs the test `name` in a child, where `is_child` is true.
fn child(name: &str, environment: &[(&str, &str)]) -> Output {
    child_command(name)
        .envs(environment.iter().copied())
        .output()
        .expect("the child starts")
}

fn child_command(name: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("our own path"));
    command
        .args(["--exact", name, "--nocapture", "--test-threads", "1"])
        .env("THREADBARE_TEST_CHILD", name);
    command
}

fn is_child() -> bool {
    std::env::var_os("THREADBARE_TEST_CHILD").is_some()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[inline(never)]
fn recurse(depth: u64) -> u64 {
    let local = std::hint::black_box([depth; 8]);
    if depth == u64::MAX {
        0
    } else {
        recurse(depth + 1) + local[3]
    }
}

fn overflow_is_explained(name: &str, mode: &str, others: usize) {
    if is_child() {
        let parked: Vec<_> = (0..others).map(|_| thread::spawn(thread::park)).collect();
        let deep = thread::Builder::new()
            .name("the deep one".into())
            .spawn(|| recurse(0))
            .unwrap();
        let _ = deep.join();
        drop(parked);
        return;
    }
    let output = child(name, &[("THREADBARE_MODE", mode)]);
    let text = stderr(&output);
    assert!(text.contains("thread 'the deep one'"), "{text}");
    assert!(text.contains("has overflowed its stack"), "{text}");
    assert!(text.contains("bytes deep in"), "{text}");
    assert!(text.contains("programs::recurse"), "{text}");
    assert_eq!(
        std::os::unix::process::ExitStatusExt::signal(&output.status),
        Some(6),
        "{text}"
    );
}

#[test]
fn overflow_is_explained_isolated() {
    overflow_is_explained("overflow_is_explained_isolated", "isolated", 100);
}

#[test]
fn overflow_is_explained_pinned() {
    overflow_is_explained("overflow_is_explained_pinned", "pinned", 100);
}

#[test]
fn overflow_among_a_hundred_thousand_threads_is_explained() {
    let name = "overflow_among_a_hundred_thousand_threads_is_explained";
    overflow_is_explained(name, "isolated", 100_000);
}

#[test]
fn overflow_of_an_operating_system_thread_is_still_std_s() {
    if is_child() {
        thread::spawn(|| ()).join().unwrap();
        let deep = std::thread::Builder::new()
            .name("std's".into())
            .spawn(|| recurse(0))
            .unwrap();
        let _ = deep.join();
        return;
    }
    let output = child("overflow_of_an_operating_system_thread_is_still_std_s", &[]);
    let text = stderr(&output);
    assert!(
        text.contains("thread 'std's'") && text.contains("has overflowed its stack"),
        "{text}"
    );
    assert!(!text.contains("threadbare::"), "{text}");
}

#[test]
fn a_deadlock_is_reported_with_the_threads() {
    // The example, which cargo builds beside this test: here, the harness has a thread of its own that waits outside.
    let mut path = std::env::current_exe().expect("our own path");
    path.pop();
    path.pop();
    let mut command = Command::new(path.join("examples/deadlock"));
    // SAFETY: the call is async-signal-safe; it ends the child, should the report never come.
    unsafe {
        command.pre_exec(|| {
            libc::alarm(300);
            Ok(())
        });
    }
    let mut child = command
        .stderr(Stdio::piped())
        .spawn()
        .expect("the example starts");
    let lines = BufReader::new(child.stderr.take().expect("piped"))
        .lines()
        .map_while(Result::ok);
    let mut seen = Vec::new();
    for line in lines {
        seen.push(line);
        // The last call of the second thread.
        if seen.iter().filter(|line| line.contains("deadlock::main")).count() == 2 {
            break;
        }
    }
    child.kill().expect("the child is there");
    child.wait().expect("the child is there");
    let text = seen.join("\n");
    assert!(text.contains("all threads are asleep"), "{text}");
    assert!(
        text.contains("'left first'") && text.contains("'right first'"),
        "{text}"
    );
    assert!(text.contains("waiting for the lock at 0x"), "{text}");
    assert!(text.contains("threadbare::sync::mutex::Mutex<T>::lock"), "{text}");
    assert!(text.contains("examples/deadlock.rs:"), "{text}");
}

/// The example was written for std, and still is but for one line.
#[test]
fn the_example_is_std_s_program_but_for_its_imports() {
    let source = include_str!("../examples/sort_map_reduce.rs");
    let ours = "use threadbare::{sync::mpsc, thread};\n";
    assert_eq!(source.matches("threadbare").count(), 1, "one line names us");
    let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join("sort_map_reduce_of_std.rs");
    std::fs::write(&file, source.replace(ours, "use std::{sync::mpsc, thread};\n")).expect("a file");
    let program = folder.join("sort_map_reduce_of_std");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let built = Command::new(rustc)
        .args(["--edition", "2024", "-O", "-o"])
        .args([&program, &file])
        .status()
        .expect("rustc, which built this test");
    assert!(built.success());
    // Cargo builds the examples beside this test.
    let mut example = std::env::current_exe().expect("our own path");
    example.pop();
    example.pop();
    let [theirs, ours] = [program, example.join("examples/sort_map_reduce")].map(|program| {
        let output = Command::new(program).output().expect("it was built");
        assert!(output.status.success(), "{}", stderr(&output));
        output.stdout
    });
    assert_eq!(theirs, ours);
    assert!(!ours.is_empty());
}

#[test]
fn a_main_that_returns_ends_the_process() {
    if is_child() {
        thread::spawn(|| {
            loop {
                thread::yield_now();
            }
        });
        thread::spawn(thread::park);
        return;
    }
    assert!(
        child("a_main_that_returns_ends_the_process", &[])
            .status
            .success()
    );
}

#[test]
fn a_hundred_thousand_threads_park_out_of_the_box() {
    for mode in ["isolated", "pinned"] {
        if is_child() {
            let count = 100_000;
            let before = resident();
            let barrier = Arc::new(Barrier::new(count + 1));
            let threads: Vec<_> = (0..count)
                .map(|_| {
                    let barrier = barrier.clone();
                    thread::spawn(move || {
                        barrier.wait();
                        thread::park();
                    })
                })
                .collect();
            barrier.wait();
            println!("bytes-per-thread {}", (resident() - before) / count);
            threads.iter().for_each(|thread| thread.thread().unpark());
            threads.into_iter().for_each(|thread| thread.join().unwrap());
            return;
        }
        let output = child(
            "a_hundred_thousand_threads_park_out_of_the_box",
            &[("THREADBARE_MODE", mode)],
        );
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}{}", stderr(&output));
        let bytes = text
            .split("bytes-per-thread ")
            .nth(1)
            .and_then(|rest| rest.split_whitespace().next());
        let bytes: usize = bytes
            .and_then(|bytes| bytes.parse().ok())
            .expect("the child's measure");
        // Frames of debug builds are larger; the benchmark measures the real thing.
        assert!(bytes < 16 << 10, "{mode}: {bytes} bytes a thread");
    }
}

/// Resident memory of this process in bytes.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").expect("procfs");
    let pages: usize = text
        .split_whitespace()
        .nth(1)
        .and_then(|field| field.parse().ok())
        .expect("statm");
    pages * 4096
}

#[test]
fn a_worker_stuck_in_a_system_call_is_replaced() {
    if is_child() {
        Builder::new()
            .workers(1)
            .mode(Mode::Isolated)
            .report_blocked(true)
            .install()
            .unwrap();
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let stuck = thread::Builder::new().name("stuck".into());
        // std's own channel blocks the operating-system thread, and with it the only worker.
        let stuck = stuck.spawn(move || wait_where_it_is_told(&wait)).unwrap();
        let other = thread::spawn(move || {
            threadbare::io::stdin().read_line(&mut String::new()).unwrap();
            go.send(()).unwrap();
        });
        other.join().unwrap();
        stuck.join().unwrap();
        return;
    }
    #[inline(never)]
    fn wait_where_it_is_told(wait: &std::sync::mpsc::Receiver<()>) {
        wait.recv().unwrap();
        std::hint::black_box(wait);
    }
    // Once is enough: on a busy machine, the thread may be kept from the call for as long as it takes to count as stuck.
    let tells_call_and_place = |_| {
        let mut child = child_command("a_worker_stuck_in_a_system_call_is_replaced")
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut next = || lines.next().expect("a report").unwrap();
        let report = std::iter::repeat_with(&mut next).find(|line| line.contains("thread 'stuck' "));
        let is_last = |line: &String| line.contains("wait_where") || line.contains("is not known");
        let place = std::iter::repeat_with(next).find(is_last);
        child.stdin.take().unwrap().write_all(b"\n").unwrap();
        assert!(child.wait().unwrap().success());
        report.is_some_and(|line| line.contains("in system call 202"))
            && place.is_some_and(|line| line.contains("wait_where"))
    };
    assert!((0..20).any(tells_call_and_place));
}

#[test]
fn the_dump_lists_threads_and_what_they_do() {
    if is_child() {
        let (sender, receiver) = mpsc::channel::<()>();
        let pair = Arc::new((Mutex::new(false), Condvar::new()));
        let ready = Arc::new(Barrier::new(4));
        let (r1, r2, r3) = (ready.clone(), ready.clone(), ready.clone());
        let start = |name: &str, body: Box<dyn FnOnce() + Send>| {
            thread::Builder::new().name(name.into()).spawn(body).unwrap()
        };
        let inner = pair.clone();
        let threads = [
            start(
                "parks",
                Box::new(move || {
                    r1.wait();
                    thread::park();
                }),
            ),
            start(
                "receives",
                Box::new(move || {
                    r2.wait();
                    let _ = receiver.recv();
                }),
            ),
            start(
                "waits",
                Box::new(move || {
                    r3.wait();
                    drop(inner.1.wait_while(inner.0.lock().unwrap(), |done| !*done));
                }),
            ),
        ];
        ready.wait();
        // They are asleep when nothing is runnable any more.
        let dump = loop {
            let dump = runtime::dump();
            if !dump.contains("runnable") && !dump.contains("running") {
                break dump;
            }
            std::thread::yield_now();
        };
        assert!(dump.contains("3 green threads"), "{dump}");
        assert!(dump.contains("'parks'") && dump.contains(": parked"), "{dump}");
        // By which calls they came there: the interface, then the program's own.
        assert!(dump.contains("threadbare::thread::park::park"), "{dump}");
        assert!(dump.contains("the_dump_lists_threads_and_what_they_do"), "{dump}");
        assert!(
            !dump.contains("threadbare::rt::") && !dump.contains("catch_unwind"),
            "{dump}"
        );
        assert!(
            dump.contains("'receives'") && dump.contains(": waiting to receive"),
            "{dump}"
        );
        assert!(
            dump.contains("'waits'") && dump.contains(": waiting for the condition at 0x"),
            "{dump}"
        );
        threads[0].thread().unpark();
        drop(sender);
        *pair.0.lock().unwrap() = true;
        pair.1.notify_all();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        return;
    }
    let output = child("the_dump_lists_threads_and_what_they_do", &[]);
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        stderr(&output)
    );
}

#[test]
fn the_environment_chooses_the_mode() {
    if is_child() {
        let mode = runtime::mode().unwrap();
        assert_eq!(mode, Mode::Pinned);
        assert_eq!(runtime::why_pinned(), None, "pinned was asked for");
        assert_eq!(thread::spawn(|| 5).join().unwrap(), 5);
        assert_eq!(Builder::new().install(), Err(runtime::AlreadyStarted));
        return;
    }
    let output = child(
        "the_environment_chooses_the_mode",
        &[("THREADBARE_MODE", "pinned")],
    );
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn a_signal_prints_the_dump() {
    let name = "a_signal_prints_the_dump";
    if is_child() {
        // SAFETY: ends this process, should its parent not.
        unsafe { libc::alarm(300) };
        Builder::new()
            .dump_on_signal(libc::SIGQUIT)
            .report_deadlock(false)
            .install()
            .unwrap();
        let (ready, is_ready) = mpsc::channel();
        let parked = thread::Builder::new().name("parked here".into());
        let parked = parked.spawn(move || {
            ready.send(()).unwrap();
            thread::park();
        });
        is_ready.recv().unwrap();
        // SAFETY: sends this process the signal that it asked for.
        unsafe { libc::kill(libc::getpid(), libc::SIGQUIT) };
        let _ = parked.unwrap().join();
        return;
    }
    let mut command = Command::new(std::env::current_exe().expect("our own path"));
    command
        .args(["--exact", name, "--nocapture"])
        .env("THREADBARE_TEST_CHILD", name);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the child starts");
    let lines = BufReader::new(child.stderr.take().expect("piped"))
        .lines()
        .map_while(Result::ok);
    let found = lines
        .into_iter()
        .any(|line| line.contains("thread 'parked here'") && line.contains("parked"));
    child.kill().expect("the child is there");
    child.wait().expect("the child is there");
    assert!(found);
}

/// Valgrind is told which memory is a stack, and that the FS base stays.
#[test]
fn valgrind_finds_nothing() {
    let name = "valgrind_finds_nothing";
    if is_child() {
        assert_eq!(runtime::mode().unwrap(), Mode::Pinned);
        assert!(runtime::why_pinned().is_some_and(|why| why.contains("Valgrind")));
        let (sender, receiver) = mpsc::channel();
        thread::scope(|scope| {
            for id in 0..20_u64 {
                let sender = sender.clone();
                scope.spawn(move || {
                    thread::yield_now();
                    sender.send(Box::new(id)).unwrap();
                });
            }
        });
        drop(sender);
        assert_eq!(receiver.iter().map(|id| *id).sum::<u64>(), 190);
        return;
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        eprintln!("skipped: there is no valgrind");
        return;
    }
    let output = Command::new("valgrind")
        .args(["-q", "--error-exitcode=99"])
        .arg(std::env::current_exe().expect("our own path"))
        .args(["--exact", name, "--nocapture", "--test-threads", "1"])
        .env("THREADBARE_TEST_CHILD", name)
        .output()
        .expect("valgrind starts");
    assert!(output.status.success(), "{}", stderr(&output));
}
