//! Where things are: the root of the workspace and the folders that cargo builds into.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The folder of the workspace's `Cargo.toml`. `cargo run` says where the package is; a program that was built in another
/// clone, into a shared target folder, would say where it was.
pub(crate) fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let package = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&package)
            .parent()
            .expect("xtask/ lies in the root of the workspace");
        root.canonicalize().unwrap_or_else(|_| root.to_owned())
    })
}

/// `target/`, or what `CARGO_TARGET_DIR` says.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder))
}

/// The target folder of the kernel image: its own, so that its flags never invalidate what the host builds.
pub(crate) fn kernel_target() -> PathBuf {
    target().join("kernel")
}
