//! Standard input. Its buffer is not std's: a program reads from one or the other.
//!
//! The kernel's flags of standard input are shared with other processes and left alone: a thread waits until there is something and
//! reads then. Where waiting is not for the kernel to say (files), or somebody else was faster, the read is a call that blocks.

use std::io::{self, BufRead, BufReader, IoSliceMut, IsTerminal, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::LazyLock;

use crate::rt::State;
use crate::rt::blocking::in_place;
use crate::rt::reactor::{self, Interest, Watched};
use crate::sync::{Mutex, MutexGuard, PoisonError};

/// The stream without its buffer.
struct Raw {
    watched: Watched<io::Stdin>,
}

impl Raw {
    fn wait(&self) -> io::Result<()> {
        let fd = self.watched.inner().as_fd();
        let waited = self.watched.wait_for(Interest::Read, State::Reading, None, || {
            if reactor::is_readable(fd) {
                Ok(())
            } else {
                Err(io::ErrorKind::WouldBlock.into())
            }
        });
        match waited {
            // A file of a kind that never waits.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
            waited => waited,
        }
    }
}

impl Read for Raw {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        crate::rt::sim::refuse("standard input")?;
        self.wait()?;
        let fd = self.watched.inner().as_fd();
        in_place(|| reactor::read(fd, buffer))
    }
}

static SHARED: LazyLock<Mutex<BufReader<Raw>>> = LazyLock::new(|| {
    Mutex::new(BufReader::new(Raw {
        watched: Watched::new(io::stdin()),
    }))
});

/// A handle to standard input. As [`std::io::stdin`].
#[must_use]
pub fn stdin() -> Stdin {
    Stdin
}

/// A handle to standard input. As [`std::io::Stdin`].
#[non_exhaustive]
pub struct Stdin;

/// Standard input, for one thread. As [`std::io::StdinLock`].
pub struct StdinLock<'a> {
    inner: MutexGuard<'a, BufReader<Raw>>,
}

impl Stdin {
    /// Keeps other threads from reading meanwhile.
    #[must_use]
    pub fn lock(&self) -> StdinLock<'static> {
        StdinLock {
            inner: SHARED.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Appends a line, its end included, to `line`; how many bytes.
    ///
    /// # Errors
    /// As [`std::io::Stdin::read_line`].
    pub fn read_line(&self, line: &mut String) -> io::Result<usize> {
        self.lock().read_line(line)
    }

    /// The lines, without their ends.
    #[must_use]
    pub fn lines(self) -> io::Lines<StdinLock<'static>> {
        self.lock().lines()
    }
}

impl Stdin {
    /// Whether it is a terminal. [`IsTerminal`](std::io::IsTerminal) itself is std's alone to implement.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        SHARED_FD.is_terminal()
    }
}

impl StdinLock<'_> {
    /// Whether it is a terminal.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        SHARED_FD.is_terminal()
    }
}

impl Read for Stdin {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.lock().read(buffer)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.lock().read_vectored(buffers)
    }

    fn read_to_end(&mut self, bytes: &mut Vec<u8>) -> io::Result<usize> {
        self.lock().read_to_end(bytes)
    }

    fn read_to_string(&mut self, text: &mut String) -> io::Result<usize> {
        self.lock().read_to_string(text)
    }

    fn read_exact(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        self.lock().read_exact(buffer)
    }
}

impl Read for &Stdin {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.lock().read(buffer)
    }
}

impl Read for StdinLock<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer)
    }
}

impl BufRead for StdinLock<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.inner.consume(count);
    }
}

impl std::fmt::Debug for Stdin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Stdin").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for StdinLock<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("StdinLock").finish_non_exhaustive()
    }
}

impl AsFd for Stdin {
    fn as_fd(&self) -> BorrowedFd<'_> {
        SHARED_FD.as_fd()
    }
}

impl AsRawFd for Stdin {
    fn as_raw_fd(&self) -> RawFd {
        SHARED_FD.as_raw_fd()
    }
}

impl AsFd for StdinLock<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        SHARED_FD.as_fd()
    }
}

impl AsRawFd for StdinLock<'_> {
    fn as_raw_fd(&self) -> RawFd {
        SHARED_FD.as_raw_fd()
    }
}

static SHARED_FD: LazyLock<io::Stdin> = LazyLock::new(io::stdin);
