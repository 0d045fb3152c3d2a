//! One virtual machine: a kernel image, a command line, and what came of it.

use super::qemu::Qemu;
use anyhow::{Context, Result};
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// The machine that QEMU plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Model {
    /// QEMU's machine without firmware: the one that `threadbare run` uses.
    Microvm,
    /// A PC with PCI and firmware.
    Q35,
}

/// How a machine ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The kernel wrote a value to the exit device.
    Value(u32),
    /// The machine reset or was turned off: with `-no-reboot`, a triple fault.
    Reset,
    /// It printed nothing for too long, and was killed.
    Silence,
    /// QEMU itself failed, with this status.
    Failed(Option<i32>),
}

/// What one run of a machine gave.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) end: End,
    /// Everything that the kernel printed on COM1.
    pub(crate) console: String,
    /// What QEMU itself said.
    pub(crate) complaints: String,
}

/// Runs `image` with `command_line` and hands each line of COM1 to `each_line` as it comes. A machine that prints nothing for as long as
/// `patience` is killed.
///
/// # Errors
/// When QEMU cannot be started.
pub(crate) fn run(
    image: &Path,
    model: Model,
    command_line: &str,
    patience: Duration,
    mut each_line: impl FnMut(&str),
) -> Result<Outcome> {
    let mut child = command(image, model, command_line)
        .spawn()
        .context("cannot start qemu-system-x86_64")?;
    let (console, lines) = (child.stdout.take().context("piped")?, mpsc::channel());
    thread::spawn(move || read_lines(console, &lines.0));
    let mut text = String::new();
    let timed_out = loop {
        match lines.1.recv_timeout(patience) {
            Ok(line) => {
                each_line(&line);
                text.push_str(&line);
                text.push('\n');
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => break false,
            Err(mpsc::RecvTimeoutError::Timeout) => break true,
        }
    };
    if timed_out {
        child.kill().context("cannot kill qemu-system-x86_64")?;
    }
    finish(child, text, timed_out)
}

fn finish(mut child: Child, console: String, timed_out: bool) -> Result<Outcome> {
    let status = child.wait()?;
    let mut complaints = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        stderr.read_to_string(&mut complaints)?;
    }
    let end = if timed_out {
        End::Silence
    } else {
        End::of(status.code(), &complaints)
    };
    Ok(Outcome {
        end,
        console,
        complaints,
    })
}

impl End {
    /// The exit device turns value v into status 2v + 1. Status 1 is also how QEMU refuses to start.
    fn of(code: Option<i32>, complaints: &str) -> End {
        match code.map(u32::try_from) {
            Some(Ok(0)) => End::Reset,
            Some(Ok(code)) if code % 2 == 1 && (code > 1 || complaints.is_empty()) => End::Value(code / 2),
            _ => End::Failed(code),
        }
    }
}

/// Lines of a serial port end in CR LF or LF, and may hold any bytes.
fn read_lines(mut console: impl Read, lines: &mpsc::Sender<String>) {
    let (mut pending, mut chunk) = (Vec::new(), [0; 4096]);
    while let Ok(length @ 1..) = console.read(&mut chunk) {
        pending.extend_from_slice(&chunk[..length]);
        while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = pending.drain(..=end).collect();
            let _ = lines.send(String::from_utf8_lossy(&line).trim_end().to_owned());
        }
    }
    if !pending.is_empty() {
        let _ = lines.send(String::from_utf8_lossy(&pending).trim_end().to_owned());
    }
}

fn command(image: &Path, model: Model, command_line: &str) -> Command {
    let machine = Qemu {
        machine: model.option(),
        cpu: "max",
        memory_mib: 64,
        // No test may depend on how fast or how busy the host is; and half a second of a test shall not take a minute.
        icount: Some(3),
    };
    let mut qemu = machine.boot(image, command_line);
    qemu.stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    qemu
}

impl Model {
    fn option(self) -> &'static str {
        match self {
            Model::Microvm => "microvm,acpi=off",
            Model::Q35 => "q35",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{End, read_lines};
    use std::sync::mpsc;

    #[test]
    fn the_exit_device_is_told_from_qemus_own_failures() {
        assert_eq!(End::of(Some(37), ""), End::Value(0x12));
        assert_eq!(End::of(Some(35), "warning"), End::Value(0x11));
        assert_eq!(
            End::of(Some(1), "could not open kernel file"),
            End::Failed(Some(1))
        );
        assert_eq!(End::of(Some(0), ""), End::Reset);
        assert_eq!(End::of(None, ""), End::Failed(None));
    }

    #[test]
    fn the_last_line_of_a_console_needs_no_end() {
        let (sender, lines) = mpsc::channel();
        read_lines(&b"one\r\ntwo\nthree"[..], &sender);
        drop(sender);
        assert_eq!(lines.iter().collect::<Vec<_>>(), ["one", "two", "three"]);
    }
}
