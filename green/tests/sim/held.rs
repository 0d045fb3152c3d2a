//! A run that a std lock holds up.

use std::io::Read;
use std::process::{Command, Stdio};

use threadbare::sync::Arc;
use threadbare::{sim, thread};

#[test]
#[ignore = "waits for ever: run by the test below"]
fn waits_for_ever() {
    sim::run(sim::Schedule::random(0), || {
        let lock = Arc::new(std::sync::Mutex::new(()));
        let guard = lock.lock().unwrap();
        let other = lock.clone();
        thread::Builder::new()
            .name("held".to_owned())
            .spawn(move || drop(other.lock()))
            .unwrap();
        thread::yield_now();
        drop(guard);
    });
}

#[test]
fn a_run_that_a_std_lock_holds_up_says_so() {
    let mut child = Command::new(std::env::current_exe().expect("our own path"))
        .args(["--exact", "held::waits_for_ever", "--ignored", "--nocapture"])
        .stderr(Stdio::piped())
        .spawn()
        .expect("the child starts");
    let mut stderr = child.stderr.take().expect("piped");
    let mut text = Vec::new();
    let mut byte = [0];
    let told = |text: &[u8]| String::from_utf8_lossy(text).contains("'held' (1099511627777): running\n");
    while !told(&text) && stderr.read(&mut byte).expect("a pipe") == 1 {
        text.push(byte[0]);
    }
    child.kill().expect("it waits");
    child.wait().expect("it ended");
    let text = String::from_utf8_lossy(&text);
    assert!(
        text.contains("schedule random:0x0 has decided nothing for 5 seconds"),
        "{text}"
    );
    assert!(text.contains("'held' (1099511627777): running\n"), "{text}");
}
