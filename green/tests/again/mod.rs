//! The whole of a test binary once more in other configurations.

use std::process::Command;

use threadbare::runtime::{self, Mode};

/// Runs the binary once for each configuration: variables of the environment and their values. To be called by one test of it.
pub(crate) fn in_configurations(configurations: &[&str]) {
    if std::env::var_os("THREADBARE_AGAIN").is_some() {
        return;
    }
    // Where isolation cannot be had (musl, an old kernel), insisting on it is an error.
    let isolated = !cfg!(feature = "baton") && matches!(runtime::mode(), Ok(Mode::Isolated));
    let can_be_had = |configuration: &&&str| isolated || !configuration.contains("isolated");
    for configuration in configurations.iter().filter(can_be_had) {
        let variables = configuration
            .split(' ')
            .map(|variable| variable.split_once('=').expect("NAME=VALUE"));
        let output = Command::new(std::env::current_exe().expect("our own path"))
            .env("THREADBARE_AGAIN", "1")
            .envs(variables)
            .output()
            .expect("the child starts");
        assert!(
            output.status.success(),
            "{configuration}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
