//! The source files of a crate, and their code without comments and strings.

use super::metadata::Member;
use crate::workspace;
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

/// Every Rust file of a crate with its path from the root of the workspace, sorted. A crate within the folder of
/// another (it has a Cargo.toml of its own) is not part of it.
pub(super) fn files(member: &Member) -> Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    walk(&workspace::root().join(&member.folder), &mut files)?;
    files.sort();
    Ok(files)
}

fn walk(folder: &Path, files: &mut Vec<(String, String)>) -> Result<()> {
    let entries = folder
        .read_dir()
        .with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() && !path.join("Cargo.toml").exists() {
            walk(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path
                .strip_prefix(workspace::root())
                .unwrap_or(&path)
                .display()
                .to_string();
            files.push((name, fs::read_to_string(&path)?));
        }
    }
    Ok(())
}

/// `text` with comments removed and strings and character literals emptied; lines stay where they are.
pub(super) fn code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = skipped(rest, code.chars().last());
        if skipped == 0 {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            code.extend(rest[..skipped].chars().filter(|c| *c == '\n'));
            rest = &rest[skipped..];
        }
    }
    code
}

/// The length of the comment or literal at the start of `rest`; 0 where code stands there.
fn skipped(rest: &str, previous: Option<char>) -> usize {
    let in_word = previous.is_some_and(|c| c.is_alphanumeric() || c == '_');
    match rest.as_bytes() {
        [b'/', b'/', ..] => rest.find('\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => block_comment(rest),
        [b'"', ..] => string(rest),
        [b'r', b'"' | b'#', ..] if !in_word => raw_string(rest),
        [b'\'', ..] => character(rest),
        _ => 0,
    }
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match &rest.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn string(rest: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn raw_string(rest: &str) -> usize {
    let hashes = rest[1..].bytes().take_while(|byte| *byte == b'#').count();
    let start = 1 + hashes;
    if rest.as_bytes().get(start) != Some(&b'"') {
        return 0; // a raw identifier, r#type
    }
    let end = format!("\"{}", "#".repeat(hashes));
    rest[start + 1..]
        .find(&end)
        .map_or(rest.len(), |at| start + 1 + at + end.len())
}

/// A character literal; 0 for a lifetime.
fn character(rest: &str) -> usize {
    if rest.as_bytes().get(1) == Some(&b'\\') {
        return rest[3..].find('\'').map_or(rest.len(), |at| at + 4);
    }
    let mut chars = rest.char_indices().skip(2);
    match chars.next() {
        Some((at, '\'')) => at + 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn comments_go_and_lines_stay() {
        assert_eq!(code("a // b\nc /* d\n /* e */ */ f"), "a \nc \n f");
    }

    #[test]
    fn literals_of_every_kind_are_emptied() {
        assert_eq!(code(r#"f("a\"//b", 'c', '\'', b"x")"#), "f(, , , b)");
        assert_eq!(code("g(r#\"/* \" */\"#) 'a: loop"), "g() 'a: loop");
        assert_eq!(code("r#type"), "r#type");
    }
}
