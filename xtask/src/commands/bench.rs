//! `cargo xtask bench`: measurements beside rivals, as tables.

use super::build;
use crate::bench;
use anyhow::Result;
use clap::Subcommand;
use std::process::ExitCode;

#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// What a boot costs in time, instructions and memory, beside Debian's kernel and beside nothing at all
    Boot {
        /// How often each wall time is taken
        #[arg(long, default_value_t = 11, value_parser = clap::value_parser!(u16).range(1..))]
        runs: u16,
    },
    /// What green threads cost, in both modes, beside corosensei, generator, may, tokio, smol, Go, Boost and std
    Green {
        /// For the harness: --workers N, --rounds N, --only NAME, --bench NAME, --quick
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

pub(crate) fn main(options: &Options) -> Result<ExitCode> {
    match &options.what {
        What::Boot { runs } => bench::boot::measure(build::command()?, usize::from(*runs))?,
        What::Green { arguments } => bench::green::measure(arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}
