//! `cargo xtask run -- PROGRAM ARGS…`: builds what is out of date, then `threadbare run` with the rest of the line.

use crate::commands::build;
use crate::packages;
use anyhow::{Context, Result};
use std::process::{Command, ExitCode};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// What `threadbare run` gets: its options, a program and the program's arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    arguments: Vec<String>,
}

pub(crate) fn main(options: &Options) -> Result<ExitCode> {
    packages::ensure_program("qemu-system-x86_64", "qemu-system-x86")?;
    let command = build::command()?;
    let status = Command::new(&command)
        .arg("run")
        .args(&options.arguments)
        .status();
    let status = status.with_context(|| format!("cannot start {}", command.display()))?;
    Ok(ExitCode::from(
        status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .unwrap_or(125),
    ))
}
