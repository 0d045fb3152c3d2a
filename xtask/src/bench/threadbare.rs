//! This project's kernel, started by its command as anybody starts it, in software emulation like the others.

use super::contestant::Contestant;
use super::programs::Programs;
use std::path::PathBuf;
use std::process::{Command, Output};

pub(super) struct Threadbare<'a> {
    pub(super) command: PathBuf,
    pub(super) programs: &'a Programs,
}

impl Threadbare<'_> {
    fn run(&self, options: &[&str]) -> Command {
        let mut command = Command::new(&self.command);
        command.args(["run", "--accel", "tcg"]).args(options).arg("--");
        command
    }
}

impl Contestant for Threadbare<'_> {
    fn name(&self) -> &str {
        "threadbare"
    }

    fn run_true(&self, memory_mib: u32) -> Command {
        let mut command = self.run(&["--timeout", "60", "--memory", &format!("{memory_mib}M")]);
        command.arg(&self.programs.busybox).arg("true");
        command
    }

    fn succeeded(&self, output: &Output) -> bool {
        output.status.success()
    }

    fn stamp(&self) -> Command {
        let mut command = self.run(&["--icount", "--memory", "64M"]);
        command.arg(&self.programs.stamp);
        command
    }
}
