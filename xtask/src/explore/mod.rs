//! Programs under seeds that move the moments at which tasks switch: `threadbare run --icount --preempt-seed N`.
//!
//! A run is judged by its status, by a word that it must print and by words that it must not. A machine in which all tasks wait for
//! each other uses no processor time, on however busy a host: that is how a hang is told from a run that is slow. One that runs
//! for ever is told by the time that it takes. What fails is printed with the command that does it again.

pub(crate) mod programs;

use crate::tally::Tally;
use anyhow::{Context, Result};
use programs::{Program, WRONG};
use std::fs;
use std::io::Read;
use std::ops::Range;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// What to run them with.
pub(crate) struct Plan {
    pub(crate) command: PathBuf,
    pub(crate) kernel: Option<PathBuf>,
    pub(crate) seeds: Range<u64>,
    pub(crate) jobs: Option<usize>,
}

/// How long a machine may use no processor time.
const SILENCE: Duration = Duration::from_secs(20);
/// How long a machine may run.
const PATIENCE: Duration = Duration::from_secs(600);

/// Runs each program with each seed.
///
/// # Errors
/// When the command cannot be started.
pub(crate) fn run(plan: &Plan, programs: &[Program]) -> Result<Tally> {
    // Seed by seed, so that each program has run when half of them have.
    let runs: Vec<_> = plan
        .seeds
        .clone()
        .flat_map(|seed| programs.iter().map(move |program| (program, seed)))
        .collect();
    let jobs = plan
        .jobs
        .or_else(|| thread::available_parallelism().ok().map(usize::from))
        .unwrap_or(1);
    let (next, state) = (AtomicUsize::new(0), Mutex::new((Tally::default(), Ok(()))));
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while let Some((program, seed)) = runs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let verdict = explore(plan, program, *seed);
                    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                    match verdict {
                        Ok(failure) => {
                            state.0 += Tally::of(failure.is_none());
                            let done = state.0.passed + state.0.failed;
                            show(plan, program, *seed, failure, (done, runs.len()));
                        }
                        Err(error) => state.1 = Err(error),
                    }
                }
            });
        }
    });
    let (tally, outcome) = state.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!("\n{} passed, {} failed", tally.passed, tally.failed);
    outcome.map(|()| tally)
}

fn show(plan: &Plan, program: &Program, seed: u64, failure: Option<String>, (done, all): (usize, usize)) {
    if let Some(failure) = failure {
        println!(
            "FAILED: {} with seed {seed}: {failure}\n    {}",
            program.name,
            again(plan, program, seed)
        );
    }
    if done.is_multiple_of(20) || done == all {
        println!("{done} of {all} runs");
    }
}

/// The line that does it again.
fn again(plan: &Plan, program: &Program, seed: u64) -> String {
    let command = command(plan, program, seed);
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let quoted = words.map(|word| {
        let word = word.to_string_lossy();
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=".contains(c);
        if word.chars().all(plain) {
            word.into_owned()
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    });
    quoted.collect::<Vec<_>>().join(" ") + " < /dev/null"
}

fn command(plan: &Plan, program: &Program, seed: u64) -> Command {
    let mut command = Command::new(&plan.command);
    command.args(["run", "--icount", "--preempt-seed", &seed.to_string()]);
    command.args(["--memory", "512M"]);
    if let Some(kernel) = &plan.kernel {
        command.arg("--kernel").arg(kernel);
    }
    command.arg("--").args(&program.words);
    command
}

/// Runs it once; the answer is what was wrong.
fn explore(plan: &Plan, program: &Program, seed: u64) -> Result<Option<String>> {
    let mut command = command(plan, program, seed);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", plan.command.display()))?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let (out, err) = (thread::spawn(|| text(out)), thread::spawn(|| text(err)));
    let hang = watch(&mut child)?;
    let status = child.wait()?;
    let said = [out, err]
        .map(|thread| thread.join().unwrap_or_default())
        .concat();
    let wrong = |line: &&str| WRONG.iter().any(|wrong| line.contains(wrong));
    let failure = if let Some(hang) = hang {
        Some(hang)
    } else if let Some(line) = said.lines().find(wrong) {
        Some(line.to_owned())
    } else if status.code() != Some(program.status) {
        Some(format!("{status}"))
    } else {
        (!said.contains(program.says)).then(|| format!("it does not say {:?}", program.says))
    };
    Ok(failure.map(|failure| format!("{failure}\n{}", end_of(&said))))
}

fn text(stream: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(mut stream) = stream {
        let _ = stream.read_to_end(&mut bytes); // what has come so far
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn end_of(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    let last = lines.len().saturating_sub(12);
    lines[last..]
        .iter()
        .map(|line| format!("    | {line}\n"))
        .collect()
}

/// Waits for its end; a machine that hangs is killed, and the answer says how it hung.
fn watch(child: &mut Child) -> Result<Option<String>> {
    let (start, mut used, mut since) = (Instant::now(), 0, Instant::now());
    loop {
        if child.try_wait()?.is_some() {
            return Ok(None);
        }
        let now = processor_time(child.id());
        if now != used {
            (used, since) = (now, Instant::now());
        }
        let hang = if since.elapsed() > SILENCE {
            "all its tasks wait for ever"
        } else if start.elapsed() > PATIENCE {
            "it runs for ever"
        } else {
            thread::sleep(Duration::from_millis(20));
            continue;
        };
        child.kill()?; // the machine goes with its command
        return Ok(Some(hang.to_owned()));
    }
}

/// The processor time of a process and its children, in ticks (proc_pid_stat(5), fields 14 and 15).
fn processor_time(pid: u32) -> u64 {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let all = children.split_whitespace().filter_map(|child| child.parse().ok());
    all.chain([pid]).map(own_time).sum()
}

fn own_time(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum()
}
