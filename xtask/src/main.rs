//! `cargo xtask`: the project's one tool. Each command is one file under `commands/`; CI runs nothing else.
#![forbid(unsafe_code)]

mod bench;
mod claims;
mod commands;
mod explore;
mod packages;
mod process;
mod tally;
mod tidy;
mod toolchain;
mod vm;
mod watch;
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
    /// Test everything: format, lints, rules, host tests, tests in a virtual machine, end-to-end tests
    Test(commands::test::Options),
    /// Make system calls with typed arguments, by the million
    Fuzz(commands::fuzz::Options),
    /// Run programs with seeds that move the moments at which tasks switch, to find races
    Explore(commands::explore::Options),
    /// Measure: tables beside rivals
    Bench(commands::bench::Options),
    /// Show that what docs/claims/ says about the machine is so, with the values that were seen
    Claims(commands::claims::Options),
    /// Check the project's own rules: forbidden unsafe code, layers, licences; name long files
    Tidy,
    /// What continuous integration runs: `test`, whole
    Ci,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Build(options) => commands::build::main(&options),
        Command::Run(options) => commands::run::main(&options),
        Command::Test(options) => commands::test::main(&options),
        Command::Fuzz(options) => commands::fuzz::main(&options),
        Command::Explore(options) => commands::explore::main(&options),
        Command::Bench(options) => commands::bench::main(&options),
        Command::Claims(options) => commands::claims::main(&options),
        Command::Tidy => commands::tidy::main(),
        Command::Ci => commands::ci::main(),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("xtask: {error:#}");
        ExitCode::FAILURE
    })
}
