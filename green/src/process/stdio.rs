//! The near ends of a child's standard streams.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd, OwnedFd, RawFd};
use std::process::Stdio;

use crate::io::{PipeReader, PipeWriter};

macro_rules! stream {
    ($(#[$doc:meta])* $name:ident($pipe:ident), std::process::$std:ident) => {
        $(#[$doc])*
        pub struct $name {
            pipe: $pipe,
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }

        impl From<OwnedFd> for $name {
            fn from(fd: OwnedFd) -> $name {
                $name { pipe: fd.into() }
            }
        }

        impl From<std::process::$std> for $name {
            fn from(theirs: std::process::$std) -> $name {
                OwnedFd::from(theirs).into()
            }
        }

        impl From<$name> for OwnedFd {
            fn from(ours: $name) -> OwnedFd {
                ours.pipe.into()
            }
        }

        impl From<$name> for Stdio {
            fn from(ours: $name) -> Stdio {
                ours.pipe.into()
            }
        }

        impl AsFd for $name {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.pipe.as_fd()
            }
        }

        impl AsRawFd for $name {
            fn as_raw_fd(&self) -> RawFd {
                self.pipe.as_raw_fd()
            }
        }

        impl IntoRawFd for $name {
            fn into_raw_fd(self) -> RawFd {
                self.pipe.into_raw_fd()
            }
        }
    };
}

stream!(
    /// What a child reads. As [`std::process::ChildStdin`].
    ChildStdin(PipeWriter), std::process::ChildStdin
);
stream!(
    /// What a child writes. As [`std::process::ChildStdout`].
    ChildStdout(PipeReader), std::process::ChildStdout
);
stream!(
    /// What a child complains. As [`std::process::ChildStderr`].
    ChildStderr(PipeReader), std::process::ChildStderr
);

macro_rules! reads {
    ($name:ident) => {
        impl Read for $name {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.pipe.read(buffer)
            }

            fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
                self.pipe.read_vectored(buffers)
            }
        }
    };
}

reads!(ChildStdout);
reads!(ChildStderr);

impl Write for &ChildStdin {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        (&self.pipe).write(buffer)
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        (&self.pipe).write_vectored(buffers)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

crate::net::delegate_write!(ChildStdin);
