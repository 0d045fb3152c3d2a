//! `cargo xtask test`: everything that can be checked, in the order in which it is cheap to fail.
//!
//! A failing step does not keep the next ones from running; the last line sums them all: `N passed, N failed`.

use super::build::{self, Image};
use super::variants;
use crate::tally::Tally;
use crate::watch::{self, End};
use crate::{claims, packages, process, tidy, vm, workspace};
use anyhow::{Context, Result};
use std::env;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

#[derive(clap::Args, Default)]
pub(crate) struct Options {
    /// Only these steps (any of: format, lint, tidy, host, variants, vm, claims, end-to-end; conformance, which runs long test suites of other
    /// projects inside, only when it is named)
    #[arg(long, value_delimiter = ',')]
    only: Vec<Step>,
    /// Only tests whose name contains this
    filter: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Step {
    Format,
    Lint,
    Tidy,
    Host,
    Variants,
    Vm,
    Claims,
    EndToEnd,
    Conformance,
}

/// What is run unless steps are named.
const STEPS: [Step; 8] = [
    Step::Format,
    Step::Lint,
    Step::Tidy,
    Step::Host,
    Step::Variants,
    Step::Vm,
    Step::Claims,
    Step::EndToEnd,
];

pub(crate) fn main(options: &Options) -> Result<ExitCode> {
    let start = Instant::now();
    let filter = options.filter.as_deref();
    let mut tally = Tally::default();
    let usual = options.only.is_empty();
    for step in STEPS
        .into_iter()
        .chain([Step::Conformance])
        .filter(|step| options.only.contains(step) || usual && STEPS.contains(step))
    {
        println!("\n=== {} ({} s)", step.title(), start.elapsed().as_secs());
        tally += Tally::or_failed(step.title(), step.run(filter));
    }
    println!(
        "\n{} passed, {} failed ({} s)",
        tally.passed,
        tally.failed,
        start.elapsed().as_secs()
    );
    Ok(if tally.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

impl Step {
    fn title(self) -> &'static str {
        match self {
            Step::Format => "format",
            Step::Lint => "lint",
            Step::Tidy => "tidy",
            Step::Host => "tests on the host",
            Step::Variants => "green threads on other C libraries and under sanitizers",
            Step::Vm => "tests in a virtual machine",
            Step::Claims => "claims of the documentation, shown",
            Step::EndToEnd => "end-to-end tests",
            Step::Conformance => "test suites of other projects",
        }
    }

    fn run(self, filter: Option<&str>) -> Result<Tally> {
        match self {
            Step::Format => check_both(&["fmt", "--all", "--check"], &["--", "--files-with-diff"]),
            Step::Lint => {
                let mut tally = check_both(
                    &["clippy", "--quiet", "--workspace", "--all-targets"],
                    &["--", "-Dwarnings"],
                )?;
                let simulated = [
                    "clippy",
                    "--quiet",
                    "--package",
                    "threadbare",
                    "--features",
                    "sim",
                ];
                tally += check(cargo(
                    &[&simulated[..], &["--all-targets", "--", "-Dwarnings"]].concat(),
                ))?;
                Ok(tally)
            }
            Step::Tidy => Ok(Tally::of(tidy::check()? == 0)),
            Step::Host => {
                // One test talks to it, and says so where it is missing.
                if let Err(missing) = packages::ensure_program("redis-server", "redis-server") {
                    eprintln!("{missing:#}");
                }
                let mut tally = tests(
                    cargo(&["test", "--workspace", "--exclude", "threadbare-tests"]),
                    filter,
                )?;
                // Deterministic mode is a feature that nothing else of the workspace turns on.
                let simulated = ["test", "--package", "threadbare", "--features", "sim"];
                tally += tests(
                    cargo(&[&simulated[..], &["--test", "sim", "--example", "deterministic"]].concat()),
                    filter,
                )?;
                tally += tests(
                    cargo(&[&simulated[..], &["--doc"]].concat()),
                    filter.or(Some("sim")),
                )?;
                Ok(tally)
            }
            Step::Variants => variants::run(filter),
            Step::Vm => {
                packages::ensure_program("qemu-system-x86_64", "qemu-system-x86")?;
                vm::tests::run(&build::image(Image::Tests)?, filter)
            }
            Step::Claims => claims::all(filter),
            Step::EndToEnd => {
                ensure_programs()?;
                end_to_end(&build::command()?, filter, &[])
            }
            Step::Conformance => {
                ensure_programs()?;
                end_to_end(
                    &build::command()?,
                    filter,
                    &["--", "--ignored", "--test-threads=1"],
                )
            }
        }
    }
}

/// The programs that the end-to-end tests run, and the compilers of `guest/`.
fn ensure_programs() -> Result<()> {
    packages::ensure_program("qemu-system-x86_64", "qemu-system-x86")?;
    packages::ensure_program("gcc", "gcc")?;
    packages::ensure_program("musl-gcc", "musl-tools")?;
    packages::ensure_program("lua5.4", "lua5.4")?;
    packages::ensure_program("strace", "strace")?;
    packages::ensure_program("bash", "bash")?;
    packages::ensure_program("setsid", "util-linux")?;
    packages::ensure("a static busybox", &["busybox-static"], || {
        Path::new("/bin/busybox").exists()
    })
}

fn end_to_end(command: &Path, filter: Option<&str>, how: &[&str]) -> Result<Tally> {
    let mut cargo = cargo(&["test", "--package", "threadbare-tests"]);
    cargo.args(["--quiet", "--no-fail-fast"]).args(filter).args(how);
    cargo.env("THREADBARE", command);
    sum(cargo)
}

/// A check of the workspace, and of the Rust programs of `guest/`, which are no part of it.
fn check_both(arguments: &[&str], more: &[&str]) -> Result<Tally> {
    let guest = workspace::root().join("guest/rust/Cargo.toml");
    let mut of_guest = cargo(arguments);
    of_guest.arg("--manifest-path").arg(guest);
    let mut tally = check(cargo(&[arguments, more].concat()))?;
    of_guest
        .args(more)
        .env("CARGO_TARGET_DIR", workspace::target().join("end-to-end/rust"));
    tally += check(of_guest)?;
    Ok(tally)
}

/// A command that passes or fails as a whole.
fn check(mut command: Command) -> Result<Tally> {
    process::run(&mut command).map(|()| Tally::of(true))
}

/// Runs test programs by `cargo test`, shows what they print and sums their results.
fn tests(mut cargo: Command, filter: Option<&str>) -> Result<Tally> {
    cargo.args(["--quiet", "--no-fail-fast"]).args(filter);
    sum(cargo)
}

/// Runs a `cargo test`, shows what it prints and sums the results. It is built first, for a compiler may be silent for long.
pub(super) fn sum(mut cargo: Command) -> Result<Tally> {
    if !cargo.get_args().any(|argument| argument == "--doc") {
        process::run(&mut only_built(&cargo))?; // tests in documentation are compiled as they run
    }
    let mut tally = Tally::default();
    let end = watch::run(&mut cargo, watch::PATIENCE, |line| tally += Tally::of_line(line));
    match end.context("cannot start cargo test")? {
        // A test that kills its program leaves no line of its own.
        End::Exit(status) if !status.success() && tally.failed == 0 => tally += Tally::of(false),
        End::Exit(_) => {}
        End::Silence => {
            println!(
                "\nFAILED: a test hangs; nothing was printed for {:?}",
                watch::PATIENCE
            );
            tally += Tally::of(false);
        }
    }
    Ok(tally)
}

/// What builds the tests that a `cargo test` runs.
fn only_built(cargo: &Command) -> Command {
    let mut build = Command::new(cargo.get_program());
    build.current_dir(workspace::root());
    build.args(["test", "--no-run"]).args(cargo.get_args().skip(1));
    build.envs(cargo.get_envs().filter_map(|(name, value)| Some((name, value?))));
    build
}

pub(super) fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(workspace::root()).args(arguments);
    cargo
}
