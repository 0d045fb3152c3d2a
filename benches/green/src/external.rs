//! The peers of other languages, built here if there is a compiler: Go, and Boost's contexts and fibers.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Builds what can be built; a name for the column and the command that takes a bench's name.
pub fn build() -> Vec<(String, Vec<String>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = std::env::temp_dir().join(format!("green-bench-{}", std::process::id()));
    let mut built = Vec::new();
    if std::fs::create_dir_all(&target).is_err() {
        return built;
    }
    let go = std::env::var("GO").unwrap_or_else(|_| "go".to_owned());
    let output = target.join("go-bench");
    let mut command = Command::new(go);
    command
        .args(["build", "-o"])
        .arg(&output)
        .arg(folder.join("go/main.go"))
        .env("GOFLAGS", "-mod=mod");
    if succeeds(&mut command) {
        built.push(("Go".to_owned(), vec![text(&output)]));
    }
    let output = target.join("boost-bench");
    let mut command = Command::new("g++");
    command
        .args(["-O2", "-o"])
        .arg(&output)
        .arg(folder.join("boost/main.cpp"));
    command.args(["-lboost_fiber", "-lboost_context", "-lpthread"]);
    if succeeds(&mut command) {
        built.push(("Boost".to_owned(), vec![text(&output)]));
    }
    built
}

fn succeeds(command: &mut Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

fn text(path: &PathBuf) -> String {
    path.to_string_lossy().into_owned()
}
