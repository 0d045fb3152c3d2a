//! The active toolchain: the one that runs this very program.

use super::TARGET;
use crate::process;
use anyhow::{Result, bail};
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Has the target's libraries in the active toolchain, by `rustup target add` if need be.
pub(super) fn ensure_target() -> Result<()> {
    if has_target()? {
        return Ok(());
    }
    if process::find("rustup").is_none() {
        bail!("the target is not installed, and there is no rustup to add it");
    }
    // Without a network rustup retries for minutes; a minute is plenty for the 10 MB of this target.
    let added = process::succeeds(Command::new("timeout").args(["60", "rustup", "target", "add", TARGET]));
    if !added || !has_target()? {
        bail!("the target is not installed, and `rustup target add` could not add it");
    }
    Ok(())
}

/// Has the sources of `core` beside the active toolchain.
pub(super) fn ensure_sources() -> Result<()> {
    let sources = sysroot()?.join("lib/rustlib/src/rust/library");
    if !has_sources(&sources) {
        bail!("the active toolchain has no rust-src component");
    }
    Ok(())
}

/// Whether `library` is the folder of the standard library's sources, with the lock file that cargo asks for.
pub(super) fn has_sources(library: &Path) -> bool {
    library.join("core/src/lib.rs").is_file() && library.join("Cargo.lock").is_file()
}

/// The folder that the active compiler was installed into.
pub(super) fn sysroot() -> Result<PathBuf> {
    let compiler = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    process::output(Command::new(compiler).args(["--print", "sysroot"])).map(PathBuf::from)
}

fn has_target() -> Result<bool> {
    let libraries = sysroot()?.join("lib/rustlib").join(TARGET).join("lib");
    let Ok(files) = libraries.read_dir() else {
        return Ok(false);
    };
    Ok(files
        .flatten()
        .any(|file| file.file_name().to_string_lossy().starts_with("libcore-")))
}
