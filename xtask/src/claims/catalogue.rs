//! The pages of `docs/claims/`, read.
//!
//! An entry of a page:
//!
//! ```text
//! ### memory.byte-order
//! *Statement.* In memory the least significant byte of a value comes first.
//!
//! > Shown by `memory.byte-order`. Code: [`Header::parse`](../../lib/elf/src/header.rs). Manual: SDM 1, 1.3.1.
//! ```
//!
//! The first word says what the documents have there. A question has an `**Answer.**`, a misconception a `**Rather.**`; where the
//! documents are not exact, there is a `**More exactly.**`. The line that begins with `>` has three parts: the runs (or *Shown
//! by its code*), links to the symbols that do it here, and the section of a manual.

use crate::workspace;
use anyhow::{Context, Result};
use std::fs;

/// The folder of the pages, from the root of the workspace.
pub(super) const FOLDER: &str = "docs/claims";

/// What an entry may be.
const KINDS: [&str; 9] = [
    "Statement",
    "Definition",
    "Table row",
    "Example",
    "Misconception",
    "Pitfall",
    "Question",
    "Bullet",
    "Picture",
];

/// A claim.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) name: String,
    pub(super) kind: String,
    /// The page's file name.
    pub(super) page: String,
    /// Everything between the heading and the last line.
    pub(super) text: String,
    runs: Vec<String>,
    /// Symbol and path, as the page has them.
    pub(super) code: Vec<(String, String)>,
    pub(super) manual: String,
}

impl Claim {
    /// The names of the runs that show it.
    pub(super) fn runs(&self) -> impl Iterator<Item = &str> {
        self.runs.iter().map(String::as_str)
    }
}

/// All claims, in the order of the pages, and what is wrong with the pages.
pub(super) struct Catalogue {
    pub(super) claims: Vec<Claim>,
    pub(super) findings: Vec<String>,
    /// File name and text of every page, the ones without claims too.
    pub(super) pages: Vec<(String, String)>,
}

/// Reads all pages.
pub(super) fn read() -> Result<Catalogue> {
    let folder = workspace::root().join(FOLDER);
    let mut pages = Vec::new();
    for entry in folder
        .read_dir()
        .with_context(|| format!("cannot read {FOLDER}"))?
    {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            pages.push((name, fs::read_to_string(&path)?));
        }
    }
    pages.sort_by_key(|(name, _)| (number(name), name.clone()));
    let mut catalogue = Catalogue {
        claims: Vec::new(),
        findings: Vec::new(),
        pages,
    };
    for (name, text) in catalogue.pages.iter().filter(|(name, _)| number(name) < u32::MAX) {
        for claim in parse(name, text) {
            match claim {
                Ok(claim) if catalogue.claims.iter().any(|other| other.name == claim.name) => catalogue
                    .findings
                    .push(format!("{name}: there are two claims {}", claim.name)),
                Ok(claim) => catalogue.claims.push(claim),
                Err(finding) => catalogue.findings.push(format!("{FOLDER}/{name}: {finding}")),
            }
        }
    }
    Ok(catalogue)
}

impl Catalogue {
    /// The claims whose name contains `part`.
    pub(super) fn matching<'a>(&'a self, part: &'a str) -> impl Iterator<Item = &'a Claim> {
        self.claims.iter().filter(move |claim| claim.name.contains(part))
    }

    /// The claims that the run `name` shows, and whose own name does not say so.
    pub(super) fn shown_by<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Claim> {
        self.claims
            .iter()
            .filter(move |claim| !claim.name.contains(name) && claim.runs().any(|run| run == name))
    }
}

/// The number that a page's name begins with; those without have no claims, and come last.
fn number(name: &str) -> u32 {
    let digits = name.split('-').next().unwrap_or_default();
    digits.parse().unwrap_or(u32::MAX)
}

fn parse(page: &str, text: &str) -> Vec<Result<Claim, String>> {
    let entries = text.split("\n### ").skip(1);
    entries
        .map(|entry| {
            let name = entry.lines().next().unwrap_or_default();
            claim(page, entry).map_err(|what| format!("{name}: {what}"))
        })
        .collect()
}

fn claim(page: &str, entry: &str) -> Result<Claim, String> {
    // The text of an entry ends where the page's next part begins.
    let entry = entry.split("\n## ").next().unwrap_or_default();
    let (name, body) = entry.split_once('\n').ok_or("it is empty")?;
    let (text, last) = body
        .split_once("\n> ")
        .ok_or("it has no line that begins with '> '")?;
    let last = last.split("\n\n").next().unwrap_or_default().replace("\n> ", " ");
    let last = last.trim();
    let kind = text
        .trim()
        .strip_prefix('*')
        .and_then(|rest| rest.split_once(".*"));
    let kind = kind.map(|(kind, _)| kind).ok_or("it does not say what it is")?;
    if !KINDS.contains(&kind) {
        return Err(format!("'{kind}' is none of {}", KINDS.join(", ")));
    }
    for (of, mark) in [("Question", "**Answer.**"), ("Misconception", "**Rather.**")] {
        if kind == of && !text.contains(mark) {
            return Err(format!("a {of} needs its {mark}"));
        }
    }
    let (shown, rest) = last.split_once(". Code: ").ok_or("it has no '. Code: '")?;
    let (code, manual) = rest.split_once(". Manual: ").ok_or("it has no '. Manual: '")?;
    let shown = shown.strip_prefix("Shown by ").ok_or("it has no 'Shown by '")?;
    let runs: Vec<String> = shown.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    let code: Vec<(String, String)> = code.split("[`").skip(1).filter_map(link).collect();
    if runs.is_empty() && (shown != "its code" || code.is_empty()) {
        return Err("nothing shows it".into());
    }
    if code.is_empty() && rest.contains("](") {
        return Err("its link to the code cannot be read".into());
    }
    Ok(Claim {
        name: name.trim().to_owned(),
        kind: kind.to_owned(),
        page: page.to_owned(),
        text: text.trim().to_owned(),
        runs,
        code,
        manual: manual.trim().trim_end_matches('.').to_owned(),
    })
}

/// Reads ``symbol`](path)…``.
fn link(text: &str) -> Option<(String, String)> {
    let (symbol, rest) = text.split_once("`](")?;
    let (path, _) = rest.split_once(')')?;
    Some((symbol.to_owned(), path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::parse;

    const PAGE: &str = "# Page\n\n### a.b\n*Question.* Why?\n**Answer.** So.\n\n> Shown by `x.y` and `z`. Code: \
        [`f`](../../a.rs), [`g`](b.rs). Manual: SDM 1, 2.3.\n\n## Next part\n\nWords.\n\n### a.c\n*Question.* Why?\n\n> Shown \
        by `x`. Code: none. Manual: none.\n";

    #[test]
    fn an_entry_has_its_runs_its_links_and_its_manual() {
        let claims = parse("p.md", PAGE);
        let first = claims[0].as_ref().unwrap();
        assert_eq!(first.name, "a.b");
        assert_eq!(first.runs().collect::<Vec<_>>(), ["x.y", "z"]);
        assert_eq!(first.code[1], ("g".to_owned(), "b.rs".to_owned()));
        assert_eq!(first.manual, "SDM 1, 2.3");
    }

    #[test]
    fn a_question_without_an_answer_is_found() {
        assert!(parse("p.md", PAGE)[1].as_ref().unwrap_err().contains("Answer"));
    }

    #[test]
    fn a_claim_that_nothing_shows_is_found() {
        let page = "\n### a\n*Bullet.* Words.\n\n> Shown by its code. Code: none. Manual: none.\n";
        assert!(parse("p.md", page)[0].is_err());
    }
}
