//! Debian packages: installed where this user may, otherwise named in one line to type.

use crate::process;
use anyhow::{Result, bail};
use std::process::Command;

/// Makes `file_or_program` available by installing `packages` when `present` says that it is missing.
///
/// # Errors
/// With the line to type, where this user may not install packages or the installation failed.
pub(crate) fn ensure(what: &str, packages: &[&str], present: impl Fn() -> bool) -> Result<()> {
    if present() {
        return Ok(());
    }
    let line = format!(
        "apt-get install --yes --no-install-recommends {}",
        packages.join(" ")
    );
    let Some(prefix) = prefix() else {
        bail!("{what} is missing; install it with:\n    sudo {line}");
    };
    eprintln!("xtask: installing {what}: {line}");
    // The package lists of a fresh machine may be empty or old: refresh them only when the first attempt fails.
    if !install(prefix, packages) {
        process::succeeds(&mut apt(prefix, &["update", "--quiet"]));
        if !install(prefix, packages) {
            bail!("could not install {what}; try:\n    sudo apt-get update && sudo {line}");
        }
    }
    if !present() {
        bail!("{what} is still missing after: {line}");
    }
    Ok(())
}

/// Makes `program` available from `package`.
pub(crate) fn ensure_program(program: &str, package: &str) -> Result<()> {
    ensure(program, &[package], || process::find(program).is_some())
}

fn install(prefix: &[&str], packages: &[&str]) -> bool {
    let arguments = ["install", "--yes", "--quiet", "--no-install-recommends"];
    process::succeeds(apt(prefix, &arguments).args(packages))
}

fn apt(prefix: &[&str], arguments: &[&str]) -> Command {
    let mut words = prefix.iter().chain(&["apt-get"]).chain(arguments);
    let mut command = Command::new(words.next().expect("apt-get at least"));
    command.args(words).env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// What must stand before `apt-get` for this user: nothing for root, `sudo -n` where it asks no password.
fn prefix() -> Option<&'static [&'static str]> {
    process::find("apt-get")?;
    let is_root = process::output(Command::new("id").arg("-u")).is_ok_and(|id| id == "0");
    if is_root {
        return Some(&[]);
    }
    process::succeeds(Command::new("sudo").args(["-n", "true"])).then_some(&["sudo", "-n"])
}
