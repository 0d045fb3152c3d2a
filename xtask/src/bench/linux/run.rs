//! Running the program on a contestant until every row has given something.

use super::contestant::{Contestant, Linux, fingerprint};
use super::readings::{self, Reading, Readings, Run};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// A machine that says nothing for so long hangs.
const SILENCE: Duration = Duration::from_secs(60);

/// How often a machine is started in which the program does not even begin: Linux hangs now and then on a busy host
/// while it measures its clocks.
const STARTS: usize = 3;

/// The program's options.
pub(super) fn words(rounds: u32, divisor: u32) -> Vec<String> {
    ["-r", &rounds.to_string(), "-d", &divisor.to_string()]
        .map(str::to_owned)
        .to_vec()
}

/// Runs `rows`. One that ends the machine or hangs is absent, and the rest go on in a fresh machine.
pub(super) fn readings(
    contestant: &dyn Contestant,
    icount: bool,
    words: &[String],
    rows: &[String],
) -> Result<Readings> {
    let mut all = Readings::new();
    let mut left = rows;
    while !left.is_empty() {
        eprintln!(
            "xtask: {}, {} rows{}",
            contestant.name(),
            left.len(),
            if icount { "" } else { ", wall time" }
        );
        let arguments: Vec<String> = words.iter().chain(left).cloned().collect();
        let (console, run) = start(contestant, icount, &arguments)?;
        all.extend(run.readings);
        let Some(row) = run.unfinished else {
            ensure!(run.complete, "the program did not begin:\n{}", tail(&console));
            break;
        };
        eprintln!("xtask: {row} ended the machine:\n{}", tail(&console));
        let at = left.iter().position(|name| *name == row);
        left = &left[at.context("a row that was not asked for")? + 1..];
        all.insert(row, Reading::Absent("ended the machine".to_owned()));
    }
    Ok(all)
}

/// One machine in which the program has at least begun.
fn start(contestant: &dyn Contestant, icount: bool, arguments: &[String]) -> Result<(String, Run)> {
    let mut tries = 0;
    loop {
        let console = listen(&mut contestant.run(icount, arguments)?)?;
        let run = readings::read(&console, icount);
        tries += 1;
        if run.complete || run.unfinished.is_some() || tries == STARTS {
            return Ok((console, run));
        }
    }
}

/// The same by instructions, which is kept in `folder` and not run again.
pub(super) fn remembered(
    linux: &Linux<'_>,
    folder: &Path,
    words: &[String],
    rows: &[String],
) -> Result<Readings> {
    let arguments: Vec<String> = words.iter().chain(rows).cloned().collect();
    let mark = fingerprint(&folder.join("costs"), &arguments)?;
    let kept = folder.join(format!("{}-{mark}.txt", linux.name()));
    if let Ok(console) = fs::read_to_string(&kept) {
        return Ok(readings::read(&console, true).readings);
    }
    let readings = readings(linux, true, words, rows)?;
    let mut text = String::new();
    for (row, reading) in &readings {
        match reading {
            // A thousand operations, so that nothing is lost by rounding.
            Reading::Cost(cost) => text += &format!("cost {row} 1000 0 {:.0}\n", cost * 1000.0),
            Reading::Absent(why) => text += &format!("absent {row} {why}\n"),
        }
    }
    fs::write(&kept, text).with_context(|| format!("cannot write {}", kept.display()))?;
    Ok(readings)
}

/// Everything that a machine says until it ends or falls silent; then it is killed.
pub(super) fn listen(command: &mut Command) -> Result<String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .with_context(|| format!("cannot start {:?}", command.get_program()))?;
    let console = child.stdout.take().context("piped")?;
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(console).split(b'\n').map_while(Result::ok) {
            let _ = sender.send(String::from_utf8_lossy(&line).into_owned());
        }
    });
    let mut text = String::new();
    while let Ok(line) = lines.recv_timeout(SILENCE) {
        text += line.trim_end();
        text.push('\n');
    }
    // Ended already, or hanging.
    let _ = child.kill();
    child.wait()?;
    Ok(text)
}

fn tail(console: &str) -> String {
    let lines: Vec<&str> = console.lines().collect();
    lines[lines.len().saturating_sub(5)..].join("\n")
}
