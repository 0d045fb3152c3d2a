//! Where runs live: the program of ring 3, and the kernel's test image in a VM.

use super::protocol::Showing;
use crate::commands::build::{self, Image};
use crate::vm::tests::{self, Test};
use crate::{packages, process, workspace};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// The prefix of the names of runs among the tests of the image.
const PREFIX: &str = "claims::";

/// A run, and who executes it.
pub(super) struct Run {
    pub(super) name: String,
    home: Home,
}

enum Home {
    /// The program; whether it can also be done by the same program inside `threadbare run`.
    Ring3 {
        anywhere: bool,
    },
    Machine(Test),
}

impl Run {
    /// Where it takes place, in a word for a table.
    pub(super) fn place(&self) -> &'static str {
        match self.home {
            Home::Ring3 { .. } => "ring 3",
            Home::Machine(_) => "VM",
        }
    }
}

/// Both homes, built and asked for their runs.
pub(super) struct Homes {
    program: PathBuf,
    image: PathBuf,
    runs: Vec<Run>,
}

impl Homes {
    /// Builds what is out of date.
    pub(super) fn open() -> Result<Homes> {
        packages::ensure_program("qemu-system-x86_64", "qemu-system-x86")?;
        packages::ensure_program("gcc", "gcc")?;
        packages::ensure_program("objdump", "binutils")?;
        let image = build::image(Image::Tests)?;
        let program = program()?;
        let names = process::output(Command::new(&program).arg("list"))?;
        let mut runs: Vec<Run> = names
            .lines()
            .map(|line| {
                let name = line.strip_suffix(" anywhere");
                Run {
                    name: name.unwrap_or(line).to_owned(),
                    home: Home::Ring3 {
                        anywhere: name.is_some(),
                    },
                }
            })
            .collect();
        for test in tests::list(&image)? {
            if let Some(name) = test.name.strip_prefix(PREFIX) {
                runs.push(Run {
                    name: name.to_owned(),
                    home: Home::Machine(test),
                });
            }
        }
        Ok(Homes { program, image, runs })
    }

    pub(super) fn runs(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter()
    }

    pub(super) fn find(&self, name: &str) -> Option<&Run> {
        self.runs.iter().find(|run| run.name == name)
    }

    /// Does the runs, as many at once as there are CPUs.
    pub(super) fn all(&self, runs: &[&Run]) -> Result<BTreeMap<String, Showing>> {
        self.each(runs, |run| self.one(run, None))
    }

    /// Does those of the runs of ring 3 that can be done anywhere once more, inside this project's own kernel.
    pub(super) fn inside(&self, command: &Path) -> Result<BTreeMap<String, Showing>> {
        let anywhere = |run: &&Run| matches!(run.home, Home::Ring3 { anywhere: true });
        let runs: Vec<&Run> = self.runs().filter(anywhere).collect();
        self.each(&runs, |run| {
            let mut threadbare = Command::new(command);
            showing(threadbare.arg("run").arg(&self.program).arg(&run.name))
        })
    }

    fn each(
        &self,
        runs: &[&Run],
        show: impl Fn(&Run) -> Result<Showing> + Sync,
    ) -> Result<BTreeMap<String, Showing>> {
        let (next, results) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
        let work = || -> Result<()> {
            while let Some(run) = runs.get(next.fetch_add(1, Ordering::Relaxed)) {
                let showing = show(run)?;
                let mut results = results.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                results.insert(run.name.clone(), showing);
            }
            Ok(())
        };
        thread::scope(|scope| {
            let workers: Vec<_> = (0..thread::available_parallelism().map_or(1, usize::from))
                .map(|_| scope.spawn(work))
                .collect();
            workers
                .into_iter()
                .try_for_each(|worker| worker.join().expect("workers do not panic"))
        })?;
        Ok(results
            .into_inner()
            .unwrap_or_else(|poisoned| poisoned.into_inner()))
    }

    /// Does a run, whole or with a mechanism broken.
    pub(super) fn one(&self, run: &Run, mutation: Option<&str>) -> Result<Showing> {
        match &run.home {
            Home::Ring3 { .. } => self.in_ring_3(&run.name, mutation),
            Home::Machine(test) => self.in_machine(test, mutation),
        }
    }

    fn in_ring_3(&self, name: &str, mutation: Option<&str>) -> Result<Showing> {
        let mut command = Command::new(&self.program);
        command.arg(name);
        if let Some(mutation) = mutation {
            command.args(["--break", mutation]);
        }
        showing(&mut command)
    }

    fn in_machine(&self, test: &Test, mutation: Option<&str>) -> Result<Showing> {
        let (console, verdict) = tests::observed(&self.image, test, mutation)?;
        let mut showing = Showing::default();
        console.lines().for_each(|line| showing.line(line));
        if test.dies {
            let texts = |line: &&str| test.texts.iter().any(|text| line.contains(text.as_str()));
            for line in console.lines().filter(texts) {
                showing
                    .seen
                    .push(("the kernel's last words".into(), line.trim().to_owned()));
            }
            let end = if test.resets() {
                "a reset of the machine"
            } else {
                "a report"
            };
            if verdict.is_ok() {
                showing.seen.push(("the end".into(), end.into()));
            }
        }
        showing.judge(verdict);
        Ok(showing)
    }
}

/// Runs a program that speaks the lines of a run.
fn showing(command: &mut Command) -> Result<Showing> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("cannot start {}", command.get_program().display()))?;
    let mut showing = Showing::default();
    let lines = String::from_utf8_lossy(&output.stdout);
    lines.lines().for_each(|line| showing.line(line));
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        showing.judge(Err(format!("{}\n{words}", output.status)));
    }
    Ok(showing)
}

/// Builds the program of ring 3.
fn program() -> Result<PathBuf> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(workspace::root()).args([
        "build",
        "--quiet",
        "--package",
        "threadbare-claims",
        "--target-dir",
    ]);
    process::run(cargo.arg(workspace::target()))?;
    Ok(workspace::target().join("debug/threadbare-claims"))
}
