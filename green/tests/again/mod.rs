//! The whole of a test binary once more with another mode and other numbers of workers.

use std::process::Command;

use threadbare::runtime::{self, Mode};

/// To be called by one test of the binary.
pub(crate) fn in_other_configurations() {
    if std::env::var_os("THREADBARE_AGAIN").is_some() {
        return;
    }
    // Where isolation cannot be had (musl, an old kernel), insisting on it is an error.
    let isolated = !cfg!(feature = "baton") && matches!(runtime::mode(), Ok(Mode::Isolated));
    let all = [
        ("pinned", "1"),
        ("pinned", "4"),
        ("isolated", "1"),
        ("isolated", "4"),
    ];
    for (mode, workers) in all.into_iter().filter(|(mode, _)| isolated || *mode == "pinned") {
        let output = Command::new(std::env::current_exe().expect("our own path"))
            .env("THREADBARE_AGAIN", "1")
            .env("THREADBARE_MODE", mode)
            .env("THREADBARE_WORKERS", workers)
            .output()
            .expect("the child starts");
        assert!(
            output.status.success(),
            "{mode}, {workers} workers: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
