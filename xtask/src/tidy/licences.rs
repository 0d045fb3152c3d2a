//! Every dependency comes from crates.io and under a licence that `deny.toml` allows.
//!
//! `cargo deny` checks the same and more from the same file; this check needs nothing that is not here already.

use super::Report;
use super::metadata::{self, Metadata};
use crate::workspace;
use anyhow::{Context, Result};
use std::fs;

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub(super) fn check(metadata: &Metadata, report: &mut Report) -> Result<()> {
    let rules = fs::read_to_string(workspace::root().join("deny.toml")).context("cannot read deny.toml")?;
    let allowed = allowed(&rules);
    for package in metadata.packages() {
        let (name, licence) = (
            metadata::text(package, "name"),
            metadata::text(package, "license"),
        );
        if !permits(licence, &allowed) {
            report.findings.push(format!(
                "{name} has the licence '{licence}', which deny.toml does not allow"
            ));
        }
        let source = &package["source"];
        if !source.is_null() && source != CRATES_IO {
            report
                .findings
                .push(format!("{name} does not come from crates.io but from {source}"));
        }
    }
    Ok(())
}

/// The quoted words of the array `allow` in `[licenses]`.
fn allowed(rules: &str) -> Vec<String> {
    let array = rules
        .split_once("[licenses]")
        .and_then(|(_, rest)| rest.split_once("allow = ["));
    let array = array
        .and_then(|(_, rest)| rest.split_once(']'))
        .map_or("", |(array, _)| array);
    array.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Whether the SPDX expression can be satisfied by allowed licences alone. `/` is the old spelling of OR.
fn permits(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    either(&mut words, allowed) && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn either(words: &mut Words<'_>, allowed: &[String]) -> bool {
    let mut result = both(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        result |= both(words, allowed);
    }
    result
}

fn both(words: &mut Words<'_>, allowed: &[String]) -> bool {
    let mut result = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        result &= one(words, allowed);
    }
    result
}

fn one(words: &mut Words<'_>, allowed: &[String]) -> bool {
    if words.next_if_eq(&"(").is_some() {
        let result = either(words, allowed);
        return words.next() == Some(")") && result;
    }
    let mut licence = words.next().unwrap_or_default().to_owned();
    if words.next_if_eq(&"WITH").is_some() {
        licence = format!("{licence} WITH {}", words.next().unwrap_or_default());
    }
    allowed.contains(&licence)
}

#[cfg(test)]
mod tests {
    use super::{allowed, permits};

    #[test]
    fn an_expression_needs_one_side_of_or_and_both_sides_of_and() {
        let allowed = ["MIT", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
        for good in [
            "MIT",
            "GPL-3.0 OR MIT",
            "MIT/Unlicense",
            "(MIT OR GPL-3.0) AND MIT",
        ] {
            assert!(permits(good, &allowed), "{good}");
        }
        for bad in [
            "",
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "Apache-2.0 OR GPL-3.0",
            "(MIT",
            "MIT)",
        ] {
            assert!(!permits(bad, &allowed), "{bad}");
        }
        assert!(permits("Apache-2.0 WITH LLVM-exception OR Apache-2.0", &allowed));
    }

    #[test]
    fn reads_the_allowed_licences_of_deny_toml() {
        let rules = "[graph]\nallow = [\"no\"]\n[licenses]\nallow = [\n \"MIT\",\n \"ISC\",\n]\n[bans]\n";
        assert_eq!(allowed(rules), ["MIT", "ISC"]);
    }
}
