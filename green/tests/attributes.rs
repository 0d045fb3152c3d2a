//! `#[threadbare::test]`: the body is on a green thread, and what a test may say to the harness still counts.
//! (`#[threadbare::main]` is shown where it is documented.)

use std::rc::Rc;

use threadbare::thread;

#[threadbare::test]
fn a_test_runs_on_a_green_thread_of_its_name() {
    let name = thread::current().name().map(str::to_owned);
    assert_eq!(name.as_deref(), Some("a_test_runs_on_a_green_thread_of_its_name"));
    assert!(threadbare::runtime::dump().contains("a_test_runs_on_a_green_th"));
}

#[threadbare::test]
#[should_panic(expected = "the payload")]
fn a_panic_reaches_the_harness_with_its_payload() {
    panic!("the payload");
}

#[threadbare::test]
fn a_result_need_not_be_send() -> Result<(), Rc<str>> {
    thread::yield_now();
    Ok(())
}

#[threadbare::test]
#[ignore = "fails: run by the test below"]
fn an_error_fails() -> Result<(), Rc<str>> {
    Err("told to the harness".into())
}

#[test]
fn an_error_fails_the_test() {
    let output = std::process::Command::new(std::env::current_exe().expect("our own path"))
        .args(["--exact", "an_error_fails", "--ignored", "--nocapture"])
        .output()
        .expect("the child starts");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("told to the harness"));
}
