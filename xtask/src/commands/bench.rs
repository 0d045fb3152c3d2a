//! `cargo xtask bench`: measurements beside rivals, as tables.

use super::build;
use crate::bench;
use anyhow::Result;
use clap::Subcommand;
use std::path::PathBuf;
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
    /// What operations cost in instructions and in time, beside Debian's kernel in the same machine
    Linux {
        /// Rows whose name contains one of these; none means all
        rows: Vec<String>,
        /// A quarter of the operations, and one round
        #[arg(long)]
        quick: bool,
        /// This kernel alone, in instructions alone
        #[arg(long)]
        ours: bool,
        /// No wall times
        #[arg(long)]
        no_wall: bool,
        /// Write the table as comma-separated values, too
        #[arg(long, value_name = "FILE")]
        csv: Option<PathBuf>,
        /// Instead: what each function of this kernel does in one operation of a row
        #[arg(long, value_name = "ROW")]
        profile: Option<String>,
        /// With --profile: by inlined function and line
        #[arg(long, requires = "profile")]
        lines: bool,
    },
    /// What a request costs servers on green threads, a bare epoll loop, tokio, hyper, may, monoio, Go and std's threads
    Serve {
        /// For the harness: --rounds=N, --milliseconds=N, --only=NAME, or: idle COUNT
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
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
        What::Linux {
            profile: Some(row),
            lines,
            ..
        } => {
            let command = build::command()?;
            bench::linux::profile(command, &build::image(build::Image::Program)?, row, *lines)?;
        }
        What::Linux {
            rows,
            quick,
            ours,
            no_wall,
            csv,
            ..
        } => {
            let options = bench::linux::Options {
                rows: rows.clone(),
                quick: *quick,
                ours: *ours,
                no_wall: *no_wall,
                csv: csv.clone(),
            };
            bench::linux::measure(build::command()?, &options)?;
        }
        What::Green { arguments } => bench::green::measure(arguments)?,
        What::Serve { arguments } => bench::serve::measure(arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}
