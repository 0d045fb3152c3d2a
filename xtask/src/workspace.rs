//! Where things are: the root of the workspace and the folders that cargo builds into.

use std::env;
use std::path::{Path, PathBuf};

/// The folder of the workspace's `Cargo.toml`.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask/ lies in the root of the workspace")
}

/// `target/`, or what `CARGO_TARGET_DIR` says.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder))
}

/// The target folder of the kernel image: its own, so that its flags never invalidate what the host builds.
pub(crate) fn kernel_target() -> PathBuf {
    target().join("kernel")
}
