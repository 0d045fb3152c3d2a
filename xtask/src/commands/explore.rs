//! `cargo xtask explore`: programs under seeds that move the moments at which tasks switch (see [`crate::explore`]).

use super::build;
use crate::explore;
use anyhow::Result;
use std::process::ExitCode;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many seeds each program runs with
    #[arg(long, default_value_t = 10)]
    seeds: u64,
    /// The first of them
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// How many run at once; as many as there are processors, if not given
    #[arg(long)]
    jobs: Option<usize>,
    /// Another kernel image
    #[arg(long, value_name = "FILE")]
    kernel: Option<std::path::PathBuf>,
    /// Only programs whose name contains one of these
    names: Vec<String>,
}

pub(crate) fn main(options: &Options) -> Result<ExitCode> {
    let plan = explore::Plan {
        command: build::command()?,
        kernel: options.kernel.clone(),
        seeds: options.first..options.first.saturating_add(options.seeds),
        jobs: options.jobs,
    };
    let tally = explore::run(&plan, &explore::programs::chosen(&options.names)?)?;
    Ok(if tally.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
