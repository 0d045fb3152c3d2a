//! Links of the pages that must hold: code with its symbol, pictures, other pages.

use super::catalogue::{Catalogue, FOLDER};
use crate::workspace;
use anyhow::Result;
use std::fs;

pub(super) fn check(catalogue: &Catalogue) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for (page, text) in &catalogue.pages {
        for (label, target) in links(text) {
            if let Some(what) = broken(label, target)? {
                findings.push(format!("{FOLDER}/{page}: {what}"));
            }
        }
    }
    Ok(findings)
}

/// Every `[label](target)` of a page.
fn links(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.match_indices("](").filter_map(|(at, _)| {
        let start = text[..at].rfind('[')?;
        let end = text[at + 2..].find(')')?;
        Some((&text[start + 1..at], &text[at + 2..at + 2 + end]))
    })
}

/// What is wrong with a link to a file: it is not there, or it lacks the symbol that the label has between backticks (unless that
/// is a file's name).
fn broken(label: &str, target: &str) -> Result<Option<String>> {
    let (file, _) = target.split_once('#').unwrap_or((target, ""));
    if target.contains("://") || file.is_empty() {
        return Ok(None);
    }
    let path = workspace::root().join(FOLDER).join(file);
    if !path.exists() {
        return Ok(Some(format!("the link to {target} leads nowhere")));
    }
    let Some(symbol) = label.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) else {
        return Ok(None);
    };
    let names_a_file = symbol.contains(['.', '/']);
    if !names_a_file && !has(&fs::read_to_string(&path)?, symbol) {
        return Ok(Some(format!("{target} has no {symbol}")));
    }
    Ok(None)
}

/// Whether the last part of `symbol` (`Type::method` counts as `method`, beside `Type`) stands in the text as words.
fn has(text: &str, symbol: &str) -> bool {
    let word = |wanted: &str| {
        text.match_indices(wanted).any(|(at, _)| {
            let inside = |c: char| c.is_alphanumeric() || c == '_';
            !text[..at].ends_with(inside) && !text[at + wanted.len()..].starts_with(inside)
        })
    };
    symbol.split("::").all(word)
}

#[cfg(test)]
mod tests {
    use super::{has, links};

    #[test]
    fn a_symbol_is_found_as_a_word_only() {
        assert!(has("fn push_frame() {}", "push_frame"));
        assert!(!has("fn push_frames() {}", "push_frame"));
        assert!(has("impl Tss { fn load() {} }", "Tss::load"));
        assert!(!has("fn load() {}", "Tss::load"));
        assert!(has("interrupt_handler! { X }", "interrupt_handler!"));
    }

    #[test]
    fn links_have_a_label_and_a_target() {
        let found: Vec<_> = links("See [`a`](b.rs) and ![c](d.svg).").collect();
        assert_eq!(found, [("`a`", "b.rs"), ("c", "d.svg")]);
    }
}
