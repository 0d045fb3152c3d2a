//! TCP listeners.

use std::fmt;
use std::io;
use std::iter::FusedIterator;
use std::net::SocketAddr;

use super::addresses::{ToSocketAddrs, each_address};
use super::tcp_stream::TcpStream;
use super::{calls, convert_descriptor, share_descriptor};
use crate::rt::State;
use crate::rt::reactor::Watched;

/// A TCP socket that listens for connections. As [`std::net::TcpListener`].
pub struct TcpListener {
    watched: Watched<std::net::TcpListener>,
}

impl TcpListener {
    fn adopt(inner: std::net::TcpListener) -> TcpListener {
        TcpListener {
            watched: Watched::adopt(inner).force_or_fail_later(),
        }
    }

    /// Listens on the first of the addresses that can be had. As many connections may wait to be accepted as the system allows; std's
    /// limit is 128.
    ///
    /// # Errors
    /// As [`std::net::TcpListener::bind`].
    pub fn bind<A: ToSocketAddrs>(address: A) -> io::Result<TcpListener> {
        each_address(address, |address| {
            let watched = Watched::new(calls::listen(address)?).force()?;
            Ok(TcpListener { watched })
        })
    }

    /// The address that it listens on.
    ///
    /// # Errors
    /// As [`std::net::TcpListener::local_addr`].
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        calls::listener_address(self.watched.inner())
    }

    /// Another handle of the same listener: connections go to one of them.
    ///
    /// # Errors
    /// As [`std::net::TcpListener::try_clone`].
    pub fn try_clone(&self) -> io::Result<TcpListener> {
        let watched = self.watched.try_clone(std::net::TcpListener::try_clone)?;
        Ok(TcpListener { watched })
    }

    /// Waits for a connection.
    ///
    /// # Errors
    /// As [`std::net::TcpListener::accept`].
    pub fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let listener = self.watched.inner();
        let (stream, peer) = self.watched.read(State::Accepting, || calls::accept(listener))?;
        Ok((TcpStream::fresh(stream), peer))
    }

    /// The connections that come, for ever.
    pub fn incoming(&self) -> Incoming<'_> {
        Incoming { listener: self }
    }

    /// How many hops a packet may take.
    ///
    /// # Errors
    /// As [`std::net::TcpListener::set_ttl`].
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.watched.inner().set_ttl(ttl)
    }

    /// How many hops a packet may take.
    ///
    /// # Errors
    /// As [`std::net::TcpListener::ttl`].
    pub fn ttl(&self) -> io::Result<u32> {
        self.watched.inner().ttl()
    }

    /// Whether the socket takes IPv6 connections only.
    ///
    /// # Errors
    /// As [`std::net::TcpListener::set_only_v6`].
    #[deprecated(note = "as in std: can only be set before the socket is bound")]
    #[expect(deprecated, reason = "std still has it")]
    pub fn set_only_v6(&self, only: bool) -> io::Result<()> {
        self.watched.inner().set_only_v6(only)
    }

    /// Whether the socket takes IPv6 connections only.
    ///
    /// # Errors
    /// As [`std::net::TcpListener::only_v6`].
    #[deprecated(note = "as in std: can only be set before the socket is bound")]
    #[expect(deprecated, reason = "std still has it")]
    pub fn only_v6(&self) -> io::Result<bool> {
        self.watched.inner().only_v6()
    }

    /// The socket's pending error, which is cleared (`SO_ERROR`).
    ///
    /// # Errors
    /// As [`std::net::TcpListener::take_error`].
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.watched.inner().take_error()
    }

    /// Whether [`accept`](Self::accept) fails with `WouldBlock` rather than waits.
    ///
    /// # Errors
    /// As [`std::net::TcpListener::set_nonblocking`].
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.watched.set_nonblocking(nonblocking)
    }
}

share_descriptor!(TcpListener);
convert_descriptor!(TcpListener, std::net::TcpListener);

impl fmt::Debug for TcpListener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.watched.inner().fmt(formatter)
    }
}

/// The connections to a [`TcpListener`], without end. As [`std::net::Incoming`].
#[derive(Debug)]
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct Incoming<'a> {
    listener: &'a TcpListener,
}

impl Iterator for Incoming<'_> {
    type Item = io::Result<TcpStream>;

    fn next(&mut self) -> Option<io::Result<TcpStream>> {
        Some(self.listener.accept().map(|(stream, _peer)| stream))
    }
}

impl FusedIterator for Incoming<'_> {}
