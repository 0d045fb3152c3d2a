//! Language runtimes with schedulers of their own: Go's goroutines, rayon's pool.

use std::path::PathBuf;
use std::process::Command;
use threadbare_tests::{Case, debian, rust, target, workspace};

/// Builds a program of `guest/go` with Debian's Go, which is unpacked for that; returns its path.
fn go(name: &str) -> PathBuf {
    let root = debian("go", &["golang-1.19-go"]);
    let (source, program) = (
        workspace().join(format!("guest/go/{name}.go")),
        target().join(format!("{name}-go")),
    );
    let compiler = root.join("usr/lib/go-1.19");
    let built = Command::new(compiler.join("bin/go"))
        .args(["build", "-o"])
        .args([&program, &source])
        .current_dir(target())
        .env("GOROOT", &compiler)
        .env("GOCACHE", target().join("go-cache"))
        .env("GOPATH", target().join("go-path"))
        .env("GO111MODULE", "off")
        .env("CGO_ENABLED", "0")
        .output()
        .expect("the compiler was unpacked");
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    program
}

#[test]
fn go_runs_goroutines() {
    let outcome = Case::new(go("hello"), [""; 0]).same();
    assert_eq!(outcome.status, 3);
}

#[test]
fn rayon_shares_work_out() {
    let outcome = Case::new(rust("rayon"), [""; 0]).same();
    assert_eq!(outcome.status, 0);
}
