//! `docs/claims/mutations.md`: mechanisms that are broken on purpose, and the run that must notice.

use super::catalogue::FOLDER;
use super::home::Homes;
use crate::tally::Tally;
use crate::workspace;
use anyhow::{Context, Result};
use std::fs;

/// Applies every mutation whose name or run contains `filter`: its run must fail with it, and pass without.
pub(super) fn apply(homes: &Homes, filter: Option<&str>) -> Result<Tally> {
    let path = workspace::root().join(FOLDER).join("mutations.md");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut tally = Tally::default();
    println!("\nmutations: each run must fail with its mechanism broken");
    for (mutation, run) in rows(&text) {
        if !filter.is_none_or(|part| mutation.contains(part) || run.contains(part)) {
            continue;
        }
        let noticed = noticed(homes, &mutation, &run)?;
        tally += Tally::of(noticed.is_ok());
        match noticed {
            Ok(reason) => println!("  ok     {mutation:<32} {run}: {reason}"),
            Err(what) => println!("  FAILED {mutation:<32} {run}: {what}"),
        }
    }
    println!("\nmutations: {} noticed; {} not", tally.passed, tally.failed);
    Ok(tally)
}

/// How the run fails with the mechanism broken; an error says why that does not count.
fn noticed(homes: &Homes, mutation: &str, run: &str) -> Result<Result<String, String>> {
    let Some(run) = homes.find(run) else {
        return Ok(Err("there is no such run".into()));
    };
    if !homes.one(run, None)?.passed() {
        return Ok(Err("it fails also with nothing broken".into()));
    }
    let broken = homes.one(run, Some(mutation))?;
    if broken.passed() {
        return Ok(Err(format!("it passes all the same ({})", run.place())));
    }
    Ok(Ok(in_a_line(broken.reason())))
}

/// Why a run failed: a machine's last words if there are any, else that it reset, else the first line.
fn in_a_line(reason: &str) -> String {
    let mut lines = reason
        .lines()
        .skip_while(|line| !line.contains("the kernel died: "));
    if let Some(words) = lines.next() {
        let more = lines.take_while(|line| !line.starts_with("  in: ") && !line.starts_with("  on: "));
        let words = words.trim_start_matches("threadbare: ");
        return more.fold(words.to_owned(), |all, line| all + "; " + line.trim());
    }
    if reason.contains("the machine ended with Reset") {
        return "the machine reset".to_owned();
    }
    reason.lines().next().unwrap_or_default().to_owned()
}

/// Mutation and run of each row of the table: its first and its last cell.
fn rows(text: &str) -> Vec<(String, String)> {
    let cell = |text: &str| text.trim().trim_matches('`').to_owned();
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    rows.filter_map(|line| {
        let mut cells = line.trim_matches('|').split('|');
        Some((cell(cells.next()?), cell(cells.next_back()?)))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::{in_a_line, rows};

    #[test]
    fn the_first_cell_names_the_mutation_and_the_last_the_run() {
        let table = "| mutation | what | run |\n|---|---|---|\n| `no-ist` | nothing | `rings.ist` |\n";
        assert_eq!(rows(table), [("no-ist".to_owned(), "rings.ist".to_owned())]);
    }

    #[test]
    fn a_machine_s_last_words_say_why_it_failed() {
        let report = "it should have ended with X\nseen a = 1\n\nthreadbare: the kernel died: panic: no\n  left: 1\n  in: x.rs";
        assert_eq!(in_a_line(report), "the kernel died: panic: no; left: 1");
        assert_eq!(
            in_a_line("it should have ended with X\nthe machine ended with Reset\n"),
            "the machine reset"
        );
        assert_eq!(in_a_line("FAILED: because\nmore"), "FAILED: because");
    }
}
