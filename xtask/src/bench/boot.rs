//! What a boot costs, beside Debian's kernel in the same machine and beside a machine that runs nothing.
//!
//! Three rows: the wall time from command to exit of `busybox true` (median; the contestants take turns, so that a busy
//! moment hits all of them), the instructions from reset to the first one of a program, and the least memory in which
//! the program runs.

use super::contestant::{Contestant, finish};
use super::floor::Floor;
use super::programs::{self, Programs};
use super::rival::Debian;
use super::table;
use super::threadbare::Threadbare;
use anyhow::{Result, ensure};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Memory for the rows that do not measure it: enough for any of them.
const MEMORY_MIB: u32 = 256;

/// How often a run that fails is tried before it counts as one that cannot succeed.
const TRIES: usize = 3;

/// Measures, with `runs` runs for each wall time, and prints the table. `command` is `threadbare`.
pub(crate) fn measure(command: PathBuf, runs: usize) -> Result<()> {
    let programs = programs::prepare()?;
    let contestants = contestants(command, &programs);
    let names = contestants.iter().map(|contestant| contestant.name().to_owned());
    let rows = [
        std::iter::once(String::new()).chain(names).collect(),
        row(
            &format!("wall time, `busybox true`, median of {runs}"),
            wall_times(&contestants, runs)?,
        ),
        row(
            "instructions to the first of a program",
            contestants.iter().map(|c| instructions(c.as_ref())).collect(),
        ),
        row(
            "least memory",
            contestants.iter().map(|c| least_memory(c.as_ref())).collect(),
        ),
    ];
    println!("QEMU microvm, software emulation, one processor\n");
    for line in table::lines(&rows) {
        println!("{line}");
    }
    Ok(())
}

fn row(title: &str, cells: Vec<Result<String>>) -> Vec<String> {
    let cells = cells
        .into_iter()
        .map(|cell| cell.unwrap_or_else(|error| format!("failed: {error:#}")));
    std::iter::once(title.to_owned()).chain(cells).collect()
}

/// Without apt there is no Debian kernel to be had: the others are measured all the same.
fn contestants<'a>(command: PathBuf, programs: &'a Programs) -> Vec<Box<dyn Contestant + 'a>> {
    let mut contestants: Vec<Box<dyn Contestant>> = vec![Box::new(Threadbare { command, programs })];
    match Debian::prepare(programs) {
        Ok(debian) => contestants.push(Box::new(debian)),
        Err(error) => eprintln!("xtask: without Debian's kernel: {error:#}"),
    }
    contestants.push(Box::new(Floor(programs)));
    contestants
}

/// The first round is not counted: it warms caches.
fn wall_times(contestants: &[Box<dyn Contestant + '_>], runs: usize) -> Result<Vec<Result<String>>> {
    let mut times = vec![Vec::new(); contestants.len()];
    for round in 0..=runs {
        eprintln!("xtask: wall times, round {round} of {runs}");
        for (contestant, times) in contestants.iter().zip(&mut times) {
            let time = attempt(contestant.as_ref(), MEMORY_MIB)?;
            if round > 0 {
                times.extend(time);
            }
        }
    }
    Ok(times.into_iter().map(|times| median(times, runs)).collect())
}

/// How long the program took, or `None` when it did not run. Linux hangs now and then on a busy host while it measures
/// its clocks, so a run that fails is tried again.
fn attempt(contestant: &dyn Contestant, memory_mib: u32) -> Result<Option<Duration>> {
    for _ in 0..TRIES {
        let start = Instant::now();
        if contestant.succeeded(&finish(&contestant.run_true(memory_mib))?) {
            return Ok(Some(start.elapsed()));
        }
    }
    Ok(None)
}

fn median(mut times: Vec<Duration>, runs: usize) -> Result<String> {
    ensure!(times.len() == runs, "{} of {runs} runs", runs - times.len());
    times.sort();
    let ms = |index: usize| times[index].as_secs_f64() * 1000.0;
    Ok(format!(
        "{:.1} ms ({:.1} to {:.1})",
        ms(runs / 2),
        ms(0),
        ms(runs - 1)
    ))
}

fn instructions(contestant: &dyn Contestant) -> Result<String> {
    eprintln!("xtask: counting instructions, {}", contestant.name());
    let output = finish(&contestant.stamp())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let count = contestant.read_stamp(&text);
    ensure!(count.is_some(), "no count in its output");
    Ok(thousands(count.unwrap_or_default()))
}

/// The least number of MiB that will do, by halving the interval.
fn least_memory(contestant: &dyn Contestant) -> Result<String> {
    eprintln!("xtask: looking for the least memory, {}", contestant.name());
    let does = |memory_mib| attempt(contestant, memory_mib).map(|time| time.is_some());
    let (mut too_little, mut enough) = (0, MEMORY_MIB);
    ensure!(does(enough)?, "{enough} MiB are not enough");
    while enough - too_little > 1 {
        let middle = too_little.midpoint(enough);
        *(if does(middle)? {
            &mut enough
        } else {
            &mut too_little
        }) = middle;
    }
    Ok(format!("{enough} MiB"))
}

/// 1234567 as 1,234,567.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{median, thousands};
    use std::time::Duration;

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!(
            [0, 999, 1000, 1_612_000_000].map(thousands),
            ["0", "999", "1,000", "1,612,000,000"]
        );
    }

    #[test]
    fn a_median_of_fewer_runs_than_were_made_is_none() {
        let times = [3, 1, 2].map(Duration::from_millis).to_vec();
        assert_eq!(
            median(times.clone(), 3).ok().as_deref(),
            Some("2.0 ms (1.0 to 3.0)")
        );
        assert!(median(times, 4).is_err());
    }
}
