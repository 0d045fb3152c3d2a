//! Every crate outside the fence forbids unsafe code, in every library and binary it ships.
//!
//! `context`, `machine` and `green` are the fence: they say `allow` with a reason, and count what they have
//! (`unsafe_sites`); and so does `claims`, which ships nothing and whose subject is what assembly sees. A `deny` would not do for the others, because a module could lift it again.

use super::metadata::Member;
use super::{Report, source};
use anyhow::Result;
use std::fs;

/// Folders of the crates that may hold unsafe code.
const FENCE: [&str; 4] = ["context", "machine", "green", "claims"];

pub(super) fn check(crates: &[Member], report: &mut Report) -> Result<()> {
    for member in crates
        .iter()
        .filter(|member| !FENCE.contains(&member.folder.as_str()))
    {
        for root in &member.roots {
            if !forbids(&fs::read_to_string(root)?) {
                report
                    .findings
                    .push(format!("{} lacks #![forbid(unsafe_code)]", root.display()));
            }
        }
    }
    Ok(())
}

/// Whether the file says it in code, not in a comment.
fn forbids(text: &str) -> bool {
    source::code(text)
        .lines()
        .any(|line| line.trim() == "#![forbid(unsafe_code)]")
}

#[cfg(test)]
mod tests {
    use super::forbids;

    #[test]
    fn a_commented_line_does_not_count() {
        assert!(forbids("//! Docs.\n#![no_std]\n#![forbid(unsafe_code)]\n"));
        assert!(!forbids("// #![forbid(unsafe_code)]\n"));
        assert!(!forbids("/*\n#![forbid(unsafe_code)]\n*/"));
    }
}
