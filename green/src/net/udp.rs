//! UDP sockets.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use super::addresses::{ToSocketAddrs, each_address};
use super::{calls, convert_descriptor, share_descriptor, timeouts};
use crate::rt::State;
use crate::rt::reactor::Watched;

/// A UDP socket. As [`std::net::UdpSocket`].
pub struct UdpSocket {
    watched: Watched<std::net::UdpSocket>,
}

impl UdpSocket {
    fn adopt(inner: std::net::UdpSocket) -> UdpSocket {
        let watched = Watched::adopt(inner).force_or_fail_later();
        watched.note_read_timeout(watched.inner().read_timeout().unwrap_or(None));
        watched.note_write_timeout(watched.inner().write_timeout().unwrap_or(None));
        UdpSocket { watched }
    }

    /// A socket on the first of the addresses that can be had.
    ///
    /// # Errors
    /// As [`std::net::UdpSocket::bind`].
    pub fn bind<A: ToSocketAddrs>(address: A) -> io::Result<UdpSocket> {
        each_address(address, |address| {
            let watched = Watched::new(calls::bind(address)?).force()?;
            Ok(UdpSocket { watched })
        })
    }

    /// Sends to the first of the addresses.
    ///
    /// # Errors
    /// As [`std::net::UdpSocket::send_to`].
    pub fn send_to<A: ToSocketAddrs>(&self, buffer: &[u8], address: A) -> io::Result<usize> {
        let address = address
            .to_socket_addrs()?
            .next()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no addresses to send data to"))?;
        let socket = self.watched.inner();
        self.watched
            .write(State::Writing, || calls::send_to(socket, buffer, address))
    }

    /// From now on sends to, and receives from, the first of the addresses that can be had.
    ///
    /// # Errors
    /// As [`std::net::UdpSocket::connect`].
    pub fn connect<A: ToSocketAddrs>(&self, address: A) -> io::Result<()> {
        each_address(address, |address| calls::connect(self.watched.inner(), address))
    }

    /// Another handle of the same socket: what is set on one is set on both.
    ///
    /// # Errors
    /// As [`std::net::UdpSocket::try_clone`].
    pub fn try_clone(&self) -> io::Result<UdpSocket> {
        let watched = self.watched.try_clone(std::net::UdpSocket::try_clone)?;
        Ok(UdpSocket { watched })
    }

    /// Receives a datagram and where it is from.
    ///
    /// # Errors
    /// As [`std::net::UdpSocket::recv_from`].
    pub fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let socket = self.watched.inner();
        self.watched
            .read(State::Reading, || calls::receive_from(socket, buffer))
    }

    /// As [`recv_from`](Self::recv_from), but leaves the datagram for the next.
    ///
    /// # Errors
    /// As [`std::net::UdpSocket::peek_from`].
    pub fn peek_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let socket = self.watched.inner();
        self.watched
            .read(State::Reading, || calls::peek_from(socket, buffer))
    }

    /// Receives a datagram from the address that the socket is connected to.
    ///
    /// # Errors
    /// As [`std::net::UdpSocket::recv`].
    pub fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let socket = self.watched.inner();
        self.watched
            .read(State::Reading, || calls::receive(socket, buffer))
    }

    /// As [`recv`](Self::recv), but leaves the datagram for the next.
    ///
    /// # Errors
    /// As [`std::net::UdpSocket::peek`].
    pub fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let socket = self.watched.inner();
        self.watched.read(State::Reading, || calls::peek(socket, buffer))
    }

    /// Sends a datagram to the address that the socket is connected to.
    ///
    /// # Errors
    /// As [`std::net::UdpSocket::send`].
    pub fn send(&self, buffer: &[u8]) -> io::Result<usize> {
        let socket = self.watched.inner();
        self.watched.write(State::Writing, || calls::send(socket, buffer))
    }

    /// The address that the socket is connected to.
    ///
    /// # Errors
    /// As [`std::net::UdpSocket::peer_addr`].
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        calls::socket_peer(self.watched.inner())
    }

    /// The address of the socket.
    ///
    /// # Errors
    /// As [`std::net::UdpSocket::local_addr`].
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        calls::socket_address(self.watched.inner())
    }

    /// Whether it may send to broadcast addresses (`SO_BROADCAST`).
    ///
    /// # Errors
    /// As [`std::net::UdpSocket::set_broadcast`].
    pub fn set_broadcast(&self, broadcast: bool) -> io::Result<()> {
        self.watched.inner().set_broadcast(broadcast)
    }

    /// Whether it may send to broadcast addresses.
    ///
    /// # Errors
    /// As [`std::net::UdpSocket::broadcast`].
    pub fn broadcast(&self) -> io::Result<bool> {
        self.watched.inner().broadcast()
    }

    /// Whether what it sends to groups comes back to this host (`IP_MULTICAST_LOOP`).
    ///
    /// # Errors
    /// As [`std::net::UdpSocket::set_multicast_loop_v4`].
    pub fn set_multicast_loop_v4(&self, looped: bool) -> io::Result<()> {
        self.watched.inner().set_multicast_loop_v4(looped)
    }

    /// Whether what it sends to groups comes back to this host.
    ///
    /// # Errors
    /// As [`std::net::UdpSocket::multicast_loop_v4`].
    pub fn multicast_loop_v4(&self) -> io::Result<bool> {
        self.watched.inner().multicast_loop_v4()
    }

    /// How many hops a packet to a group may take (`IP_MULTICAST_TTL`).
    ///
    /// # Errors
    /// As [`std::net::UdpSocket::set_multicast_ttl_v4`].
    pub fn set_multicast_ttl_v4(&self, ttl: u32) -> io::Result<()> {
        self.watched.inner().set_multicast_ttl_v4(ttl)
    }

    /// How many hops a packet to a group may take.
    ///
    /// # Errors
    /// As [`std::net::UdpSocket::multicast_ttl_v4`].
    pub fn multicast_ttl_v4(&self) -> io::Result<u32> {
        self.watched.inner().multicast_ttl_v4()
    }

    /// Whether what it sends to groups comes back to this host (`IPV6_MULTICAST_LOOP`).
    ///
    /// # Errors
    /// As [`std::net::UdpSocket::set_multicast_loop_v6`].
    pub fn set_multicast_loop_v6(&self, looped: bool) -> io::Result<()> {
        self.watched.inner().set_multicast_loop_v6(looped)
    }

    /// Whether what it sends to groups comes back to this host.
    ///
    /// # Errors
    /// As [`std::net::UdpSocket::multicast_loop_v6`].
    pub fn multicast_loop_v6(&self) -> io::Result<bool> {
        self.watched.inner().multicast_loop_v6()
    }

    /// How many hops a packet may take.
    ///
    /// # Errors
    /// As [`std::net::UdpSocket::set_ttl`].
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.watched.inner().set_ttl(ttl)
    }

    /// How many hops a packet may take.
    ///
    /// # Errors
    /// As [`std::net::UdpSocket::ttl`].
    pub fn ttl(&self) -> io::Result<u32> {
        self.watched.inner().ttl()
    }

    /// Joins a group on the interface with this address.
    ///
    /// # Errors
    /// As [`std::net::UdpSocket::join_multicast_v4`].
    pub fn join_multicast_v4(&self, group: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
        self.watched.inner().join_multicast_v4(group, interface)
    }

    /// Joins a group on the interface with this number.
    ///
    /// # Errors
    /// As [`std::net::UdpSocket::join_multicast_v6`].
    pub fn join_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.watched.inner().join_multicast_v6(group, interface)
    }

    /// Leaves a group.
    ///
    /// # Errors
    /// As [`std::net::UdpSocket::leave_multicast_v4`].
    pub fn leave_multicast_v4(&self, group: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
        self.watched.inner().leave_multicast_v4(group, interface)
    }

    /// Leaves a group.
    ///
    /// # Errors
    /// As [`std::net::UdpSocket::leave_multicast_v6`].
    pub fn leave_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.watched.inner().leave_multicast_v6(group, interface)
    }

    /// The socket's pending error, which is cleared (`SO_ERROR`).
    ///
    /// # Errors
    /// As [`std::net::UdpSocket::take_error`].
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.watched.inner().take_error()
    }

    /// Whether calls fail with `WouldBlock` rather than wait.
    ///
    /// # Errors
    /// As [`std::net::UdpSocket::set_nonblocking`].
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.watched.set_nonblocking(nonblocking)
    }
}

timeouts!(UdpSocket, "std::net::UdpSocket");
share_descriptor!(UdpSocket);
convert_descriptor!(UdpSocket, std::net::UdpSocket);

impl fmt::Debug for UdpSocket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.watched.inner().fmt(formatter)
    }
}
