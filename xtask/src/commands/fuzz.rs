//! `cargo xtask fuzz`: system calls with typed arguments (`guest/fuzz/typed.c`), as many as are asked for.
//!
//! Time is the number of executed instructions, so that a seed gives the same calls in the same order of processes again.

use super::build;
use crate::{packages, process, workspace};
use anyhow::{Context, Result};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many calls, with k or M for thousands or millions
    #[arg(long, default_value = "1M", value_parser = count)]
    calls: u64,
    /// What the choices begin with
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print each call before it is made
    #[arg(long)]
    trace: bool,
}

pub(crate) fn main(options: &Options) -> Result<ExitCode> {
    packages::ensure_program("qemu-system-x86_64", "qemu-system-x86")?;
    let (program, command) = (compile()?, build::command()?);
    eprintln!("xtask: {} calls, seed {}", options.calls, options.seed);
    let mut run = Command::new(command);
    run.args(["run", "--icount", "--"])
        .arg(program)
        .args([options.seed.to_string(), options.calls.to_string()]);
    if options.trace {
        run.arg("trace");
    }
    let status = run.status().context("cannot start threadbare")?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn compile() -> Result<PathBuf> {
    packages::ensure_program("gcc", "gcc")?;
    let folder = workspace::target().join("fuzz");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let program = folder.join("typed");
    let flags = [
        "-O2",
        "-static",
        "-nostdlib",
        "-ffreestanding",
        "-fno-stack-protector",
        "-fno-builtin",
    ];
    let mut gcc = Command::new("gcc");
    gcc.args(flags)
        .arg(workspace::root().join("guest/fuzz/typed.c"))
        .arg("-o")
        .arg(&program);
    process::run(&mut gcc)?;
    Ok(program)
}

fn count(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.as_bytes().last() {
        Some(b'k' | b'K') => (&text[..text.len() - 1], 1_000),
        Some(b'm' | b'M') => (&text[..text.len() - 1], 1_000_000),
        _ => (text, 1),
    };
    let number: u64 = digits.parse().map_err(|_| format!("{text} is no number"))?;
    number
        .checked_mul(unit)
        .ok_or_else(|| format!("{text} is too much"))
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn counts_may_have_units() {
        assert_eq!(["7", "3k", "10M"].map(count), [Ok(7), Ok(3_000), Ok(10_000_000)]);
        assert!(count("M").is_err() && count("x").is_err());
    }
}
