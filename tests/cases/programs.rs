//! Programs that people use, from Debian's packages: each does its work inside as on Linux, byte for byte.

use std::fs;
use threadbare_tests::{Case, debian, workspace};

/// Runs `interpreter` with a file of `guest/programs` on Linux and inside, in a root with `packages`.
fn same(name: &str, packages: &[&str], interpreter: &str, script: &str) {
    let root = debian(name, packages);
    let folder = root.join("usr/src/programs");
    fs::create_dir_all(&folder).expect("target/ is writable");
    fs::copy(
        workspace().join("guest/programs").join(script),
        folder.join(script),
    )
    .expect("target/ is writable");
    let script = format!("/usr/src/programs/{script}");
    let case = Case::new(interpreter, [script]).system(&root);
    let outcome = case.same();
    assert_eq!(outcome.status, 0, "{}", outcome.report());
}

#[test]
fn perl() {
    same("perl", &["perl"], "/usr/bin/perl", "perl.pl");
}

#[test]
fn git() {
    same("git", &["git"], "/bin/sh", "git.sh");
}

#[test]
fn sqlite() {
    same("sqlite", &["sqlite3"], "/bin/bash", "sqlite.sh");
}

#[test]
fn nginx_with_its_workers() {
    same("nginx", &["nginx", "curl"], "/bin/sh", "nginx.sh");
}

#[test]
fn redis_with_snapshots() {
    same("redis", &["redis-server", "redis-tools"], "/bin/sh", "redis.sh");
}

#[test]
fn ruby() {
    same("ruby", &["ruby"], "/usr/bin/ruby", "ruby.rb");
}

#[test]
fn openssl() {
    same("openssl", &["openssl"], "/bin/sh", "openssl.sh");
}

#[test]
fn python_multiprocessing_and_asyncio() {
    same("python-tasks", &["python3"], "/usr/bin/python3", "tasks.py");
}

#[test]
fn gcc_compiles_assembles_and_links() {
    same("gcc", &["gcc", "libc6-dev"], "/bin/sh", "gcc.sh");
}
