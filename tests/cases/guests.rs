//! The programs of `guest/`: each must print on Linux what it prints inside.

use std::path::PathBuf;
use threadbare_tests::{Case, Linking, Scratch, c, rust};

fn hello(linking: Linking) {
    let case = Case::new(c("hello", linking), ["one", "", "two words"]).env("GREETING", "hello");
    let outcome = case.input("first\nsecond, without an end").same();
    assert_eq!(outcome.status, 7);
}

#[test]
fn c_with_glibc_dynamic() {
    hello(Linking::Dynamic);
}

#[test]
fn c_with_glibc_static() {
    hello(Linking::Static);
}

#[test]
fn c_with_musl_static() {
    hello(Linking::MuslStatic);
}

#[test]
fn c_with_musl_static_pie() {
    hello(Linking::MuslStaticPie);
}

/// A program of `guest/c` that checks itself: no line of it may say NO.
fn checks(program: PathBuf, arguments: &[&str]) {
    let outcome = Case::new(program, arguments).input("some input").same();
    let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
    assert!(!text.contains(": NO"), "{text}");
}

#[test]
fn memory() {
    checks(c("memory", Linking::Dynamic), &[]);
    checks(c("memory", Linking::MuslStatic), &[]);
}

#[test]
fn waits_that_others_get_in_the_way_of() {
    checks(c("awaited", Linking::Static), &[]);
    checks(c("awaited", Linking::MuslStatic), &[]);
}

#[test]
fn timers_that_setting_the_clock_cancels() {
    // Not on Linux: the clock is everybody's.
    let outcome = Case::new(c("awaited", Linking::Static), ["clock"]).inside();
    let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
    assert!(text.contains("yes") && !text.contains(": NO"), "{text}");
}

#[test]
fn mappings_of_every_kind() {
    checks(c("mappings", Linking::Static), &[]);
    checks(c("mappings", Linking::MuslStatic), &[]);
}

#[test]
fn pages_of_two_mebibytes() {
    checks(c("huge", Linking::Static), &[]);
    checks(c("huge", Linking::MuslStatic), &[]);
}

#[test]
fn mapped_files_that_are_cut_punched_and_sealed() {
    checks(c("sealed", Linking::Static), &[]);
    checks(c("sealed", Linking::MuslStatic), &[]);
}

#[test]
fn shared_memory_of_system_v() {
    checks(c("segments", Linking::Static), &[]);
    checks(c("segments", Linking::MuslStatic), &[]);
}

#[test]
fn signals_that_tell_of_files() {
    checks(c("told", Linking::Static), &[]);
    checks(c("told", Linking::MuslStatic), &[]);
}

#[test]
fn signals() {
    checks(c("signals", Linking::Static), &[]);
    checks(c("signals", Linking::MuslStaticPie), &[]);
}

#[test]
fn terminals() {
    checks(c("terminals", Linking::Dynamic), &[]);
    checks(c("terminals", Linking::Static), &[]);
}

#[test]
fn calls_that_a_signal_interrupts() {
    checks(c("restart", Linking::Static), &[]);
    checks(c("restart", Linking::MuslStatic), &[]);
}

#[test]
fn what_the_scheduler_is_asked() {
    // musl does not pass these calls on.
    checks(c("sched", Linking::Static), &[]);
}

#[test]
fn futexes() {
    checks(c("futex", Linking::Static), &[]);
    checks(c("futex", Linking::MuslStatic), &[]);
}

#[test]
fn clocks_without_system_calls() {
    checks(c("vdso", Linking::Dynamic), &[]);
    checks(c("vdso", Linking::Static), &[]);
    checks(c("vdso", Linking::MuslStatic), &[]);
}

#[test]
fn signals_that_wait() {
    checks(c("queues", Linking::Static), &[]);
    checks(c("queues", Linking::MuslStatic), &[]);
}

#[test]
fn frames_that_a_handler_has_changed() {
    checks(c("forged", Linking::Static), &[]);
}

#[test]
fn timers_and_clocks() {
    checks(c("timers", Linking::Static), &[]);
    checks(c("timers", Linking::MuslStatic), &[]);
}

#[test]
fn a_signal_without_room_for_its_frame_ends_the_program_and_not_the_kernel() {
    let program = c("badstack", Linking::Static);
    for rsp in [
        "0",
        "8",
        "1000",
        "3200",
        "3264",
        "0x1000",
        "0x7fffffffeff8",
        "0xffffffffffffffff",
    ] {
        let inside = Case::new(&program, [rsp]).inside();
        assert_eq!(inside.status, 139, "RSP {rsp}: {}", inside.report());
    }
}

#[test]
fn files() {
    let folder = Scratch::new("files");
    let case = Case::new(c("files", Linking::Static), [folder.path()]).volume(folder.path());
    let outcome = case.input("x").same();
    let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
    assert!(!text.contains(": NO"), "{text}");
}

#[test]
fn rust_hello() {
    let case = Case::new(rust("hello"), ["a", "b c"]).env("GREETING", "hi");
    let outcome = case.input("one\ntwo").same();
    assert_eq!(outcome.status, 9);
}

#[test]
fn rust_hash_maps() {
    Case::new(rust("hashmap"), [""; 0]).same();
}

#[test]
fn rust_panic_with_its_backtrace() {
    let case = Case::new(rust("panic"), [""; 0]).env("RUST_BACKTRACE", "1");
    let outcome = case.same_but_for(without_thread_number);
    assert_eq!(outcome.status, 101);
    assert!(
        outcome.report().contains("panic::inner"),
        "the backtrace names no function:\n{}",
        outcome.report()
    );
}

#[test]
fn rust_threads() {
    let outcome = Case::new(rust("threads"), [""; 0]).same_but_for(without_thread_number);
    assert_eq!(outcome.status, 134, "the stack overflow aborts");
}

/// A panic names the thread's number, which is the system's choice: `thread 'main' (4711) panicked at …`.
fn without_thread_number(text: Vec<u8>) -> Vec<u8> {
    let text = String::from_utf8(text).expect("a panic is reported in UTF-8");
    let lines = text
        .split_inclusive('\n')
        .map(|line| match line.split_once("' (") {
            Some((before, after)) if line.starts_with("thread '") => {
                format!(
                    "{before}' (N{}",
                    after.trim_start_matches(|c: char| c.is_ascii_digit())
                )
            }
            _ => line.to_owned(),
        });
    lines.collect::<String>().into_bytes()
}
