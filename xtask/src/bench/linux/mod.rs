//! What operations cost on this kernel and on Linux, in the same machine, by the same program (`guest/bench/costs`).
//!
//! The rules of the race:
//!
//! 1. Time is the number of executed instructions (`-icount shift=0,sleep=off`): a run repeats exactly, on any host.
//! 2. The processor lacks ERMS and FSRM: `rep movsb` and `rep stosb` count an instruction a byte, and with them Linux clears a
//!    page in 4,096 instructions instead of 512.
//! 3. One processor, the same memory, the same rows in the same order, no randomised addresses.
//! 4. Beside it stands wall time in software emulation without icount, which is what the emulator pays. It is not what a
//!    processor pays: there, loads of CR3, misses and serialising instructions weigh more.
//!
//! What Linux costs by rule 1 is kept in `target/bench`: it cannot change while program, kernel and options stay the same.

mod contestant;
mod costs;
mod profile;
mod readings;
mod reference;
mod report;
mod run;

use super::debian::DebianKernel;
use crate::{packages, workspace};
use anyhow::{Context, Result, bail};
use contestant::{Linux, Threadbare};
use readings::Readings;
use std::fs;
use std::path::PathBuf;

/// What is to be measured, and how it is shown.
pub(crate) struct Options {
    /// Rows whose name contains one of these; none means all.
    pub(crate) rows: Vec<String>,
    /// A quarter of the operations, and one round.
    pub(crate) quick: bool,
    /// Ours alone, in instructions alone.
    pub(crate) ours: bool,
    /// No wall times.
    pub(crate) no_wall: bool,
    /// Where to write the table as comma-separated values.
    pub(crate) csv: Option<PathBuf>,
}

/// Measures and prints the table. `command` is `threadbare`.
pub(crate) fn measure(command: PathBuf, options: &Options) -> Result<()> {
    let (program, folder) = prepare()?;
    let rows = chosen(&program.rows, &options.rows)?;
    let ours = Threadbare {
        command,
        program: program.path.clone(),
    };
    let mut columns = Vec::new();
    if !options.ours {
        columns = rivals(&program, &folder, &rows, options)?;
    }
    let (rounds, divisor) = if options.quick { (1, 4) } else { (3, 1) };
    let words = run::words(rounds, divisor);
    columns.push((
        "threadbare".to_owned(),
        run::readings(&ours, true, &words, &rows)?,
    ));
    if !options.ours && !options.no_wall {
        columns.push((
            "threadbare, wall".to_owned(),
            run::readings(&ours, false, &words, &rows)?,
        ));
    }
    report::print(&rows, &columns);
    if let Some(path) = &options.csv {
        fs::write(path, report::csv(&rows, &columns))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Prints the exact profile of the kernel's instructions in the measured part of one row.
pub(crate) fn profile(command: PathBuf, kernel: &std::path::Path, row: &str, by_line: bool) -> Result<()> {
    let (program, folder) = prepare()?;
    if !program.rows.iter().any(|name| name == row) {
        bail!("there is no row {row}; the rows are: {}", program.rows.join(" "));
    }
    let ours = Threadbare {
        command,
        program: program.path.clone(),
    };
    profile::print(&ours, kernel, &program, &folder, row, by_line)
}

fn prepare() -> Result<(costs::Program, PathBuf)> {
    packages::ensure_program("qemu-system-x86_64", "qemu-system-x86")?;
    let folder = workspace::target().join("bench");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok((costs::build(&folder)?, folder))
}

fn chosen(all: &[String], asked: &[String]) -> Result<Vec<String>> {
    let matches = |row: &&String| asked.is_empty() || asked.iter().any(|part| row.contains(part.as_str()));
    let rows: Vec<String> = all.iter().filter(matches).cloned().collect();
    if rows.is_empty() {
        bail!("no row has such a name; the rows are: {}", all.join(" "));
    }
    Ok(rows)
}

/// Debian's kernel as shipped and tuned by instructions, and tuned by wall time. Without apt there is none to be had, and
/// ours is measured all the same.
fn rivals(
    program: &costs::Program,
    folder: &std::path::Path,
    rows: &[String],
    options: &Options,
) -> Result<Vec<(String, Readings)>> {
    let kernel = match DebianKernel::fetch(folder) {
        Ok(kernel) => kernel,
        Err(error) => {
            eprintln!("xtask: without Debian's kernel: {error:#}");
            return Ok(Vec::new());
        }
    };
    let (rounds, divisor) = if options.quick { (1, 4) } else { (3, 1) };
    let words = run::words(rounds, divisor);
    let mut columns = Vec::new();
    for (title, tuned) in [("Debian", false), ("Debian, tuned", true)] {
        let linux = Linux::new(&kernel, program, folder, tuned)?;
        columns.push((title.to_owned(), run::remembered(&linux, folder, &words, rows)?));
    }
    if !options.no_wall {
        let linux = Linux::new(&kernel, program, folder, true)?;
        columns.push((
            "Debian, tuned, wall".to_owned(),
            run::readings(&linux, false, &words, rows)?,
        ));
    }
    Ok(columns)
}
