//! What the terminal shows: the list, the table of results, and one claim with its values.

use super::catalogue::{Catalogue, Claim};
use super::protocol::Showing;
use crate::tally::Tally;
use std::collections::BTreeMap;

type Showings = BTreeMap<String, Showing>;

/// The names of all claims, by page.
pub(super) fn list(catalogue: &Catalogue) {
    let mut page = "";
    for claim in &catalogue.claims {
        if claim.page != page {
            page = &claim.page;
            println!("\n{page}");
        }
        let runs: Vec<&str> = claim.runs().collect();
        println!("  {:<44} {:<14} {}", claim.name, claim.kind, runs.join(", "));
    }
    println!("\n{} claims", catalogue.claims.len());
}

/// A line for each claim: its verdict, and what was seen first.
pub(super) fn print(claims: &[&Claim], showings: &Showings) -> Tally {
    let mut tally = Tally::default();
    let mut page = "";
    for claim in claims {
        if claim.page != page {
            page = &claim.page;
            println!("\n{page}");
        }
        let failed: Vec<String> = claim.runs().filter_map(|run| failure(run, showings)).collect();
        tally += Tally::of(failed.is_empty());
        let verdict = if failed.is_empty() { "ok" } else { "FAILED" };
        println!("  {verdict:<6} {:<44} {}", claim.name, summary(claim, showings));
        for reason in failed {
            println!("         {reason}");
        }
    }
    let verdict = if tally.failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\nclaims: {verdict}. {} passed; {} failed",
        tally.passed, tally.failed
    );
    tally
}

/// The runs of ring 3 inside `threadbare run`: they show the same there.
pub(super) fn inside(showings: &Showings) -> Tally {
    let mut tally = Tally::default();
    for (run, showing) in showings {
        tally += Tally::of(showing.passed());
        if !showing.passed() {
            println!("  FAILED {run} inside `threadbare run`: {}", showing.reason());
        }
    }
    println!(
        "\nin ring 3 of this project's kernel: {} runs as outside; {} not",
        tally.passed, tally.failed
    );
    tally
}

fn failure(run: &str, showings: &Showings) -> Option<String> {
    match showings.get(run) {
        None => Some(format!("{run}: there is no such run")),
        Some(showing) if showing.passed() => None,
        Some(showing) => Some(format!("{run}: {}", showing.reason())),
    }
}

/// The runs, and the first value that they saw; all of them are shown by the claim's name.
fn summary(claim: &Claim, showings: &Showings) -> String {
    let runs: Vec<&str> = claim.runs().collect();
    let first = runs.first().and_then(|run| showings.get(*run)?.seen.first());
    match first {
        Some((what, value)) => format!("{}: {what} = {value}", runs.join(", ")),
        None if runs.is_empty() => format!(
            "by its code: {}",
            claim.code.first().map_or("", |(symbol, _)| symbol)
        ),
        None => runs.join(", "),
    }
}

/// Each claim with its page's text, and each run with everything that it saw.
pub(super) fn tell(claims: &[&Claim], showings: &Showings) {
    for claim in claims {
        println!("\n=== {} ({})\n\n{}\n", claim.name, claim.page, claim.text);
        for (symbol, path) in &claim.code {
            println!("    code    {symbol}: {}", path.trim_start_matches("../"));
        }
        println!("    manual  {}", claim.manual);
    }
    for (run, showing) in showings {
        println!("\n--- run {run}");
        let width = showing
            .seen
            .iter()
            .map(|(what, _)| what.chars().count())
            .max()
            .unwrap_or(0);
        for (what, value) in &showing.seen {
            println!("    {what:<width$}  {value}");
        }
        for picture in &showing.pictures {
            println!("\n{}", picture.text());
        }
    }
}
