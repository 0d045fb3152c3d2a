//! A child that runs, or has run.

#![allow(unsafe_code, reason = "fenced: pidfd_open(2)")]

use std::fmt;
use std::io::{self, Read};
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::process::{ExitStatus, Output};
use std::sync::OnceLock;

use super::stdio::{ChildStderr, ChildStdin, ChildStdout};
use crate::rt::reactor::{Interest, Watched};
use crate::rt::{State, blocking};
use crate::thread;

/// A child process. As [`std::process::Child`]: dropping it neither ends the child nor waits for it.
pub struct Child {
    inner: std::process::Child,
    /// Made by the first that waits.
    pidfd: Pidfd,
    /// What the child reads, if it is a pipe.
    pub stdin: Option<ChildStdin>,
    /// What the child writes, if it is a pipe.
    pub stdout: Option<ChildStdout>,
    /// What the child complains, if it is a pipe.
    pub stderr: Option<ChildStderr>,
}

/// A descriptor that is readable when the child has ended; none where the kernel has no such thing.
#[derive(Default)]
struct Pidfd(OnceLock<Option<Watched<OwnedFd>>>);

impl fmt::Debug for Child {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Child")
            .field("stdin", &self.stdin)
            .field("stdout", &self.stdout)
            .field("stderr", &self.stderr)
            .finish_non_exhaustive()
    }
}

fn open_pidfd(pid: u32) -> Option<OwnedFd> {
    // SAFETY: no memory is involved; a descriptor that is returned is ours, and closed on exec.
    unsafe {
        let fd = libc::syscall(libc::SYS_pidfd_open, pid, 0);
        let fd = RawFd::try_from(fd).ok().filter(|&fd| fd >= 0)?;
        Some(OwnedFd::from_raw_fd(fd))
    }
}

impl Child {
    pub(super) fn new(mut inner: std::process::Child) -> Child {
        Child {
            stdin: inner.stdin.take().map(ChildStdin::from),
            stdout: inner.stdout.take().map(ChildStdout::from),
            stderr: inner.stderr.take().map(ChildStderr::from),
            inner,
            pidfd: Pidfd::default(),
        }
    }

    /// The child's process number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.inner.id()
    }

    /// Ends the child by `SIGKILL`.
    ///
    /// # Errors
    /// As [`std::process::Child::kill`].
    pub fn kill(&mut self) -> io::Result<()> {
        self.inner.kill()
    }

    /// Closes the child's input and waits for its end.
    ///
    /// # Errors
    /// As [`std::process::Child::wait`].
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        self.stdin = None;
        // Before the child was waited for, its number is nobody else's.
        let pidfd = self
            .pidfd
            .0
            .get_or_init(|| open_pidfd(self.inner.id()).map(Watched::new));
        let inner = &mut self.inner;
        match pidfd {
            Some(pidfd) => pidfd.wait_for(Interest::Read, State::Waiting, None, || {
                inner.try_wait()?.ok_or_else(|| io::ErrorKind::WouldBlock.into())
            }),
            None => blocking::run(|| inner.wait()),
        }
    }

    /// The child's status, if it has ended.
    ///
    /// # Errors
    /// As [`std::process::Child::try_wait`].
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.inner.try_wait()
    }

    /// Closes the child's input, and waits for its end and all that it writes.
    ///
    /// # Errors
    /// As [`std::process::Child::wait_with_output`].
    pub fn wait_with_output(mut self) -> io::Result<Output> {
        self.stdin = None;
        let (stdout, stderr) = match (self.stdout.take(), self.stderr.take()) {
            // At once, for the child may fill either pipe first.
            (Some(stdout), Some(stderr)) => thread::scope(|scope| {
                let errors = scope.spawn(|| read_all(stderr));
                let stdout = read_all(stdout);
                let stderr = errors
                    .join()
                    .unwrap_or_else(|payload| std::panic::resume_unwind(payload));
                io::Result::Ok((stdout?, stderr?))
            })?,
            (Some(stdout), None) => (read_all(stdout)?, Vec::new()),
            (None, Some(stderr)) => (Vec::new(), read_all(stderr)?),
            (None, None) => Default::default(),
        };
        let status = self.wait()?;
        Ok(Output {
            status,
            stdout,
            stderr,
        })
    }
}

fn read_all(mut reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes)?;
    Ok(bytes)
}
