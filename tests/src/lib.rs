//! The harness of the end-to-end tests.
//!
//! A [`Case`] is a command line with its input. It is run on Linux, and by `threadbare run` in a virtual machine; the two
//! [`Outcome`]s must be the same: standard output, standard error and the status, byte for byte.
//!
//! The tests want the command built (`cargo xtask build`), QEMU, gcc, musl-gcc, a static busybox,
//! bash, setsid and lua5.4;
//! `cargo xtask test` installs and builds all of it. What is missing fails a test and is named.

#![forbid(unsafe_code)]

mod case;
mod guest;
mod outcome;
mod root;
mod scratch;
pub mod terminal;

pub use case::{Case, PATIENCE, threadbare};
pub use guest::{Linking, c, freestanding, rust};
pub use outcome::Outcome;
pub use root::debian;
pub use scratch::Scratch;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program of the host.
///
/// # Panics
/// When it is missing: with the package to install.
#[must_use]
pub fn installed(path: &str, package: &str) -> PathBuf {
    assert!(
        Path::new(path).exists(),
        "{path} is missing: apt-get install {package}"
    );
    PathBuf::from(path)
}

/// A command that runs `program` with every signal's default action, whatever the caller of the tests ignores: nohup(1) and the `&` of
/// shells hand that down.
#[must_use]
pub fn with_default_signals(program: impl AsRef<OsStr>) -> Command {
    let mut env = Command::new("/usr/bin/env");
    env.args(["--default-signal", "--"]).arg(program);
    env
}

/// The static busybox.
#[must_use]
pub fn busybox() -> PathBuf {
    installed("/bin/busybox", "busybox-static")
}

/// The root of the workspace.
#[must_use]
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ lies in the root of the workspace")
}

/// Where tests may build and write.
#[must_use]
pub fn target() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    workspace().join(target).join("end-to-end")
}
