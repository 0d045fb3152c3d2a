//! Debian's own recent compiler: the packages `rustc-web`, `cargo-web` and `rust-web-src`, kept current in stable
//! releases because browsers are built with them. Their paths are given in full: `rustc` alone may mean rustup's.

use super::active;
use crate::{packages, process};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

pub(super) const CARGO: &str = "/usr/bin/cargo";
pub(super) const RUSTC: &str = "/usr/bin/rustc";
const PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];
/// The oldest minor version that compiles the workspace (`rust-version` in Cargo.toml).
const OLDEST_MINOR: u32 = 95;

/// Has the three packages installed and recent enough.
pub(super) fn ensure() -> Result<()> {
    packages::ensure("Debian's Rust compiler with its sources", &PACKAGES, is_present)?;
    let version = process::output(Command::new(RUSTC).arg("--version"))?;
    let minor = minor(&version).with_context(|| format!("cannot read the version in '{version}'"))?;
    if minor < OLDEST_MINOR {
        bail!("{RUSTC} is {version}; 1.{OLDEST_MINOR} is needed");
    }
    Ok(())
}

fn is_present() -> bool {
    let sysroot = process::output(Command::new(RUSTC).args(["--print", "sysroot"]));
    let library = sysroot.map(|sysroot| PathBuf::from(sysroot).join("lib/rustlib/src/rust/library"));
    Path::new(CARGO).is_file() && library.is_ok_and(|library| active::has_sources(&library))
}

/// The `96` of `rustc 1.96.0 (…)`.
fn minor(version: &str) -> Option<u32> {
    version.split_whitespace().nth(1)?.split('.').nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::minor;

    #[test]
    fn reads_the_minor_version_that_rustc_prints() {
        assert_eq!(
            minor("rustc 1.96.0 (a1b2c3 2026-08-17) (built from a source tarball)"),
            Some(96)
        );
        assert_eq!(minor("rustc 1.95.0"), Some(95));
        assert_eq!(minor("no version"), None);
    }
}
