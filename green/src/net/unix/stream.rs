//! Unix streams.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;
use std::task::{Context, Poll};

use crate::net::{convert_descriptor, delegate_read, delegate_write, message, share_descriptor, timeouts};
use crate::rt::State;
use crate::rt::blocking::in_place;
use crate::rt::reactor::{Interest, Watched};

/// A Unix stream socket. As [`std::os::unix::net::UnixStream`].
pub struct UnixStream {
    watched: Watched<net::UnixStream>,
}

impl UnixStream {
    pub(super) fn fresh(inner: net::UnixStream) -> UnixStream {
        UnixStream {
            watched: Watched::new(inner),
        }
    }

    fn adopt(inner: net::UnixStream) -> UnixStream {
        let watched = Watched::adopt(inner);
        watched.note_read_timeout(watched.inner().read_timeout().unwrap_or(None));
        watched.note_write_timeout(watched.inner().write_timeout().unwrap_or(None));
        UnixStream { watched }
    }

    /// Connects to the socket at `path`. A full queue there is waited for in the kernel, which tells of no event.
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixStream::connect`].
    pub fn connect<P: AsRef<Path>>(path: P) -> io::Result<UnixStream> {
        in_place(|| net::UnixStream::connect(path)).map(UnixStream::fresh)
    }

    /// Connects to the socket at `address`.
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixStream::connect_addr`].
    pub fn connect_addr(address: &SocketAddr) -> io::Result<UnixStream> {
        in_place(|| net::UnixStream::connect_addr(address)).map(UnixStream::fresh)
    }

    /// Two sockets that are connected to each other.
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixStream::pair`].
    pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
        let (one, other) = net::UnixStream::pair()?;
        Ok((UnixStream::fresh(one), UnixStream::fresh(other)))
    }

    /// Another handle of the same stream: what is set on one is set on both.
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixStream::try_clone`].
    pub fn try_clone(&self) -> io::Result<UnixStream> {
        let watched = self.watched.try_clone(net::UnixStream::try_clone)?;
        Ok(UnixStream { watched })
    }

    /// The address of this end.
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixStream::local_addr`].
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.watched.inner().local_addr()
    }

    /// The address of the other end.
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixStream::peer_addr`].
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.watched.inner().peer_addr()
    }

    /// Ends reading, writing or both, for all handles of the stream.
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixStream::shutdown`].
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.watched.inner().shutdown(how)
    }

    /// Whether calls fail with `WouldBlock` rather than wait.
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixStream::set_nonblocking`].
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.watched.set_nonblocking(nonblocking)
    }

    /// The socket's pending error, which is cleared (`SO_ERROR`).
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixStream::take_error`].
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.watched.inner().take_error()
    }
}

/// For futures, which must not wait; std has no such thing. See [`crate::future`].
impl UnixStream {
    /// Reads if there is something to read, and otherwise has `context` woken when there is. One future at a time can wait so.
    ///
    /// # Errors
    /// As [`read`](Read::read).
    pub fn poll_read(&self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let fd = self.watched.inner().as_fd();
        self.watched
            .poll(Interest::Read, context, || message::receive(fd, buffer, 0))
    }

    /// Writes if there is room, and otherwise has `context` woken when there is. One future at a time can wait so.
    ///
    /// # Errors
    /// As [`write`](Write::write).
    pub fn poll_write(&self, context: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        let fd = self.watched.inner().as_fd();
        self.watched
            .poll(Interest::Write, context, || message::send(fd, buffer))
    }
}

impl Read for &UnixStream {
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let fd = self.watched.inner().as_fd();
        self.watched
            .receive(buffer, |buffer| message::receive(fd, buffer, 0))
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let fd = self.watched.inner().as_fd();
        let wanted = message::total(buffers.iter().map(|buffer| buffer.len()));
        self.watched
            .read_bytes(wanted, || message::receive_vectored(fd, buffers))
    }
}

impl Write for &UnixStream {
    #[inline]
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let fd = self.watched.inner().as_fd();
        self.watched.send(buffer, || message::send(fd, buffer))
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        let fd = self.watched.inner().as_fd();
        self.watched
            .write(State::Writing, || message::send_vectored(fd, buffers))
    }

    #[inline]
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

delegate_read!(UnixStream);
delegate_write!(UnixStream);
timeouts!(UnixStream, "std::os::unix::net::UnixStream");
share_descriptor!(UnixStream);
convert_descriptor!(UnixStream, net::UnixStream);

impl fmt::Debug for UnixStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.watched.inner().fmt(formatter)
    }
}
