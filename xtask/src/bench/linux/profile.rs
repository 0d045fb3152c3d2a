//! Where the instructions go: an exact profile of the kernel in the measured part of one row, by QEMU's own counting
//! (`xtask/plugins/profile.c`).

use super::contestant::Threadbare;
use super::costs::Program;
use super::run;
use crate::{process, workspace};
use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How many lines are shown.
const SHOWN: usize = 60;

/// Runs one round of `row` and prints what each function of `kernel` did in it, per operation; with `by_line`, inlined
/// functions and their lines.
pub(super) fn print(
    ours: &Threadbare,
    kernel: &Path,
    program: &Program,
    folder: &Path,
    row: &str,
    by_line: bool,
) -> Result<()> {
    let (plugin, counts) = (build(folder)?, folder.join("profile.txt"));
    let _ = fs::remove_file(&counts); // a stale one must not be read
    let words = [
        "-plugin".to_owned(),
        format!(
            "{},out={},begin={:x},end={:x}",
            plugin.display(),
            counts.display(),
            address(&program.path, "part_begins")?,
            address(&program.path, "part_ends")?
        ),
    ];
    let mut machine = ours.machine(true, &words);
    let console = run::listen(machine.args(["-r", "1", row]))?;
    let operations = operations(&console).with_context(|| format!("{row} gave no reading:\n{console}"))?;
    let counts = fs::read_to_string(&counts).context("the plugin wrote nothing")?;
    let (user, instructions) = parse(&counts);
    let names = if by_line {
        lines_of(kernel, &instructions)?
    } else {
        functions_of(kernel, &instructions)?
    };
    show(operations, user, &instructions, &names);
    Ok(())
}

fn build(folder: &Path) -> Result<PathBuf> {
    let (source, plugin) = (
        workspace::root().join("xtask/plugins/profile.c"),
        folder.join("profile.so"),
    );
    let mut gcc = Command::new("gcc");
    gcc.args(["-O2", "-shared", "-fPIC", "-fvisibility=hidden", "-o"])
        .arg(&plugin)
        .arg(source);
    process::run(&mut gcc)?;
    Ok(plugin)
}

fn address(program: &Path, symbol: &str) -> Result<u64> {
    let symbols = process::output(Command::new("nm").arg(program))?;
    let line = symbols.lines().find(|line| line.ends_with(&format!(" {symbol}")));
    let line = line.with_context(|| format!("{} has no {symbol}", program.display()))?;
    u64::from_str_radix(line.split(' ').next().unwrap_or_default(), 16).context("an address of nm")
}

fn operations(console: &str) -> Option<f64> {
    let line = console.lines().rev().find(|line| line.starts_with("cost "))?;
    line.split(' ').nth(2)?.parse().ok()
}

/// Instructions of the program, and those of the kernel by address.
fn parse(counts: &str) -> (u64, BTreeMap<u64, u64>) {
    let (mut user, mut kernel) = (0, BTreeMap::new());
    for (address, count) in counts.lines().filter_map(|line| line.split_once(' ')) {
        let count = count.parse().unwrap_or(0);
        match u64::from_str_radix(address, 16) {
            Ok(address) => _ = kernel.insert(address, count),
            Err(_) => user = count,
        }
    }
    (user, kernel)
}

/// The function of each address.
fn functions_of(kernel: &Path, instructions: &BTreeMap<u64, u64>) -> Result<BTreeMap<u64, String>> {
    let text = process::output(
        Command::new("nm")
            .args(["--numeric-sort", "--demangle"])
            .arg(kernel),
    )?;
    let symbols: Vec<(u64, &str)> = text
        .lines()
        .filter_map(|line| {
            let mut parts = line.splitn(3, ' ');
            let address = u64::from_str_radix(parts.next()?, 16).ok()?;
            let kind = parts.next()?;
            "tTwW".contains(kind).then_some((address, parts.next()?))
        })
        .collect();
    ensure!(!symbols.is_empty(), "{} has no symbols", kernel.display());
    let name = |address: &u64| {
        let after = symbols.partition_point(|(start, _)| start <= address);
        let (_, name) = symbols.get(after.checked_sub(1)?)?;
        Some((*address, without_hash(name).to_owned()))
    };
    Ok(instructions.keys().filter_map(name).collect())
}

/// The innermost inlined function of each address, and its line.
fn lines_of(kernel: &Path, instructions: &BTreeMap<u64, u64>) -> Result<BTreeMap<u64, String>> {
    let mut addr2line = Command::new("addr2line")
        .args(["--addresses", "--functions", "--demangle", "--exe"])
        .arg(kernel)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start addr2line")?;
    let mut input = addr2line.stdin.take().context("piped")?;
    let addresses: Vec<u64> = instructions.keys().copied().collect();
    let writer = std::thread::spawn(move || {
        addresses
            .iter()
            .try_for_each(|address| writeln!(input, "{address:x}"))
    });
    let output = addr2line.wait_with_output()?;
    writer.join().map_err(|_| anyhow::anyhow!("the writer died"))??;
    let text = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<&str> = text.lines().collect();
    Ok(lines
        .chunks_exact(3)
        .filter_map(|chunk| {
            let address = u64::from_str_radix(chunk[0].trim_start_matches("0x"), 16).ok()?;
            let place = chunk[2].rsplit_once("./").map_or(chunk[2], |(_, place)| place);
            Some((address, format!("{} {place}", without_hash(chunk[1]))))
        })
        .collect())
}

/// `path::h0123456789abcdef` as `path`.
fn without_hash(name: &str) -> &str {
    match name.rsplit_once("::h") {
        Some((path, hash)) if hash.len() == 16 => path,
        _ => name,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn show(operations: f64, user: u64, instructions: &BTreeMap<u64, u64>, names: &BTreeMap<u64, String>) {
    let mut by_name: BTreeMap<&str, u64> = BTreeMap::new();
    for (address, count) in instructions {
        let name = names.get(address).map_or("?", String::as_str);
        *by_name.entry(name).or_default() += count;
    }
    let total: u64 = instructions.values().sum();
    let mut sorted: Vec<(&str, u64)> = by_name.into_iter().collect();
    sorted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    println!(
        "{:10.1}  all of the kernel, per operation",
        total as f64 / operations
    );
    println!("{:10.1}  the program\n", user as f64 / operations);
    for (name, count) in sorted.iter().take(SHOWN) {
        let share = 100.0 * *count as f64 / total as f64;
        println!("{:10.1}  {share:4.1}%  {name}", *count as f64 / operations);
    }
}

#[cfg(test)]
mod tests {
    use super::{operations, parse, without_hash};

    #[test]
    fn counts_are_told_by_half_of_the_address_space() {
        let (user, kernel) = parse("user 7\nffffffff80000000 5\n");
        assert_eq!((user, kernel[&0xffff_ffff_8000_0000]), (7, 5));
    }

    #[test]
    fn the_last_round_is_the_one_that_was_profiled() {
        assert_eq!(
            operations("begin a\ncost a 5 1 1\ncost a 10 1 1\nend\n"),
            Some(10.0)
        );
    }

    #[test]
    fn hashes_are_not_part_of_a_name() {
        assert_eq!(without_hash("a::b::h0123456789abcdef"), "a::b");
        assert_eq!(without_hash("a::here"), "a::here");
    }
}
