//! TCP streams.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{AsFd, AsRawFd};
use std::os::linux::net::TcpStreamExt;
use std::task::{Context, Poll};
use std::time::Duration;

use super::addresses::{ToSocketAddrs, each_address};
use super::{calls, convert_descriptor, linger, message, share_descriptor, timeouts};
use crate::rt::State;
use crate::rt::reactor::{Interest, Watched};

/// A TCP stream between a local and a remote socket. As [`std::net::TcpStream`].
pub struct TcpStream {
    watched: Watched<std::net::TcpStream>,
}

impl TcpStream {
    /// For sockets that we made: nothing is set.
    pub(super) fn fresh(inner: std::net::TcpStream) -> TcpStream {
        TcpStream {
            watched: Watched::new(inner),
        }
    }

    fn adopt(inner: std::net::TcpStream) -> TcpStream {
        let watched = Watched::adopt(inner);
        watched.note_read_timeout(watched.inner().read_timeout().unwrap_or(None));
        watched.note_write_timeout(watched.inner().write_timeout().unwrap_or(None));
        TcpStream { watched }
    }

    /// Opens a connection to the first of the addresses that takes it.
    ///
    /// # Errors
    /// As [`std::net::TcpStream::connect`].
    pub fn connect<A: ToSocketAddrs>(address: A) -> io::Result<TcpStream> {
        each_address(address, |address| connect_to(address, None))
    }

    /// Opens a connection, unless it takes longer than `timeout`.
    ///
    /// # Errors
    /// As [`std::net::TcpStream::connect_timeout`]: `InvalidInput` for a timeout of zero, `TimedOut`.
    pub fn connect_timeout(address: &SocketAddr, timeout: Duration) -> io::Result<TcpStream> {
        if timeout.is_zero() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "cannot set a 0 duration timeout",
            ));
        }
        connect_to(address, Some(timeout)).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => io::Error::new(io::ErrorKind::TimedOut, "connection timed out"),
            _ => error,
        })
    }

    /// The address of the other end.
    ///
    /// # Errors
    /// As [`std::net::TcpStream::peer_addr`].
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        calls::stream_peer(self.watched.inner())
    }

    /// The address of this end.
    ///
    /// # Errors
    /// As [`std::net::TcpStream::local_addr`].
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        calls::stream_address(self.watched.inner())
    }

    /// Ends reading, writing or both, for all handles of the stream.
    ///
    /// # Errors
    /// As [`std::net::TcpStream::shutdown`].
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        calls::shut_down(self.watched.inner(), how)
    }

    /// Another handle of the same stream: what is set on one is set on both.
    ///
    /// # Errors
    /// As [`std::net::TcpStream::try_clone`].
    pub fn try_clone(&self) -> io::Result<TcpStream> {
        let watched = self.watched.try_clone(std::net::TcpStream::try_clone)?;
        Ok(TcpStream { watched })
    }

    /// Receives without removing: the next read gets the same bytes.
    ///
    /// # Errors
    /// As [`std::net::TcpStream::peek`].
    pub fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let fd = self.watched.inner().as_fd();
        self.watched
            .read(State::Reading, || message::receive(fd, buffer, libc::MSG_PEEK))
    }

    /// Whether small writes are sent at once (`TCP_NODELAY`).
    ///
    /// # Errors
    /// As [`std::net::TcpStream::set_nodelay`].
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.watched.inner().set_nodelay(nodelay)
    }

    /// Whether small writes are sent at once.
    ///
    /// # Errors
    /// As [`std::net::TcpStream::nodelay`].
    pub fn nodelay(&self) -> io::Result<bool> {
        self.watched.inner().nodelay()
    }

    /// Sets how long closing the stream, by its last handle, may take to send what was written (`SO_LINGER`), in whole seconds. Zero throws
    /// away what was not sent, and resets the connection. Without a value, as at first, closing takes no time, and the kernel sends
    /// what is left. A close that takes time holds its worker up as any other call that blocks.
    ///
    /// # Errors
    /// Of setsockopt(2).
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        linger::set(self.watched.inner().as_raw_fd(), linger)
    }

    /// How long closing the stream may take: see [`set_linger`](Self::set_linger).
    ///
    /// # Errors
    /// Of getsockopt(2).
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        linger::get(self.watched.inner().as_raw_fd())
    }

    /// How many hops a packet may take.
    ///
    /// # Errors
    /// As [`std::net::TcpStream::set_ttl`].
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.watched.inner().set_ttl(ttl)
    }

    /// How many hops a packet may take.
    ///
    /// # Errors
    /// As [`std::net::TcpStream::ttl`].
    pub fn ttl(&self) -> io::Result<u32> {
        self.watched.inner().ttl()
    }

    /// The socket's pending error, which is cleared (`SO_ERROR`).
    ///
    /// # Errors
    /// As [`std::net::TcpStream::take_error`].
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        calls::take_error(self.watched.inner())
    }

    /// Whether calls fail with `WouldBlock` rather than wait.
    ///
    /// # Errors
    /// As [`std::net::TcpStream::set_nonblocking`].
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.watched.set_nonblocking(nonblocking)
    }
}

fn connect_to(address: &SocketAddr, timeout: Option<Duration>) -> io::Result<TcpStream> {
    let (socket, connected) = calls::start_connecting(address)?;
    let stream = TcpStream::fresh(socket);
    if !connected {
        stream
            .watched
            .wait_for(Interest::Write, State::Connecting, timeout, || {
                calls::has_connected(stream.watched.inner())
            })?;
    }
    stream.watched.set_nonblocking(false)?;
    Ok(stream)
}

impl crate::os::linux::net::TcpStreamExt for TcpStream {
    fn set_quickack(&self, quickack: bool) -> io::Result<()> {
        TcpStreamExt::set_quickack(self.watched.inner(), quickack)
    }

    fn quickack(&self) -> io::Result<bool> {
        TcpStreamExt::quickack(self.watched.inner())
    }
}

/// For futures, which must not wait; std has no such thing. See [`crate::future`].
impl TcpStream {
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

impl Read for &TcpStream {
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

impl Write for &TcpStream {
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

super::delegate_read!(TcpStream);
super::delegate_write!(TcpStream);
timeouts!(TcpStream, "std::net::TcpStream");
share_descriptor!(TcpStream);
convert_descriptor!(TcpStream, std::net::TcpStream);

impl fmt::Debug for TcpStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.watched.inner().fmt(formatter)
    }
}
