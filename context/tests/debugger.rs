//! What a debugger sees: gdb walks from inside a coroutine to its first frame and stops there.

use std::process::Command;

/// The example binary that cargo built beside this test.
fn example(name: &str) -> std::path::PathBuf {
    let mut path = std::env::current_exe().expect("the test's own path");
    path.pop();
    path.pop();
    path.join("examples").join(name)
}

#[test]
fn gdb_ends_its_backtrace_at_the_base_of_the_stack() {
    if Command::new("gdb").arg("--version").output().is_err() {
        eprintln!("skipped: there is no gdb");
        return;
    }
    let output = Command::new("gdb")
        .args([
            "-q",
            "-batch",
            "-nx",
            "-ex",
            "set debuginfod enabled off",
            "-ex",
            "set breakpoint pending on",
        ])
        .args([
            "-ex",
            "break alignment::report",
            "-ex",
            "run",
            "-ex",
            "continue",
            "-ex",
            "bt",
            "--args",
        ])
        .arg(example("alignment"))
        .output()
        .expect("gdb runs");
    let text = String::from_utf8_lossy(&output.stdout);
    if text.contains("ptrace") || String::from_utf8_lossy(&output.stderr).contains("ptrace") {
        eprintln!("skipped: ptrace is not allowed here");
        return;
    }
    let trace: Vec<&str> = text.lines().filter(|line| line.starts_with('#')).collect();
    assert!(
        trace.iter().any(|line| line.contains("coroutine::enter")),
        "{text}"
    );
    assert!(trace.last().is_some_and(|line| line.contains("begin")), "{text}");
    assert!(
        !text.contains("corrupt stack") && !text.contains("Cannot access memory"),
        "{text}"
    );
}
