//! `cargo xtask build`: the kernel image for the bare machine, then the command that carries it.

use crate::toolchain::{self, TARGET};
use crate::{packages, process, workspace};
use anyhow::{Context, Result};
use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// What the image is linked as: at fixed addresses in the top 2 GiB, by GNU ld with `kernel/image/link.ld`, and with
/// frame pointers, which backtraces walk.
const KERNEL_FLAGS: &str = "-Cforce-frame-pointers=yes -Crelocation-model=static -Ccode-model=kernel \
                            -Clinker=ld -Clinker-flavor=ld";

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Build the kernel image only
    #[arg(long)]
    image_only: bool,
}

/// Which image: the one that runs programs, or the one that runs the kernel's own tests.
#[derive(Clone, Copy)]
pub(crate) enum Image {
    Program,
    Tests,
}

pub(crate) fn main(options: &Options) -> Result<ExitCode> {
    let built = if options.image_only {
        image(Image::Program)?
    } else {
        command()?
    };
    eprintln!("xtask: built {}", built.display());
    Ok(ExitCode::SUCCESS)
}

/// Builds the command `threadbare`, which carries the kernel image; returns its path.
pub(crate) fn command() -> Result<PathBuf> {
    let image = image(Image::Program)?;
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(workspace::root())
        .env("THREADBARE_IMAGE", image);
    cargo.args([
        "build",
        "--quiet",
        "--release",
        "--package",
        "threadbare-cli",
        "--target-dir",
    ]);
    process::run(cargo.arg(workspace::target()))?;
    Ok(workspace::target().join("release/threadbare"))
}

/// Builds one kernel image; returns the path of the ELF file.
pub(crate) fn image(which: Image) -> Result<PathBuf> {
    packages::ensure_program("ld", "binutils")?;
    let mut cargo = toolchain::find()?.cargo_build();
    cargo.current_dir(workspace::root()).env("RUSTFLAGS", flags());
    cargo.args([
        "--quiet",
        "--package",
        "threadbare-image",
        "--profile",
        "kernel",
        "--target-dir",
    ]);
    cargo.arg(workspace::kernel_target());
    if let Image::Tests = which {
        cargo.args(["--features", "vm-tests"]);
    }
    process::run(&mut cargo)?;
    keep(which)
}

/// Cargo gives both images one name: each is copied to its own, and only when it changed, so that nothing which
/// depends on it is built again for nothing.
fn keep(which: Image) -> Result<PathBuf> {
    let built = workspace::kernel_target()
        .join(TARGET)
        .join("kernel/threadbare-image");
    let kept = workspace::kernel_target().join(match which {
        Image::Program => "threadbare.elf",
        Image::Tests => "threadbare-tests.elf",
    });
    let bytes = fs::read(&built).with_context(|| format!("cannot read {}", built.display()))?;
    if fs::read(&kept).ok().as_ref() != Some(&bytes) {
        fs::write(&kept, bytes).with_context(|| format!("cannot write {}", kept.display()))?;
    }
    Ok(kept)
}

/// The flags, plus shorter paths in the debug information: reports then name files as the workspace does.
fn flags() -> String {
    let root = workspace::root().display();
    if root.to_string().contains(' ') {
        return KERNEL_FLAGS.to_owned();
    }
    format!("{KERNEL_FLAGS} --remap-path-prefix={root}=.")
}
