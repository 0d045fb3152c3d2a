//! What the contestants of a measurement have in common: each runs the same programs in the same machine.

use anyhow::{Context, Result};
use std::process::{Command, Output, Stdio};

/// A kernel, or what stands in the place of one.
pub(crate) trait Contestant {
    /// The title of its column.
    fn name(&self) -> &str;

    /// The command that runs `busybox true` in a machine with so much memory.
    fn run_true(&self, memory_mib: u32) -> Command;

    /// Whether the run did what it should.
    fn succeeded(&self, output: &Output) -> bool;

    /// The command that prints the time stamp counter at the first instruction of a program, in a machine whose time is
    /// the number of executed instructions.
    fn stamp(&self) -> Command;

    /// Reads what [`stamp`](Self::stamp) printed.
    fn read_stamp(&self, output: &str) -> Option<u64> {
        let line = output.lines().find_map(|line| line.trim().strip_prefix("tsc "))?;
        line.trim().parse().ok()
    }
}

/// Runs a command to its end, with its output kept. One that hangs is ended, and did not succeed then.
pub(crate) fn finish(command: &Command) -> Result<Output> {
    let mut limited = Command::new("timeout");
    limited
        .args(["--kill-after=1", "30"])
        .arg(command.get_program())
        .args(command.get_args());
    let command = &mut limited;
    let command = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
        .output()
        .with_context(|| format!("cannot start {:?}", command.get_program()))
}
