//! Unix datagram sockets.

use std::fmt;
use std::io;
use std::net::Shutdown;
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;
use std::time::Duration;

use crate::net::{convert_descriptor, share_descriptor, timeouts};
use crate::rt::State;
use crate::rt::reactor::Watched;

/// A Unix datagram socket. As [`std::os::unix::net::UnixDatagram`].
///
/// A send to a receiver whose queue is full waits for room at *this* socket, of which the kernel tells; room at a receiver that the socket
/// is not connected to is looked for again after a while.
pub struct UnixDatagram {
    watched: Watched<net::UnixDatagram>,
}

impl UnixDatagram {
    fn fresh(inner: net::UnixDatagram) -> io::Result<UnixDatagram> {
        let watched = Watched::new(inner).force()?;
        Ok(UnixDatagram { watched })
    }

    fn adopt(inner: net::UnixDatagram) -> UnixDatagram {
        let watched = Watched::adopt(inner).force_or_fail_later();
        watched.note_read_timeout(watched.inner().read_timeout().unwrap_or(None));
        watched.note_write_timeout(watched.inner().write_timeout().unwrap_or(None));
        UnixDatagram { watched }
    }

    /// A socket at `path`.
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixDatagram::bind`].
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<UnixDatagram> {
        UnixDatagram::fresh(net::UnixDatagram::bind(path)?)
    }

    /// A socket at `address`.
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixDatagram::bind_addr`].
    pub fn bind_addr(address: &SocketAddr) -> io::Result<UnixDatagram> {
        UnixDatagram::fresh(net::UnixDatagram::bind_addr(address)?)
    }

    /// A socket without an address.
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixDatagram::unbound`].
    pub fn unbound() -> io::Result<UnixDatagram> {
        UnixDatagram::fresh(net::UnixDatagram::unbound()?)
    }

    /// Two sockets that are connected to each other.
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixDatagram::pair`].
    pub fn pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
        let (one, other) = net::UnixDatagram::pair()?;
        Ok((UnixDatagram::fresh(one)?, UnixDatagram::fresh(other)?))
    }

    /// From now on sends to the socket at `path`.
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixDatagram::connect`].
    pub fn connect<P: AsRef<Path>>(&self, path: P) -> io::Result<()> {
        self.watched.inner().connect(path)
    }

    /// Sends to the socket at `path`.
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixDatagram::send_to`].
    pub fn send_to<P: AsRef<Path>>(&self, buffer: &[u8], path: P) -> io::Result<usize> {
        let (socket, path) = (self.watched.inner(), path.as_ref());
        self.send_when_there_is_room(|| socket.send_to(buffer, path))
    }

    /// Sends to the socket at `address`.
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixDatagram::send_to_addr`].
    pub fn send_to_addr(&self, buffer: &[u8], address: &SocketAddr) -> io::Result<usize> {
        let socket = self.watched.inner();
        self.send_when_there_is_room(|| socket.send_to_addr(buffer, address))
    }

    /// The kernel tells of room at the connected receiver only; another's is looked for.
    fn send_when_there_is_room(&self, mut send: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
        const FIRST: Duration = Duration::from_micros(50);
        const LONGEST: Duration = Duration::from_millis(10);
        let deadline = self.watched.write_deadline();
        let mut pause = FIRST;
        loop {
            match send() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let late = deadline.is_some_and(|deadline| std::time::Instant::now() >= deadline);
                    if self.watched.is_nonblocking() || late {
                        return Err(error);
                    }
                }
                done => return done,
            }
            crate::thread::sleep(pause);
            pause = LONGEST.min(pause * 2);
        }
    }

    /// Another handle of the same socket: what is set on one is set on both.
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixDatagram::try_clone`].
    pub fn try_clone(&self) -> io::Result<UnixDatagram> {
        let watched = self.watched.try_clone(net::UnixDatagram::try_clone)?;
        Ok(UnixDatagram { watched })
    }

    /// Receives a datagram and where it is from.
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixDatagram::recv_from`].
    pub fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let socket = self.watched.inner();
        self.watched.read(State::Reading, || socket.recv_from(buffer))
    }

    /// Receives a datagram.
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixDatagram::recv`].
    pub fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let socket = self.watched.inner();
        self.watched.read(State::Reading, || socket.recv(buffer))
    }

    /// Sends a datagram to the address that the socket is connected to.
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixDatagram::send`].
    pub fn send(&self, buffer: &[u8]) -> io::Result<usize> {
        let socket = self.watched.inner();
        self.watched.write(State::Writing, || socket.send(buffer))
    }

    /// From now on sends to the socket at `address`.
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixDatagram::connect_addr`].
    pub fn connect_addr(&self, address: &SocketAddr) -> io::Result<()> {
        self.watched.inner().connect_addr(address)
    }

    /// The address of the socket.
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixDatagram::local_addr`].
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.watched.inner().local_addr()
    }

    /// The address that it is connected to.
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixDatagram::peer_addr`].
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.watched.inner().peer_addr()
    }

    /// Ends receiving, sending or both, for all handles of the socket.
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixDatagram::shutdown`].
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.watched.inner().shutdown(how)
    }

    /// Whether calls fail with `WouldBlock` rather than wait.
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixDatagram::set_nonblocking`].
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.watched.set_nonblocking(nonblocking)
    }

    /// The socket's pending error, which is cleared (`SO_ERROR`).
    ///
    /// # Errors
    /// As [`std::os::unix::net::UnixDatagram::take_error`].
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.watched.inner().take_error()
    }
}

timeouts!(UnixDatagram, "std::os::unix::net::UnixDatagram");
share_descriptor!(UnixDatagram);
convert_descriptor!(UnixDatagram, net::UnixDatagram);

impl fmt::Debug for UnixDatagram {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.watched.inner().fmt(formatter)
    }
}
