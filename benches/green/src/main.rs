//! The race of green threads against their peers, one table from one run.
//!
//! `cargo run --release` measures everything that this machine can build and run: threadbare in both modes, the Rust peers, std's
//! threads, and Go and Boost where a compiler for them is found (`GO` names the `go` command if it is not on the path).
//! Options: `--only NAME`, `--rounds N`, `--bench NAME`, `--workers N`, `--quick` (no million-thread rows).
//!
//! Every cell is measured in fresh processes, the rounds interleaved over the runtimes, and shown as `median (min)` over all
//! samples: nanoseconds for one operation, or bytes for one parked thread. A `-` says that the runtime has no such thing or could not
//! do it. A cell of ours is marked with `<` where
//! some peer is faster, by the minima, which a busy machine spoils less.

mod external;
mod measure;
mod peers;

use std::collections::BTreeMap;
use std::process::Command;

use measure::Samples;

/// What is measured. The names are those of `--bench`.
const BENCHES: [(&str, &str, bool); 9] = [
    ("switch", "one-way switch", false),
    ("yield", "yield", false),
    ("hop", "channel hop", false),
    ("mutex", "mutex: lock, yield, unlock, yield, two in turn", false),
    ("spawn", "spawn+join, one at a time", false),
    ("spawn1000", "spawn 1000, then join", false),
    ("parked100k", "bytes, parked, 100 000", true),
    ("parked1m", "bytes, parked, 1 000 000", true),
    ("skynet", "fan-out of a million (ms)", true),
];

struct Options {
    only: Option<String>,
    bench: Option<String>,
    rounds: usize,
    workers: usize,
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
        workers: number("--workers").unwrap_or(1),
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
        for (row, (bench, _, heavy)) in BENCHES.iter().enumerate() {
            let skipped = options.bench.as_deref().is_some_and(|only| only != *bench);
            if skipped || (*heavy && (options.quick || round > 0)) {
                continue;
            }
            for (column, runtime) in runtimes.iter().enumerate() {
                let samples = measure_in_child(runtime, bench, options.workers, &external);
                cells.entry((row, column)).or_default().extend(samples);
            }
        }
    }
    print_table(&runtimes, &cells, options);
}

fn measure_in_child(
    runtime: &str,
    bench: &str,
    workers: usize,
    external: &[(String, Vec<String>)],
) -> Vec<f64> {
    let mut command = match external.iter().find(|(name, _)| name == runtime) {
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

fn print_table(runtimes: &[String], cells: &BTreeMap<(usize, usize), Vec<f64>>, options: &Options) {
    println!(
        "| {} worker(s): median (min) | {} |",
        options.workers,
        runtimes.join(" | ")
    );
    println!("|---|{}", "---|".repeat(runtimes.len()));
    for (row, (_, title, _)) in BENCHES.iter().enumerate() {
        let column_of = |column: usize| -> Option<(f64, f64)> {
            let mut samples = cells.get(&(row, column))?.clone();
            samples.sort_by(f64::total_cmp);
            Some((*samples.get(samples.len() / 2)?, *samples.first()?))
        };
        if (0..runtimes.len()).all(|column| column_of(column).is_none()) {
            continue;
        }
        let is_ours = |column: usize| runtimes[column].starts_with("threadbare");
        let peers = (0..runtimes.len()).filter(|&column| !is_ours(column));
        let best_peer = peers.filter_map(|column| Some(column_of(column)?.1)).fold(f64::INFINITY, f64::min);
        let texts: Vec<String> = (0..runtimes.len())
            .map(|column| match column_of(column) {
                None => "-".to_owned(),
                Some((median, min)) => {
                    let lost = if is_ours(column) && best_peer < min { " <" } else { "" };
                    let digits = if median >= 100.0 { 0 } else { 1 };
                    format!("{median:.digits$} ({min:.digits$}){lost}")
                }
            })
            .collect();
        println!("| {title} | {} |", texts.join(" | "));
    }
}
