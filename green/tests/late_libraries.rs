//! Libraries with thread-locals that are loaded while green threads run. They are built here, with the C compiler that links Rust.
#![cfg(all(target_os = "linux", target_env = "gnu", not(target_feature = "crt-static")))]
#![allow(unsafe_code, reason = "loads libraries and calls them")]

use std::ffi::CString;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use threadbare::sync::{Arc, Barrier, mpsc};
use threadbare::thread;

const SOURCE: &str =
    "__thread int counter = 42; __thread char space[24]; int bump(void) { return ++counter; }";

/// Builds the library under `name`.
fn build(name: &str, flags: &[&str]) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let source = folder.join(format!("{name}.c"));
    std::fs::write(&source, SOURCE).expect("a file");
    let library = folder.join(format!("lib{name}.so"));
    let status = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(&source)
        .args(flags)
        .status()
        .expect("cc, which links Rust programs");
    assert!(status.success());
    library
}

type Bump = unsafe extern "C" fn() -> i32;

fn load(library: &std::path::Path) -> Bump {
    let path = CString::new(library.to_str().expect("a plain path")).expect("no zero in it");
    // SAFETY: the library has no constructors, and the symbol is a function of this type.
    unsafe {
        let handle = libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL);
        assert!(!handle.is_null(), "{library:?}");
        let symbol = libc::dlsym(handle, c"bump".as_ptr());
        assert!(!symbol.is_null());
        std::mem::transmute::<*mut libc::c_void, Bump>(symbol)
    }
}

/// Three calls, over switches, see a counter of the thread's own.
fn counts_from_42(bump: Bump) {
    for expected in 43..46 {
        // SAFETY: see `load`.
        assert_eq!(unsafe { bump() }, expected);
        thread::yield_now();
    }
}

fn command(name: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("our own path"));
    command
        .args(["--exact", name, "--nocapture", "--test-threads", "1"])
        .env("THREADBARE_TEST_CHILD", name);
    command
}

fn child(name: &str) -> Output {
    command(name).output().expect("the child starts")
}

fn is_child() -> bool {
    std::env::var_os("THREADBARE_TEST_CHILD").is_some()
}

fn isolated() -> bool {
    threadbare::runtime::mode().ok() == Some(threadbare::runtime::Mode::Isolated)
}

/// Green threads of all kinds: started before `loading`, on a slot that was used before, and on fresh slots.
fn on_all_kinds_of_threads<T: Copy + Send + 'static>(
    loading: impl FnOnce() -> T,
    started: impl FnOnce(T) + Send + 'static,
    later: impl Fn(T) + Send + Sync + Clone + 'static,
) {
    let (sender, receiver) = mpsc::channel();
    let early = thread::spawn(move || started(receiver.recv().unwrap()));
    // Its slot is the next to be used.
    thread::spawn(|| ()).join().unwrap();
    let loaded = loading();
    sender.send(loaded).unwrap();
    early.join().unwrap();
    for _ in 0..3 {
        let later = later.clone();
        thread::spawn(move || later(loaded)).join().unwrap();
    }
    let all = Arc::new(Barrier::new(20));
    thread::scope(|scope| {
        for _ in 0..20 {
            let (later, all) = (later.clone(), all.clone());
            scope.spawn(move || {
                all.wait();
                later(loaded);
            });
        }
    });
}

#[test]
fn dynamic_thread_locals_are_each_thread_s_own() {
    let library = build("late_dynamic", &[]);
    on_all_kinds_of_threads(|| load(&library), counts_from_42, counts_from_42);
}

#[test]
fn static_thread_locals_are_initialised_in_threads_that_start_later_and_reported_by_name() {
    let name = "static_thread_locals_are_initialised_in_threads_that_start_later_and_reported_by_name";
    if is_child() {
        if !isolated() {
            return;
        }
        let library = build("late_static", &["-ftls-model=initial-exec"]);
        // Zeroed, but its own.
        // SAFETY: see `load`.
        let started = |bump: Bump| assert_eq!(unsafe { (bump(), bump()) }, (1, 2));
        on_all_kinds_of_threads(|| load(&library), started, counts_from_42);
        eprintln!("threads of all kinds are right");
        // The report comes from the watcher, which looks while threads run. Our parent ends us when it has seen it.
        let until = Instant::now() + Duration::from_secs(300);
        while Instant::now() < until {
            thread::yield_now();
        }
        return;
    }
    if !isolated() {
        return;
    }
    let mut child = command(name)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the child starts");
    let mut lines = BufReader::new(child.stderr.take().expect("piped"))
        .lines()
        .map_while(Result::ok);
    let mut wanted = vec![
        "liblate_static.so was loaded late",
        "threads of all kinds are right",
    ];
    let found = lines.any(|line| {
        wanted.retain(|text| !line.contains(text));
        wanted.is_empty()
    });
    child.kill().expect("the child is there");
    child.wait().expect("the child is there");
    assert!(found, "never said: {wanted:?}");
}

/// More libraries than a slot has room for.
fn load_many(name: &str) -> &'static [Bump] {
    let first = build(name, &[]);
    let load_copy = |number| {
        let copy = first.with_file_name(format!("lib{name}_{number}.so"));
        std::fs::copy(&first, &copy).expect("a copy");
        let bump = load(&copy);
        std::fs::remove_file(&copy).expect("it is there");
        bump
    };
    (0..90).map(load_copy).collect::<Vec<Bump>>().leak()
}

#[test]
fn more_libraries_than_a_slot_has_room_for_work_in_threads_that_start_later() {
    let name = "more_libraries_than_a_slot_has_room_for_work_in_threads_that_start_later";
    if is_child() {
        let all = |bumps: &'static [Bump]| bumps.iter().for_each(|bump| counts_from_42(*bump));
        on_all_kinds_of_threads(|| load_many("late_many"), |_| (), all);
        return;
    }
    let output = child(name);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_started_thread_that_uses_one_of_too_many_libraries_ends_the_process() {
    let name = "a_started_thread_that_uses_one_of_too_many_libraries_ends_the_process";
    if is_child() {
        let one = |bumps: &'static [Bump]| counts_from_42(bumps[5]);
        on_all_kinds_of_threads(|| load_many("late_too_many"), one, |_| ());
        return;
    }
    let output = child(name);
    let text = String::from_utf8_lossy(&output.stderr);
    // Not undefined behaviour: malloc knows that the vector is not its own.
    assert_eq!(output.status.success(), !isolated(), "{text}");
    assert_eq!(text.contains("invalid pointer"), isolated(), "{text}");
}
