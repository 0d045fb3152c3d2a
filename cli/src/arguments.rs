//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::{ffi::OsString, path::PathBuf, time::Duration};
use threadbare_link::LogLevel;

mod parse;

pub(crate) use parse::{EnvironmentSetting, Volume, environment_setting};

/// What `threadbare` was asked to do.
#[derive(Parser, Debug)]
#[command(name = "threadbare", version, about, long_about = None)]
#[command(propagate_version = true, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Run a Linux x86-64 program as its own virtual machine
    Run(Box<Run>),
}

const AFTER_HELP: &str = "\
Examples:
  threadbare run ls -la /
      The program and the libraries that it needs are found on this machine and packed.
  printf 'b\\na\\n' | threadbare run sort
      Standard input, output and error are those of the command, byte for byte.
  threadbare run --volume .:/work:ro --workdir /work lua5.4 script.lua
      Files that the program reads are given by volumes. The script is not packed by itself.
  threadbare run --root ./alpine --env LANG=C /bin/sh -c 'apk --version'
      A whole tree is the machine's file system.
  threadbare run -it sh
      A terminal inside, with job control; the one outside only shows it. To end a machine that no longer answers,
      send the command three SIGTERM within a second.
  threadbare run --timeout 10 --memory 64M ./untrusted

Exit status: that of the program; 128+N if signal N killed it; 124 if --timeout did; 125 if the
runner or its kernel failed, 126 if the program cannot be executed, 127 if it was not found.";

/// Options of `threadbare run`.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Run {
    /// Pass the terminal's keys on (with --tty); standard input that is no terminal is always passed on
    #[arg(long, short)]
    pub(crate) interactive: bool,

    /// Give the program a terminal of its own
    #[arg(long, short)]
    pub(crate) tty: bool,

    /// Memory of the machine, in bytes or with K, M or G
    #[arg(long, short, default_value = "256M", value_parser = parse::size)]
    pub(crate) memory: u64,

    /// Processors of the machine, of which the kernel uses one so far
    #[arg(long, default_value = "1", value_parser = clap::value_parser!(u16).range(1..=255))]
    pub(crate) cpus: u16,

    /// Set a variable of the program's environment; without a value, pass on this command's (again for more)
    #[arg(long, short, value_name = "NAME[=VALUE]", value_parser = parse::environment_setting)]
    pub(crate) env: Vec<EnvironmentSetting>,

    /// Read such variables from a file, one a line; lines that begin with # are comments
    #[arg(long, value_name = "FILE")]
    pub(crate) env_file: Vec<PathBuf>,

    /// The program's working directory
    #[arg(long, short, value_name = "DIR", default_value = "/")]
    pub(crate) workdir: PathBuf,

    /// End the machine after so long: seconds, or with ms, s, m or h
    #[arg(long, value_name = "TIME", value_parser = parse::duration)]
    pub(crate) timeout: Option<Duration>,

    /// The directory that becomes the machine's whole file system
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,

    /// Give the program a copy of a file or directory, taken at the start
    #[arg(long, short, value_name = "HOST:GUEST:ro", value_parser = parse::volume)]
    pub(crate) volume: Vec<Volume>,

    /// The kind of machine
    #[arg(long, value_enum, default_value_t = Model::Microvm)]
    pub(crate) machine: Model,

    /// How the machine's processor is made: by the host's (kvm) or in software (tcg)
    #[arg(long, value_enum, default_value_t = Accelerator::Auto)]
    pub(crate) accel: Accelerator,

    /// Let time be the number of executed instructions, so that each run is the same (software emulation)
    #[arg(long)]
    pub(crate) icount: bool,

    /// Switch between tasks at moments drawn from this number, to find races; with --icount, the same ones each time
    #[arg(long, value_name = "N")]
    pub(crate) preempt_seed: Option<u64>,

    /// Hand a word to QEMU, after its own: another processor, a plugin (again for more)
    #[arg(long, value_name = "WORD", allow_hyphen_values = true)]
    pub(crate) qemu: Vec<OsString>,

    /// Say what is done, on standard error
    #[arg(long)]
    pub(crate) verbose: bool,

    /// Show every system call as strace(1) does, on standard error or in a file
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    pub(crate) strace: Option<PathBuf>,

    /// At the end, count switches, page faults, signals and system calls, on standard error
    #[arg(long)]
    pub(crate) stats: bool,

    /// Show the kernel's log, down to this level
    #[arg(long, value_name = "LEVEL", value_enum)]
    pub(crate) kernel_log: Option<KernelLog>,

    /// Boot this kernel image instead of the one inside this command
    #[arg(long, value_name = "FILE")]
    pub(crate) kernel: Option<PathBuf>,

    /// The program, by its path or by its name in PATH, and its arguments
    #[arg(
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "PROGRAM [ARGUMENTS]"
    )]
    pub(crate) program: Vec<OsString>,
}

/// A kind of machine that the kernel boots on.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Model {
    /// The smallest and fastest to start
    Microvm,
    /// A PC with PCI
    Q35,
}

/// A maker of processors.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Accelerator {
    /// kvm where it works, otherwise tcg
    Auto,
    /// Hardware virtualisation
    Kvm,
    /// Software emulation
    Tcg,
}

/// A level of the kernel's log.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum KernelLog {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl From<KernelLog> for LogLevel {
    fn from(level: KernelLog) -> Self {
        match level {
            KernelLog::Error => LogLevel::Error,
            KernelLog::Warn => LogLevel::Warn,
            KernelLog::Info => LogLevel::Info,
            KernelLog::Debug => LogLevel::Debug,
            KernelLog::Trace => LogLevel::Trace,
        }
    }
}

#[cfg(test)]
mod tests;
