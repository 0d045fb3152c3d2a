//! The program that every contestant runs.

use crate::{packages, process, workspace};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `guest/bench/costs`, built.
pub(super) struct Program {
    pub(super) path: PathBuf,
    /// The names of its rows, in its order.
    pub(super) rows: Vec<String>,
}

/// Builds it as one static file, so that nothing differs between kernels but the kernel.
pub(super) fn build(folder: &Path) -> Result<Program> {
    packages::ensure_program("gcc", "gcc")?;
    let (source, path) = (workspace::root().join("guest/bench/costs"), folder.join("costs"));
    let files = fs::read_dir(&source).with_context(|| format!("cannot read {}", source.display()))?;
    let mut files: Vec<PathBuf> = files.flatten().map(|file| file.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "c"));
    files.sort();
    let mut gcc = Command::new("gcc");
    gcc.args(["-O2", "-static", "-no-pie", "-pthread", "-o"])
        .arg(&path)
        .args(files);
    process::run(&mut gcc)?;
    let rows = process::output(Command::new(&path).arg("-l"))?;
    Ok(Program {
        path,
        rows: rows.lines().map(str::to_owned).collect(),
    })
}
