//! What ThreadSanitizer and AddressSanitizer find in programs with green threads, and that they are quiet where nothing is wrong.
//!
//! Needs a build with the tool, which stable Rust has behind a switch:
//!
//! ```text
//! export RUSTC_BOOTSTRAP=1
//! RUSTFLAGS='-Zsanitizer=address -Cunsafe-allow-abi-mismatch=sanitizer' \
//!     cargo test -p threadbare --target x86_64-unknown-linux-gnu --test sanitizers -- --ignored address
//! RUSTFLAGS=-Zsanitizer=thread \
//!     cargo test -Zbuild-std -p threadbare --target x86_64-unknown-linux-gnu --test sanitizers -- --ignored thread
//! ```
//!
//! (ThreadSanitizer has to see std's atomics too, so std is built with it.) Each test runs this binary again as a child.

#![allow(unsafe_code, reason = "does what the tools shall find")]

use std::cell::UnsafeCell;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use threadbare::runtime::{self, Mode};
use threadbare::sync::{Arc, Barrier, Mutex, mpsc};
use threadbare::thread;

fn child(name: &str) -> Output {
    Command::new(std::env::current_exe().expect("our own path"))
        .args(["--exact", name, "--ignored", "--nocapture", "--test-threads", "1"])
        .env("THREADBARE_TEST_CHILD", name)
        .env("THREADBARE_WORKERS", "2")
        .output()
        .expect("the child starts")
}

fn is_child() -> bool {
    std::env::var_os("THREADBARE_TEST_CHILD").is_some()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

struct Unguarded(UnsafeCell<u64>);
// SAFETY: a lie, for the tool to find out.
unsafe impl Sync for Unguarded {}

/// Starts a thread on each of the two workers: both wait without letting go of theirs until the other is there.
fn on_both_workers(body: impl Fn() + Send + Sync + Clone + 'static) {
    let both = Arc::new(std::sync::Barrier::new(2));
    let threads: Vec<_> = ["first", "second"]
        .into_iter()
        .map(|name| {
            let (both, body) = (both.clone(), body.clone());
            let start = move || {
                both.wait();
                body();
            };
            thread::Builder::new().name(name.into()).spawn(start).unwrap()
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
#[ignore = "needs a build with -Zsanitizer=thread"]
fn thread_sanitizer_reports_a_race_and_names_the_threads() {
    if is_child() {
        let shared = Arc::new((Unguarded(UnsafeCell::new(0)), AtomicU32::new(0)));
        on_both_workers(move || {
            let (cell, done) = &*shared;
            // SAFETY: none: this is the race.
            unsafe { *cell.0.get() += 1 };
            done.fetch_add(1, Relaxed);
            // The tool reports a race when the second access comes, if it still knows where the first was. What it remembers of a
            // thread is short, and shorter when the thread has ended: so the first stays and does next to nothing. Relaxed, for
            // nothing may order the accesses.
            while done.load(Relaxed) < 2 {
                std::thread::sleep(Duration::from_millis(10));
            }
        });
        return;
    }
    let text = text(&child("thread_sanitizer_reports_a_race_and_names_the_threads"));
    assert!(text.contains("WARNING: ThreadSanitizer: data race"), "{text}");
    assert!(text.contains("green thread 'first'"), "{text}");
    assert!(text.contains("green thread 'second'"), "{text}");
}

#[test]
#[ignore = "needs a build with -Zsanitizer=thread"]
fn thread_sanitizer_is_quiet_about_threads_that_synchronise() {
    if is_child() {
        assert_eq!(runtime::mode().unwrap(), Mode::Pinned);
        assert!(runtime::why_pinned().is_some_and(|why| why.contains("sanitizer")));
        busy();
        return;
    }
    let output = child("thread_sanitizer_is_quiet_about_threads_that_synchronise");
    assert!(output.status.success(), "{}", text(&output));
    assert!(!text(&output).contains("ThreadSanitizer"), "{}", text(&output));
}

#[test]
#[ignore = "needs a build with -Zsanitizer=address"]
fn address_sanitizer_knows_the_stacks() {
    if is_child() {
        busy();
        // Frames with redzones, left by a panic, on stacks that are used again.
        for round in 0..100_u8 {
            let joined = thread::spawn(move || deep(round, 20)).join();
            assert!(joined.is_err());
        }
        return;
    }
    let output = child("address_sanitizer_knows_the_stacks");
    assert!(output.status.success(), "{}", text(&output));
    assert!(!text(&output).contains("AddressSanitizer"), "{}", text(&output));
}

#[test]
#[ignore = "needs a build with -Zsanitizer=address"]
fn address_sanitizer_reports_an_overrun_on_a_green_stack() {
    if is_child() {
        thread::spawn(|| {
            let array = std::hint::black_box([1_u8; 16]);
            // SAFETY: none: one byte too far.
            std::hint::black_box(unsafe { *array.as_ptr().add(std::hint::black_box(16)) });
        })
        .join()
        .unwrap();
        return;
    }
    let output = child("address_sanitizer_reports_an_overrun_on_a_green_stack");
    let text = text(&output);
    assert!(text.contains("stack-buffer-overflow"), "{text}");
    assert!(text.contains("array"), "the variable is named: {text}");
}

fn deep(round: u8, depth: u32) {
    let local = std::hint::black_box([round; 64]);
    if depth == 0 {
        std::panic::resume_unwind(Box::new(()));
    }
    deep(round, depth - 1);
    std::hint::black_box(&local);
}

/// Locks, channels, barriers, parking, joins and scopes, between both workers.
fn busy() {
    let sum = Arc::new(Mutex::new(0_u64));
    let barrier = Arc::new(Barrier::new(8));
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for id in 0..8_u64 {
            let (sum, barrier, sender) = (sum.clone(), barrier.clone(), sender.clone());
            scope.spawn(move || {
                for round in 0..100 {
                    *sum.lock().unwrap() += 1;
                    if round % 10 == 0 {
                        barrier.wait();
                    }
                    sender.send(Box::new(id)).unwrap();
                    thread::spawn(thread::yield_now).join().unwrap();
                }
            });
        }
        drop(sender);
        assert_eq!(receiver.iter().map(|id| *id).sum::<u64>(), 2800);
    });
    assert_eq!(*sum.lock().unwrap(), 800);
}
