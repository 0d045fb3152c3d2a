//! `cargo xtask claims`: every claim of `docs/claims/`, shown (see [`crate::claims`]).

use crate::claims;
use crate::tally::Tally;
use anyhow::Result;
use std::process::ExitCode;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Print the names of the claims and of the runs that show them
    #[arg(long)]
    list: bool,
    /// Draw the pictures of docs/claims/pictures/ anew
    #[arg(long, conflicts_with = "list")]
    pictures: bool,
    /// Show the claims whose name contains this, and the run so named, with all values; without it, check everything
    name: Option<String>,
}

pub(crate) fn main(options: &Options) -> Result<ExitCode> {
    let tally = if options.list {
        claims::list().map(|()| Tally::of(true))?
    } else if options.pictures {
        claims::draw()?
    } else if let Some(name) = &options.name {
        claims::some(name)?
    } else {
        claims::all(None)?
    };
    Ok(if tally.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
