//! The programs that the contestants run, built from `guest/bench`, and busybox.

use crate::{packages, process, workspace};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Everything that a contestant may need.
pub(crate) struct Programs {
    /// The folder for what is built and fetched.
    pub(super) folder: PathBuf,
    pub(super) busybox: PathBuf,
    /// Prints the time stamp counter at its first instruction.
    pub(super) stamp: PathBuf,
    /// Runs `busybox true` and ends the machine.
    pub(super) init: PathBuf,
    /// A bare image that ends the machine at once.
    pub(super) floor: PathBuf,
}

/// Installs and builds them.
pub(crate) fn prepare() -> Result<Programs> {
    packages::ensure_program("qemu-system-x86_64", "qemu-system-x86")?;
    packages::ensure_program("gcc", "gcc")?;
    let busybox = PathBuf::from("/bin/busybox");
    packages::ensure("a static busybox", &["busybox-static"], || busybox.exists())?;
    let folder = workspace::target().join("bench");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let bare = [
        "-no-pie",
        "-Wl,-Ttext=0x200000,--build-id=none,-z,max-page-size=0x1000",
    ];
    let freestanding = ["-O1", "-ffreestanding", "-fno-stack-protector"];
    Ok(Programs {
        stamp: build(&folder, "stamp.S", &[])?,
        init: build(&folder, "init.c", &freestanding)?,
        floor: build(&folder, "floor.S", &bare)?,
        busybox,
        folder,
    })
}

fn build(folder: &Path, source: &str, flags: &[&str]) -> Result<PathBuf> {
    let program = folder.join(Path::new(source).with_extension(""));
    let mut gcc = Command::new("gcc");
    gcc.args(["-static", "-nostdlib"])
        .args(flags)
        .arg(workspace::root().join("guest/bench").join(source));
    process::run(gcc.arg("-o").arg(&program))?;
    Ok(program)
}
