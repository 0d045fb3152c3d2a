//! What came of a command.

use std::fmt::Write;
use std::io::{self, Write as _};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::thread;

/// What a command printed, and how it ended.
#[derive(Clone, PartialEq, Eq)]
pub struct Outcome {
    /// As a shell says it: 128 + N for a program that signal N killed.
    pub status: i32,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

impl Outcome {
    /// Runs `command` with `input` on a pipe. A command that does not read all of it is no error.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn of(command: &mut Command, input: &[u8]) -> Self {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        Self::of_child(child, input)
    }

    /// Waits for a command that is running, with its three streams on pipes.
    ///
    /// # Panics
    /// When a pipe fails in another way than by being closed.
    #[must_use]
    pub fn of_child(mut child: Child, input: &[u8]) -> Self {
        let mut stdin = child.stdin.take();
        let output = thread::scope(|scope| {
            scope.spawn(move || {
                let written = stdin.as_mut().map_or(Ok(()), |pipe| pipe.write_all(input));
                assert!(
                    !written.is_err_and(|error| error.kind() != io::ErrorKind::BrokenPipe),
                    "cannot write the input"
                );
            });
            child.wait_with_output().expect("the pipes can be read")
        });
        let status = output
            .status
            .code()
            .or(output.status.signal().map(|signal| 128 + signal));
        Self {
            status: status.expect("it ended"),
            stdout: output.stdout,
            stderr: output.stderr,
        }
    }

    /// Standard error as text.
    #[must_use]
    pub fn report(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// Says where two outcomes differ, if they do.
    #[must_use]
    pub fn difference(&self, linux: &Self) -> Option<String> {
        let mut text = String::new();
        if self.status != linux.status {
            let _ = writeln!(text, "status: {} inside, {} on Linux", self.status, linux.status);
        }
        for (name, inside, outside) in [
            ("stdout", &self.stdout, &linux.stdout),
            ("stderr", &self.stderr, &linux.stderr),
        ] {
            if let Some(at) = first_difference(inside, outside) {
                let _ = writeln!(
                    text,
                    "{name} differs at byte {at} ({} inside, {} on Linux)",
                    inside.len(),
                    outside.len()
                );
                let _ = writeln!(
                    text,
                    "  inside:   {}\n  on Linux: {}",
                    around(inside, at),
                    around(outside, at)
                );
            }
        }
        if !text.is_empty() && first_difference(&self.stderr, &linux.stderr).is_some() {
            let _ = writeln!(text, "stderr inside:\n{}", self.report());
        }
        (!text.is_empty()).then_some(text)
    }
}

fn first_difference(a: &[u8], b: &[u8]) -> Option<usize> {
    let common = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    (common < a.len().max(b.len())).then_some(common)
}

fn around(bytes: &[u8], at: usize) -> String {
    let range = at.saturating_sub(60).min(bytes.len())..(at + 60).min(bytes.len());
    format!("{:?}", String::from_utf8_lossy(&bytes[range]))
}
