//! The lines of the test image: what it lists, and what it reports.

/// A test that the image has.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Test {
    pub(crate) name: String,
    /// It must kill the kernel.
    pub(crate) dies: bool,
    /// What the report of its death must contain.
    pub(crate) texts: Vec<String>,
}

impl Test {
    /// Whether it must reset the machine: nothing is left then that could report.
    pub(crate) fn resets(&self) -> bool {
        self.name.ends_with("_triple_fault")
    }
}

/// Reads `test NAME` and `test NAME dies "text" …`; other lines are not about tests.
pub(super) fn parse(line: &str) -> Option<Test> {
    let rest = line.strip_prefix("test ")?;
    let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let name = name.to_owned();
    match rest.strip_prefix("dies") {
        Some(texts) => {
            let texts = texts.split('"').skip(1).step_by(2).map(str::to_owned).collect();
            Some(Test {
                name,
                dies: true,
                texts,
            })
        }
        None if rest.is_empty() => Some(Test {
            name,
            dies: false,
            texts: Vec::new(),
        }),
        None => None,
    }
}

/// Reads `test NAME ... ok` and `test NAME ... FAILED`, with or without a reason behind.
pub(super) fn result(line: &str) -> Option<(String, bool)> {
    let (name, verdict) = line.strip_prefix("test ")?.split_once(" ... ")?;
    if verdict == "ok" {
        return Some((name.to_owned(), true));
    }
    verdict.starts_with("FAILED").then(|| (name.to_owned(), false))
}

/// Whether a line is one by which a test shows what it saw: `cargo xtask claims` prints those.
pub(super) fn is_shown(line: &str) -> bool {
    let words = ["seen", "picture", "point", "column", "row", "end"];
    words.contains(&line.split(' ').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{Test, is_shown, parse, result};

    #[test]
    fn a_listed_test_may_die_with_texts() {
        let living = Test {
            name: "trap::nested".into(),
            dies: false,
            texts: vec![],
        };
        assert_eq!(parse("test trap::nested"), Some(living));
        let texts = vec!["double fault".to_owned(), "stack overflow".to_owned()];
        let dying = Test {
            name: "overflow".into(),
            dies: true,
            texts,
        };
        assert_eq!(
            parse("test overflow dies \"double fault\" \"stack overflow\""),
            Some(dying)
        );
        assert!(parse("test bare_triple_fault dies").is_some_and(|test| test.dies && test.resets()));
        assert_eq!(parse("booted in 3 ms"), None);
    }

    #[test]
    fn a_result_is_ok_or_failed_and_nothing_else() {
        assert_eq!(result("test a ... ok"), Some(("a".to_owned(), true)));
        assert_eq!(
            result("test a ... FAILED: left 1, right 2"),
            Some(("a".to_owned(), false))
        );
        assert_eq!(result("test a ... "), None);
    }

    #[test]
    fn what_a_test_shows_is_told_from_what_it_reports() {
        assert!(is_shown("seen error code = 0x2") && is_shown("end"));
        assert!(!is_shown("test seen ... ok") && !is_shown("ended") && !is_shown(""));
    }
}
