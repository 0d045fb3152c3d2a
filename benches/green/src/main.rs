//! The race of green threads against their peers, one table from one run.
//!
//! `cargo run --release` measures everything that this machine can build and run: threadbare in both modes, the Rust peers, std's
//! threads, and Go and Boost where a compiler for them is found (`GO` names the `go` command if it is not on the path).
//! Options: `--only NAME`, `--rounds N`, `--bench NAME`, `--quick` (no rows of very many threads).
//!
//! Every cell is measured in fresh processes, the rounds interleaved over the runtimes, and shown as `median (min)` over all
//! samples: nanoseconds for one operation, or bytes for one parked thread. A `-` says that the runtime has no such thing or could not
//! do it. A cell of ours is marked with `<` where
//! some peer is faster, by the minima, which a busy machine spoils less; any cell with `!` where two workers
//! take longer than one, or a tenth more of the processors.

mod external;
mod measure;
mod peers;

use std::collections::BTreeMap;
use std::process::Command;

use measure::Samples;

/// A row of the table.
struct Row {
    /// What `--bench` and the children call it.
    bench: &'static str,
    title: &'static str,
    workers: usize,
    /// Measure what all threads compute together, not the time on the wall.
    cpu: bool,
    /// Much memory or time: left out by `--quick`, and measured in one round only.
    heavy: bool,
}

const fn row(bench: &'static str, title: &'static str, workers: usize, heavy: bool) -> Row {
    Row {
        bench,
        title,
        workers,
        cpu: false,
        heavy,
    }
}

/// The same work, by what it costs all processors together.
const fn cpu_row(bench: &'static str, title: &'static str, workers: usize, heavy: bool) -> Row {
    Row {
        bench,
        title,
        workers,
        cpu: true,
        heavy,
    }
}

/// What is measured. Rows that can be parallel come once for each number of workers, one after the other.
const ROWS: [Row; 17] = [
    row("switch", "one-way switch", 1, false),
    row("yield", "yield", 1, false),
    row("hop", "channel hop", 1, false),
    row(
        "mutex",
        "mutex: lock, yield, unlock, yield, two in turn",
        1,
        false,
    ),
    row("spawn", "spawn+join, one at a time", 1, false),
    row("spawn1000", "spawn 1000, then join", 1, false),
    row("spawn1000", "spawn 1000, then join, 2 workers", 2, false),
    row("work", "2000 threads of about 20 us each (ms)", 1, false),
    row(
        "work",
        "2000 threads of about 20 us each (ms), 2 workers",
        2,
        false,
    ),
    cpu_row("work", "the same, processor time (ms)", 1, false),
    cpu_row("work", "the same, processor time (ms), 2 workers", 2, false),
    row("parked100k", "bytes, parked, 100 000", 1, true),
    row("parked1m", "bytes, parked, 1 000 000", 1, true),
    row("skynet", "fan-out of a million (ms)", 1, true),
    row("skynet", "fan-out of a million (ms), 2 workers", 2, true),
    cpu_row("skynet", "the same, processor time (ms)", 1, true),
    cpu_row("skynet", "the same, processor time (ms), 2 workers", 2, true),
];

struct Options {
    only: Option<String>,
    bench: Option<String>,
    rounds: usize,
    quick: bool,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [child, runtime, bench] = arguments.iter().map(String::as_str).collect::<Vec<_>>()[..]
        && child == "child"
    {
        return run_child(runtime, bench);
    }
    let value = |name: &str| {
        let position = arguments.iter().position(|argument| argument == name)?;
        arguments.get(position + 1).cloned()
    };
    let number = |name: &str| value(name).and_then(|text| text.parse().ok());
    let options = Options {
        only: value("--only"),
        bench: value("--bench"),
        rounds: number("--rounds").unwrap_or(3),
        quick: arguments.iter().any(|argument| argument == "--quick"),
    };
    race(&options);
}

/// Measures one cell and prints its samples.
fn run_child(runtime: &str, bench: &str) {
    if let Some(Samples(samples)) = peers::measure(runtime, bench) {
        let texts: Vec<String> = samples.iter().map(|sample| format!("{sample:.3}")).collect();
        println!("{}", texts.join(" "));
    }
}

fn race(options: &Options) {
    let mut runtimes: Vec<String> = peers::NAMES.iter().map(|name| (*name).to_owned()).collect();
    let external = external::build();
    runtimes.extend(external.iter().map(|(name, _)| name.clone()));
    if let Some(only) = &options.only {
        runtimes.retain(|name| name.contains(only.as_str()));
    }
    let mut cells: BTreeMap<(usize, usize), Vec<f64>> = BTreeMap::new();
    for round in 0..options.rounds {
        for (
            row,
            Row {
                bench,
                workers,
                cpu,
                heavy,
                ..
            },
        ) in ROWS.iter().enumerate()
        {
            let skipped = options.bench.as_deref().is_some_and(|only| only != *bench);
            if skipped || (*heavy && (options.quick || round > 0)) {
                continue;
            }
            for (column, runtime) in runtimes.iter().enumerate() {
                let samples = measure_in_child(runtime, bench, *workers, *cpu, &external);
                cells.entry((row, column)).or_default().extend(samples);
            }
        }
    }
    print_table(&runtimes, &cells);
}

fn measure_in_child(
    runtime: &str,
    bench: &str,
    workers: usize,
    cpu: bool,
    external: &[(String, Vec<String>)],
) -> Vec<f64> {
    let other = external.iter().find(|(name, _)| name == runtime);
    // The programs in other languages have no such clock.
    if cpu && other.is_some() {
        return Vec::new();
    }
    let mut command = match other {
        Some((_, words)) => {
            let mut command = Command::new(&words[0]);
            command.args(&words[1..]).arg(bench);
            command
        }
        None => {
            let mut command = Command::new(std::env::current_exe().expect("our own path"));
            command.args(["child", runtime, bench]);
            command
        }
    };
    command
        .env("BENCH_WORKERS", workers.to_string())
        .env("GOMAXPROCS", workers.to_string());
    command.env("THREADBARE_WORKERS", workers.to_string());
    if cpu {
        command.env("BENCH_CPU", "1");
    }
    // A peer that dies (at its limit of stacks, say) has no figure.
    let Ok(output) = command.stderr(std::process::Stdio::null()).output() else {
        return Vec::new();
    };
    if !output.status.success() {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect()
}

fn print_table(runtimes: &[String], cells: &BTreeMap<(usize, usize), Vec<f64>>) {
    println!("| median (min) | {} |", runtimes.join(" | "));
    println!("|---|{}", "---|".repeat(runtimes.len()));
    let cell = |row: usize, column: usize| -> Option<(f64, f64)> {
        let mut samples = cells.get(&(row, column))?.clone();
        samples.sort_by(f64::total_cmp);
        Some((*samples.get(samples.len() / 2)?, *samples.first()?))
    };
    for (
        row,
        Row {
            bench, title, cpu, ..
        },
    ) in ROWS.iter().enumerate()
    {
        if (0..runtimes.len()).all(|column| cell(row, column).is_none()) {
            continue;
        }
        let is_ours = |column: usize| runtimes[column].starts_with("threadbare");
        let peers = (0..runtimes.len()).filter(|&column| !is_ours(column));
        let best_peer = peers
            .filter_map(|column| Some(cell(row, column)?.1))
            .fold(f64::INFINITY, f64::min);
        // The row before is the same work with fewer workers.
        let fewer = row
            .checked_sub(1)
            .filter(|&before| ROWS[before].bench == *bench && ROWS[before].workers < ROWS[row].workers);
        // Processor time need not shrink; a tenth more is not behind.
        let allowed = if *cpu { 1.1 } else { 1.0 };
        let texts: Vec<String> = (0..runtimes.len())
            .map(|column| match cell(row, column) {
                None => "-".to_owned(),
                Some((median, min)) => {
                    let alone = fewer.and_then(|before| cell(before, column));
                    let behind = alone.is_some_and(|(_, alone)| alone * allowed < min);
                    let lost = if is_ours(column) && best_peer < min {
                        " <"
                    } else {
                        ""
                    };
                    let behind = if behind { " !" } else { "" };
                    let digits = if median >= 100.0 { 0 } else { 1 };
                    format!("{median:.digits$} ({min:.digits$}){lost}{behind}")
                }
            })
            .collect();
        println!("| {title} | {} |", texts.join(" | "));
    }
}
