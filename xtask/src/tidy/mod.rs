//! The project's own rules, checked: what STYLE and ARCHITECTURE promise and the compiler cannot see.
//!
//! Each rule is one file here. A rule gets the crates of the workspace and adds what it finds to a [`Report`]:
//! a *finding* fails the run, a *note* is printed and fails nothing.

mod forbid;
mod layers;
mod length;
mod licences;
mod metadata;
mod source;
mod unsafe_sites;

use crate::{claims, workspace};
use anyhow::Result;

/// What the rules found.
#[derive(Default)]
struct Report {
    findings: Vec<String>,
    notes: Vec<String>,
}

/// Checks every rule and prints what was found; returns how many findings there are.
pub(crate) fn check() -> Result<usize> {
    let metadata = metadata::read()?;
    let crates = metadata.members();
    let mut report = Report::default();
    forbid::check(&crates, &mut report)?;
    layers::check(&crates, &mut report);
    licences::check(&metadata, &mut report)?;
    length::check(&crates, &mut report)?;
    unsafe_sites::count(&crates, &mut report)?;
    report.findings.extend(claims::check()?);
    if !workspace::root().join("machine/SOUNDNESS.md").is_file() {
        report
            .findings
            .push("machine/SOUNDNESS.md is missing: it says why each export of machine is sound".into());
    }
    for note in &report.notes {
        println!("note: {note}");
    }
    for finding in &report.findings {
        println!("tidy: {finding}");
    }
    println!(
        "tidy: {} crates, {} findings",
        crates.len(),
        report.findings.len()
    );
    Ok(report.findings.len())
}
