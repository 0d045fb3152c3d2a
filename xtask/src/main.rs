//! `cargo xtask`: the project's one tool. Each command is one file under `commands/`; CI runs nothing else.
#![forbid(unsafe_code)]

mod commands;
mod packages;
mod process;
mod toolchain;
mod workspace;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "Builds, runs, tests and measures Threadbare",
    version
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the kernel image and the `threadbare` command that carries it
    Build(commands::build::Options),
    /// Build, then run a program in its own virtual machine
    Run(commands::run::Options),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Build(options) => commands::build::main(&options).map(|_| ExitCode::SUCCESS),
        Command::Run(options) => commands::run::main(&options),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("xtask: {error:#}");
        ExitCode::FAILURE
    })
}
