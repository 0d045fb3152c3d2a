//! How a run ended, as an exit status and words.

use crate::{
    failure::RUNNER,
    say::{printable, printable_bytes},
};
use std::{os::unix::process::ExitStatusExt, process::ExitStatus as ProcessStatus, time::Duration};
use threadbare_link::ExitStatus;

/// The status of a run that took too long, as in timeout(1).
const TIMED_OUT: u8 = 124;
/// QEMU's status when the kernel gives the exit device 0x11: it died and reported on the console.
const KERNEL_DIED: i32 = 0x11 * 2 + 1;

/// Why the command ended the machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Cause {
    /// `--timeout`.
    TimeLimit(Duration),
    /// The command got this signal.
    Signal(u8),
    /// The kernel broke a promise of the link: how.
    Link(String),
}

/// All that is known about a run when it is over.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) cause: Option<Cause>,
    /// How the program ended, if the kernel said so.
    pub(crate) status: Option<ExitStatus>,
    /// Whether the kernel ever spoke.
    pub(crate) greeted: bool,
    pub(crate) qemu: ProcessStatus,
    /// The crash console.
    pub(crate) console: Vec<u8>,
    /// What QEMU said.
    pub(crate) errors: Vec<u8>,
}

/// What the command does last.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Verdict {
    pub(crate) status: u8,
    /// Its last words, if any.
    pub(crate) words: Option<String>,
}

impl End {
    /// Judges the end. `annotate` adds symbols to a kernel's report.
    pub(crate) fn verdict(&self, annotate: impl FnOnce(&str) -> String) -> Verdict {
        let say = |status, words: String| Verdict {
            status,
            words: Some(words),
        };
        match (&self.cause, self.status) {
            (Some(Cause::TimeLimit(limit)), _) => say(
                TIMED_OUT,
                format!(
                    "the program was ended after {} s, its time limit",
                    limit.as_secs_f64()
                ),
            ),
            (Some(Cause::Signal(signal)), _) => Verdict {
                status: 128 + signal,
                words: None,
            },
            (Some(Cause::Link(what)), _) => say(
                RUNNER,
                format!("the kernel {what}; its machine was ended.{}", self.rest()),
            ),
            (None, _) if self.kernel_died() => {
                let report = printable(&String::from_utf8_lossy(&self.console).replace('\r', ""));
                say(
                    RUNNER,
                    format!(
                        "the kernel died; this is its fault, not the program's\n{}",
                        annotate(&report)
                    ),
                )
            }
            (None, Some(status)) => Verdict {
                status: status.code(),
                words: None,
            },
            (None, None) => say(RUNNER, self.silent_end()),
        }
    }

    fn kernel_died(&self) -> bool {
        self.qemu.code() == Some(KERNEL_DIED) || !self.console.is_empty() && self.status.is_none()
    }

    fn silent_end(&self) -> String {
        let what = match (self.greeted, self.qemu.code(), self.qemu.signal()) {
            (_, _, Some(signal)) => format!("QEMU was killed by signal {signal}"),
            (true, Some(0), _) => "the virtual machine was reset without a word".to_owned(),
            (false, Some(0), _) => "the virtual machine was reset before its kernel spoke".to_owned(),
            (true, ..) => "the virtual machine ended without saying how the program did".to_owned(),
            (false, ..) => "the virtual machine did not start".to_owned(),
        };
        format!("{what}.{}", self.rest())
    }

    /// What else there is to tell.
    fn rest(&self) -> String {
        let mut text = String::new();
        for (who, bytes) in [("QEMU", &self.errors), ("The console", &self.console)] {
            let words = printable_bytes(bytes.trim_ascii());
            if !words.is_empty() {
                text.push_str(&format!("\n{who} said: {words}"));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(code: i32) -> End {
        let qemu = ProcessStatus::from_raw(code << 8);
        End {
            cause: None,
            status: None,
            greeted: true,
            qemu,
            console: vec![],
            errors: vec![],
        }
    }

    fn verdict(end: &End) -> (u8, String) {
        let verdict = end.verdict(|report| format!("annotated {report}"));
        (verdict.status, verdict.words.unwrap_or_default())
    }

    #[test]
    fn the_programs_status_is_the_commands_and_nothing_is_said() {
        let ended = |status| End {
            status: Some(status),
            ..end(33)
        };
        assert_eq!(verdict(&ended(ExitStatus::Exited(42))), (42, String::new()));
        assert_eq!(verdict(&ended(ExitStatus::Signaled(11))), (139, String::new()));
    }

    #[test]
    fn a_time_limit_is_told_and_a_signal_is_not() {
        let limited = End {
            cause: Some(Cause::TimeLimit(Duration::from_millis(1500))),
            ..end(0)
        };
        assert_eq!(
            verdict(&limited),
            (124, "the program was ended after 1.5 s, its time limit".into())
        );
        let interrupted = End {
            cause: Some(Cause::Signal(2)),
            ..end(0)
        };
        assert_eq!(verdict(&interrupted), (130, String::new()));
    }

    #[test]
    fn a_dead_kernel_is_reported_even_after_the_programs_end() {
        for status in [None, Some(ExitStatus::Exited(0))] {
            let dead = End {
                status,
                console: b"panic\r\n".to_vec(),
                ..end(35)
            };
            let (status, words) = verdict(&dead);
            assert_eq!(status, 125);
            assert!(
                words.contains("the kernel died") && words.ends_with("annotated panic\n"),
                "{words}"
            );
        }
    }

    #[test]
    fn an_end_without_a_word_is_told_with_what_qemu_said() {
        let refused = End {
            greeted: false,
            errors: b"qemu: cannot\n".to_vec(),
            ..end(1)
        };
        let (status, words) = verdict(&refused);
        assert_eq!(status, 125);
        assert_eq!(
            words,
            "the virtual machine did not start.\nQEMU said: qemu: cannot"
        );
        assert!(verdict(&end(0)).1.contains("reset without a word"));
        let killed = End {
            qemu: ProcessStatus::from_raw(9),
            ..end(0)
        };
        assert!(verdict(&killed).1.contains("killed by signal 9"));
    }

    #[test]
    fn a_broken_promise_is_told() {
        let broken = End {
            cause: Some(Cause::Link("said hello twice".into())),
            ..end(0)
        };
        assert_eq!(
            verdict(&broken),
            (125, "the kernel said hello twice; its machine was ended.".into())
        );
    }
}
