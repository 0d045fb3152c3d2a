//! The claims of `docs/claims/`: read from its pages, shown by runs, drawn from what the runs saw.
//!
//! A *claim* is an entry of a page: a sentence about the machine, with what shows it, where in this repository it is at work, and
//! where the manual says it. The pages are the only list of claims. A *run* is a program that shows some of them: in ring 3 of
//! the CPU at hand (the crate `claims`), or in ring 0 inside a VM (tests of the kernel's test image named `claims::…`). Both
//! speak the same lines ([`protocol`]).
//!
//! Invariants:
//! 1. Every claim names a run that exists, or a symbol of this repository; every run is named by a claim.
//! 2. A claim passes if all its runs do. What is printed is what the runs printed, not what the page says.
//! 3. A picture in `docs/claims/pictures/` is what a run would draw, byte for byte: addresses are relative there.

mod catalogue;
mod home;
mod links;
mod mutations;
mod picture;
mod protocol;
mod table;

use crate::commands::build;
use crate::tally::Tally;
use anyhow::{Result, bail};
use catalogue::{Catalogue, Claim};
use home::{Homes, Run};
use protocol::Showing;
use std::collections::{BTreeMap, BTreeSet};

/// Everything: all claims, all pictures, all mutations, and the runs of ring 3 inside this project's kernel.
pub(crate) fn all(filter: Option<&str>) -> Result<Tally> {
    let catalogue = catalogue::read()?;
    let homes = Homes::open()?;
    let mut tally = agreement(&catalogue, &homes);
    let chosen: Vec<&Claim> = catalogue.matching(filter.unwrap_or("")).collect();
    let showings = show(&homes, &chosen)?;
    tally += table::print(&chosen, &showings);
    let pictures = showings.values().flat_map(|showing| &showing.pictures);
    tally += picture::compare(pictures, filter.is_none())?;
    tally += mutations::apply(&homes, filter)?;
    if filter.is_none() {
        tally += table::inside(&homes.inside(&build::command()?)?);
    }
    Ok(tally)
}

/// The claims whose name contains `name`, and the runs so named, with every value that was seen.
pub(crate) fn some(name: &str) -> Result<Tally> {
    let catalogue = catalogue::read()?;
    let homes = Homes::open()?;
    let chosen: Vec<&Claim> = catalogue.matching(name).chain(catalogue.shown_by(name)).collect();
    if chosen.is_empty() {
        bail!("no claim and no run has '{name}' in its name; `cargo xtask claims --list` lists them");
    }
    let showings = show(&homes, &chosen)?;
    table::tell(&chosen, &showings);
    Ok(table::print(&chosen, &showings))
}

/// Prints the names of all claims.
pub(crate) fn list() -> Result<()> {
    table::list(&catalogue::read()?);
    Ok(())
}

/// Draws every picture anew into `docs/claims/pictures/`.
pub(crate) fn draw() -> Result<Tally> {
    let catalogue = catalogue::read()?;
    let chosen: Vec<&Claim> = catalogue.matching("").collect();
    let showings = show(&Homes::open()?, &chosen)?;
    picture::write(showings.values().flat_map(|showing| &showing.pictures))?;
    let failed = showings.values().filter(|showing| !showing.passed()).count();
    Ok(Tally {
        passed: showings.len() - failed,
        failed,
    })
}

/// What can be checked without a run: the pages can be read, and their links hold.
pub(crate) fn check() -> Result<Vec<String>> {
    let catalogue = catalogue::read()?;
    let mut findings = catalogue.findings.clone();
    findings.extend(links::check(&catalogue)?);
    Ok(findings)
}

/// Invariant 1, as far as it concerns runs.
fn agreement(catalogue: &Catalogue, homes: &Homes) -> Tally {
    let named: BTreeSet<&str> = catalogue.claims.iter().flat_map(Claim::runs).collect();
    let mut tally = Tally::of(true);
    for run in named.iter().filter(|run| homes.find(run).is_none()) {
        println!("claims: a page names the run {run}, which does not exist");
        tally += Tally::of(false);
    }
    for run in homes.runs().filter(|run| !named.contains(run.name.as_str())) {
        println!("claims: the run {} is named by no page", run.name);
        tally += Tally::of(false);
    }
    tally
}

/// Does the runs of the chosen claims, each once.
fn show(homes: &Homes, claims: &[&Claim]) -> Result<BTreeMap<String, Showing>> {
    let names: BTreeSet<&str> = claims.iter().flat_map(|claim| claim.runs()).collect();
    let runs: Vec<&Run> = names.iter().filter_map(|name| homes.find(name)).collect();
    homes.all(&runs)
}
