//! Unsafe code is counted per crate and printed, so that growth is seen. Only what is shipped counts: `src/`.

use super::metadata::Member;
use super::{Report, source};
use anyhow::Result;

pub(super) fn count(crates: &[Member], report: &mut Report) -> Result<()> {
    for member in crates {
        let mut files = source::files(member)?;
        files.retain(|(path, _)| path.contains("/src/"));
        let sites: usize = files.iter().map(|(_, text)| sites(text)).sum();
        if sites > 0 {
            let lines: usize = files.iter().map(|(_, text)| text.lines().count()).sum();
            report
                .notes
                .push(format!("{}: {sites} unsafe sites in {lines} lines", member.name));
        }
    }
    Ok(())
}

/// The word `unsafe` in code: blocks, functions, traits, implementations and attributes alike.
fn sites(text: &str) -> usize {
    let code = source::code(text);
    code.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| *word == "unsafe")
        .count()
}

#[cfg(test)]
mod tests {
    use super::sites;

    #[test]
    fn counts_words_of_code_only() {
        let text = "// unsafe\n#[unsafe(naked)] unsafe fn f() { unsafe { g(\"unsafe\") } /* unsafe */ }\nlet unsafe_code = 1;";
        assert_eq!(sites(text), 3);
    }
}
