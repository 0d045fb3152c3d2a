//! A program that is watched: one that prints nothing for too long hangs, and is killed with all that it has started.
//!
//! Test programs print at least a dot for each test. A deadlock in one of them ends here instead of never.

use anyhow::{Context, Result};
use std::fs;
use std::io::{self, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// How long a program may be silent. No test takes nearly as long, not on a slow machine that does other things, too.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// How a watched program ended.
#[derive(Debug)]
pub(crate) enum End {
    /// By itself.
    Exit(ExitStatus),
    /// It was silent for too long, and was killed.
    Silence,
}

/// Runs `command` with its standard output shown as it comes, and hands each line of it to `each_line`.
///
/// # Errors
/// When it cannot be started.
pub(crate) fn run(command: &mut Command, patience: Duration, mut each_line: impl FnMut(&str)) -> Result<End> {
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let (stdout, (sender, chunks)) = (child.stdout.take().context("stdout is piped")?, mpsc::channel());
    thread::spawn(move || read(stdout, &sender));
    let mut pending = Vec::new();
    loop {
        match chunks.recv_timeout(patience) {
            Ok(chunk) => {
                let mut out = io::stdout();
                out.write_all(&chunk).and_then(|()| out.flush())?;
                pending.extend(chunk);
                while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = pending.drain(..=end).collect();
                    each_line(String::from_utf8_lossy(&line).trim_end());
                }
            }
            Err(RecvTimeoutError::Disconnected) => return Ok(End::Exit(child.wait()?)),
            Err(RecvTimeoutError::Timeout) => {
                kill(&mut child)?;
                return Ok(End::Silence);
            }
        }
    }
}

fn read(mut stdout: impl Read, chunks: &mpsc::Sender<Vec<u8>>) {
    let mut chunk = [0; 4096];
    while let Ok(length @ 1..) = stdout.read(&mut chunk) {
        let _ = chunks.send(chunk[..length].to_vec());
    }
}

/// Kills it and its descendants, as far as they have not been given to another parent.
fn kill(child: &mut Child) -> Result<()> {
    let mut family = vec![child.id().to_string()];
    let mut next = 0;
    while let Some(pid) = family.get(next) {
        family.extend(children(pid));
        next += 1;
    }
    // kill(2) takes unsafe code here, for which kill(1) is there. Who has just ended is no failure.
    let _ = Command::new("kill").arg("-KILL").args(&family).status();
    child.kill()?;
    child.wait()?;
    Ok(())
}

/// The processes that the threads of `pid` have started (proc_pid_task_children(5)).
fn children(pid: &str) -> Vec<String> {
    let threads = fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten()
        .flatten();
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{End, run};
    use std::fs;
    use std::process::Command;
    use std::time::Duration;

    fn shell(script: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", script]);
        shell
    }

    #[test]
    fn lines_come_one_by_one_and_the_status_last() {
        let mut lines = Vec::new();
        let mut script = shell("echo one; echo two; exit 3");
        let end = run(&mut script, Duration::MAX, |line| lines.push(line.to_owned())).unwrap();
        assert!(
            matches!(end, End::Exit(status) if status.code() == Some(3)),
            "{end:?}"
        );
        assert_eq!(lines, ["one", "two"]);
    }

    /// Whether it is there, and no zombie (proc_pid_stat(5)).
    fn runs(pid: &str) -> bool {
        fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
    }

    #[test]
    fn what_hangs_is_killed_with_its_children() {
        let mut patience = Duration::from_millis(20);
        let child = loop {
            let mut child = None;
            let mut script = shell("sleep 1000 & echo $!; wait");
            let end = run(&mut script, patience, |line| child = Some(line.to_owned())).unwrap();
            assert!(matches!(end, End::Silence), "{end:?}");
            match child {
                Some(child) => break child,
                None => patience *= 2, // too little for the shell to begin
            }
        };
        while runs(&child) {
            std::thread::yield_now();
        }
    }
}
