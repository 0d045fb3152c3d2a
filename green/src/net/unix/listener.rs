//! Unix listeners.

use std::fmt;
use std::io;
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;

use super::UnixStream;
use crate::net::{convert_descriptor, share_descriptor};
use crate::rt::State;
use crate::rt::reactor::Watched;

/// A Unix socket that listens for connections. As [`std::os::unix::net::UnixListener`].
pub struct UnixListener {
    watched: Watched<net::UnixListener>,
}

impl UnixListener {
    fn fresh(inner: net::UnixListener) -> io::Result<UnixListener> {
        let watched = Watched::new(inner).force()?;
        Ok(UnixListener { watched })
    }

    fn adopt(inner: net::UnixListener) -> UnixListener {
        UnixListener {
            watched: Watched::adopt(inner).force_or_fail_later(),
        }
    }

    /// Listens at `path`.
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixListener::bind`].
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<UnixListener> {
        UnixListener::fresh(net::UnixListener::bind(path)?)
    }

    /// Listens at `address`.
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixListener::bind_addr`].
    pub fn bind_addr(address: &SocketAddr) -> io::Result<UnixListener> {
        UnixListener::fresh(net::UnixListener::bind_addr(address)?)
    }

    /// Waits for a connection.
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixListener::accept`].
    pub fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let listener = self.watched.inner();
        let (stream, peer) = self.watched.read(State::Accepting, || listener.accept())?;
        Ok((UnixStream::fresh(stream), peer))
    }

    /// The connections that come, for ever.
    pub fn incoming(&self) -> Incoming<'_> {
        Incoming { listener: self }
    }

    /// Another handle of the same listener: what is set on one is set on both.
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixListener::try_clone`].
    pub fn try_clone(&self) -> io::Result<UnixListener> {
        let watched = self.watched.try_clone(net::UnixListener::try_clone)?;
        Ok(UnixListener { watched })
    }

    /// The address that it listens at.
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixListener::local_addr`].
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.watched.inner().local_addr()
    }

    /// Whether calls fail with `WouldBlock` rather than wait.
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixListener::set_nonblocking`].
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.watched.set_nonblocking(nonblocking)
    }

    /// The socket's pending error, which is cleared (`SO_ERROR`).
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixListener::take_error`].
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.watched.inner().take_error()
    }
}

share_descriptor!(UnixListener);
convert_descriptor!(UnixListener, net::UnixListener);

impl fmt::Debug for UnixListener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.watched.inner().fmt(formatter)
    }
}

impl<'a> IntoIterator for &'a UnixListener {
    type Item = io::Result<UnixStream>;
    type IntoIter = Incoming<'a>;

    fn into_iter(self) -> Incoming<'a> {
        self.incoming()
    }
}

/// The connections to a [`UnixListener`], without end. As [`std::os::unix::net::Incoming`].
#[derive(Debug)]
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct Incoming<'a> {
    listener: &'a UnixListener,
}

impl Iterator for Incoming<'_> {
    type Item = io::Result<UnixStream>;

    fn next(&mut self) -> Option<io::Result<UnixStream>> {
        Some(self.listener.accept().map(|(stream, _peer)| stream))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::MAX, None)
    }
}
