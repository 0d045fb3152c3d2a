//! `cargo xtask ci`: what continuous integration runs, and nothing that this command does not.

use super::test;
use anyhow::Result;
use std::process::ExitCode;

pub(crate) fn main() -> Result<ExitCode> {
    test::main(&test::Options::default())
}
