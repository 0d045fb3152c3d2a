//! The calls that a simulated network answers in deterministic mode ([`crate::sim`]); the kernel's own otherwise.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsFd;

use super::message;
#[cfg(feature = "sim")]
use crate::rt::sim::network::calls as simulated;

/// Returns what the simulated network says, if it says something.
macro_rules! ask_simulated {
    ($answer:expr) => {
        #[cfg(feature = "sim")]
        if let Some(answer) = $answer {
            return answer;
        }
    };
}
pub(super) use ask_simulated;

/// Returns what the simulated network says, in a run of deterministic mode.
macro_rules! in_runs {
    ($answer:expr) => {
        #[cfg(feature = "sim")]
        if crate::rt::sim::is_on() {
            return $answer;
        }
    };
}
pub(super) use in_runs;

// ----- TCP -----

pub(super) fn listen(address: &SocketAddr) -> io::Result<TcpListener> {
    in_runs!(simulated::listen(address));
    let listener = TcpListener::bind(address)?;
    message::listen_for_many(listener.as_fd())?;
    Ok(listener)
}

pub(super) fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    ask_simulated!(simulated::accept(listener.as_fd()));
    listener.accept()
}

/// A socket on its way to `address`, and whether it is there already. Calls on it do not wait.
///
/// # Errors
/// Of socket(2) and connect(2).
pub(super) fn start_connecting(address: &SocketAddr) -> io::Result<(TcpStream, bool)> {
    in_runs!(simulated::connect(address).map(|stream| (stream, false)));
    message::start_connecting(address)
}

/// Whether a connection in progress has come to its end, and how.
///
/// # Errors
/// Why it failed, or `WouldBlock` while it is in progress.
pub(super) fn has_connected(stream: &TcpStream) -> io::Result<()> {
    if let Some(error) = take_error(stream)? {
        return Err(error);
    }
    match stream_peer(stream) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Err(io::ErrorKind::WouldBlock.into()),
        Err(error) => Err(error),
    }
}

pub(super) fn take_error(stream: &TcpStream) -> io::Result<Option<io::Error>> {
    ask_simulated!(simulated::take_error(stream.as_fd()).map(Ok));
    stream.take_error()
}

pub(super) fn shut_down(stream: &TcpStream, how: Shutdown) -> io::Result<()> {
    ask_simulated!(simulated::shut_down(stream.as_fd(), how));
    stream.shutdown(how)
}

pub(super) fn listener_address(listener: &TcpListener) -> io::Result<SocketAddr> {
    ask_simulated!(simulated::local_address(listener.as_fd()));
    listener.local_addr()
}

pub(super) fn stream_address(stream: &TcpStream) -> io::Result<SocketAddr> {
    ask_simulated!(simulated::local_address(stream.as_fd()));
    stream.local_addr()
}

pub(super) fn stream_peer(stream: &TcpStream) -> io::Result<SocketAddr> {
    ask_simulated!(simulated::peer_address(stream.as_fd()));
    stream.peer_addr()
}

// ----- UDP -----

pub(super) fn bind(address: &SocketAddr) -> io::Result<UdpSocket> {
    in_runs!(simulated::bind(address));
    UdpSocket::bind(address)
}

pub(super) fn connect(socket: &UdpSocket, peer: &SocketAddr) -> io::Result<()> {
    ask_simulated!(simulated::connect_datagrams(socket.as_fd(), peer));
    socket.connect(peer)
}

pub(super) fn socket_address(socket: &UdpSocket) -> io::Result<SocketAddr> {
    ask_simulated!(simulated::local_address(socket.as_fd()));
    socket.local_addr()
}

pub(super) fn socket_peer(socket: &UdpSocket) -> io::Result<SocketAddr> {
    ask_simulated!(simulated::peer_address(socket.as_fd()));
    socket.peer_addr()
}

pub(super) fn send(socket: &UdpSocket, bytes: &[u8]) -> io::Result<usize> {
    ask_simulated!(simulated::send_to(socket.as_fd(), bytes, None));
    socket.send(bytes)
}

pub(super) fn send_to(socket: &UdpSocket, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
    ask_simulated!(simulated::send_to(socket.as_fd(), bytes, Some(to)));
    socket.send_to(bytes, to)
}

pub(super) fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<usize> {
    ask_simulated!(
        simulated::receive_from(socket.as_fd(), buffer, false).map(|told| told.map(|(count, _)| count))
    );
    socket.recv(buffer)
}

pub(super) fn receive_from(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
    ask_simulated!(simulated::receive_from(socket.as_fd(), buffer, false));
    socket.recv_from(buffer)
}

pub(super) fn peek(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<usize> {
    ask_simulated!(
        simulated::receive_from(socket.as_fd(), buffer, true).map(|told| told.map(|(count, _)| count))
    );
    socket.peek(buffer)
}

pub(super) fn peek_from(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
    ask_simulated!(simulated::receive_from(socket.as_fd(), buffer, true));
    socket.peek_from(buffer)
}
