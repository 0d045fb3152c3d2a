//! `cargo xtask tidy`: the project's own rules (see [`crate::tidy`]).

use crate::tidy;
use anyhow::Result;
use std::process::ExitCode;

pub(crate) fn main() -> Result<ExitCode> {
    Ok(if tidy::check()? == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
