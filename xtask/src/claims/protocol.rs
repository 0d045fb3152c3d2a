//! What a run prints, line by line; `claims/src/show.rs` and `machine/src/tests/` say it the same way.

use super::picture::Picture;

/// What a run showed.
#[derive(Debug, Default)]
pub(super) struct Showing {
    /// Each value: what it is, and how it was printed.
    pub(super) seen: Vec<(String, String)>,
    pub(super) pictures: Vec<Picture>,
    /// Why the run failed; none while it has not said anything.
    verdict: Option<Result<(), String>>,
    drawing: bool,
}

impl Showing {
    /// Takes the next line of a run's output. Lines that mean nothing here are passed over.
    pub(super) fn line(&mut self, line: &str) {
        if let Some((what, value)) = line.strip_prefix("seen ").and_then(|rest| rest.split_once(" = ")) {
            self.seen.push((what.to_owned(), value.to_owned()));
        } else if let Some((name, title)) = line.strip_prefix("picture ").and_then(pair) {
            self.pictures.push(Picture::new(name, title));
            self.drawing = true;
        } else if let Some(verdict) = line
            .strip_prefix("test claims::")
            .and_then(|rest| rest.split_once(" ... "))
        {
            self.judge(match verdict.1 {
                "ok" => Ok(()),
                failed => Err(failed.to_owned()),
            });
        } else if line == "end" {
            self.drawing = false;
        } else if let Some(picture) = self.pictures.last_mut().filter(|_| self.drawing) {
            picture.line(line);
        }
    }

    /// Says how the run ended, unless it has failed already.
    pub(super) fn judge(&mut self, verdict: Result<(), String>) {
        if !matches!(self.verdict, Some(Err(_))) {
            self.verdict = Some(verdict);
        }
    }

    pub(super) fn passed(&self) -> bool {
        self.verdict == Some(Ok(()))
    }

    /// Why it did not pass.
    pub(super) fn reason(&self) -> &str {
        match &self.verdict {
            Some(Ok(())) => "",
            Some(Err(reason)) => reason,
            None => "it ended without a verdict",
        }
    }
}

/// `a | b`.
pub(super) fn pair(text: &str) -> Option<(&str, &str)> {
    text.split_once(" | ")
}

/// `0x12ab`.
pub(super) fn number(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::Showing;

    fn showing(lines: &str) -> Showing {
        let mut showing = Showing::default();
        lines.lines().for_each(|line| showing.line(line));
        showing
    }

    #[test]
    fn a_run_passes_only_if_it_says_so_itself() {
        assert!(showing("seen a = 1\ntest claims::x ... ok").passed());
        assert!(!showing("seen a = 1").passed());
        assert!(!showing("test claims::x ... FAILED: why").passed());
        assert!(!showing("test claims::x ... FAILED: why\ntest claims::x ... ok").passed());
        assert_eq!(showing("test claims::x ... FAILED: why").reason(), "FAILED: why");
    }

    #[test]
    fn values_keep_what_they_were_printed_as() {
        let seen = showing("seen the sum a = b = 0x2").seen;
        assert_eq!(seen, [("the sum a".to_owned(), "b = 0x2".to_owned())]);
    }
}
