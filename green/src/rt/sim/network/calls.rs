//! What the socket types of `net` call in a run, by descriptor. `None` where the descriptor is the kernel's own.

use std::io;
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use super::{Id, Kind, Network, Socket, errno, kernel};
use crate::rt::control::State;
use crate::rt::reactor::{Interest, Waiting};
use crate::rt::sim::{self, clock, point};
use crate::rt::table;
use crate::thread;

/// A run's network, for sockets that may live longer than the run.
pub(in crate::rt::sim) type Shared = Arc<Mutex<Network>>;

pub(in crate::rt::sim) fn lock(network: &Shared) -> MutexGuard<'_, Network> {
    network.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Asks the network of the caller's run.
fn ask<T>(question: impl FnOnce(&mut Network) -> T) -> Option<T> {
    let network = clock::current_run()?.network()?;
    Some(question(&mut lock(&network)))
}

/// Asks about a simulated socket.
fn ask_about<T>(fd: BorrowedFd<'_>, question: impl FnOnce(&mut Network, Id) -> T) -> Option<T> {
    ask(|network| {
        let id = network.by_descriptor(fd.as_raw_fd())?.0;
        Some(question(network, id))
    })?
}

fn ask_socket<T>(fd: BorrowedFd<'_>, question: impl FnOnce(&mut Socket) -> T) -> Option<T> {
    ask(|network| {
        network
            .by_descriptor(fd.as_raw_fd())
            .map(|(_, socket)| question(socket))
    })?
}

/// A descriptor of a simulated socket, while it is open: see invariant 1 of the module.
pub(crate) struct Lease(Option<(Shared, RawFd)>);

impl Lease {
    /// For a descriptor that a type of `net` takes over: it is simulated if it was made here.
    pub(crate) fn of(fd: BorrowedFd<'_>) -> Lease {
        let Some(network) = clock::current_run().and_then(sim::Sim::network) else {
            return Lease(None);
        };
        let fd = fd.as_raw_fd();
        let is_known = lock(&network).descriptors.contains_key(&fd);
        Lease(is_known.then_some((network, fd)))
    }

    /// For another descriptor of the same socket.
    pub(crate) fn duplicate(&self, fd: BorrowedFd<'_>) -> Lease {
        let Some((network, own)) = &self.0 else {
            return Lease(None);
        };
        let fd = fd.as_raw_fd();
        let mut locked = lock(network);
        if let Some(&id) = locked.descriptors.get(own) {
            locked.open(fd, id);
        }
        Lease(Some((network.clone(), fd)))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some((network, fd)) = &self.0 {
            point("closes a socket");
            lock(network).close(*fd);
        }
    }
}

/// A descriptor for the socket that `make` makes.
fn socket(
    is_v4: bool,
    kind: libc::c_int,
    make: impl FnOnce(&mut Network, IpAddr) -> io::Result<Id>,
) -> io::Result<OwnedFd> {
    let fd = kernel::socket(is_v4, kind)?;
    let host = sim::host();
    let made = ask(|network| {
        let id = make(network, host)?;
        network.open(fd.as_raw_fd(), id);
        Ok(())
    });
    made.unwrap_or_else(|| Err(errno(libc::ENETDOWN))).map(|()| fd)
}

// ----- TCP -----

pub(crate) fn listen(address: &SocketAddr) -> io::Result<TcpListener> {
    point("listens");
    let made = socket(address.is_ipv4(), libc::SOCK_STREAM, |network, host| {
        network.listen(host, *address)
    });
    made.map(TcpListener::from)
}

pub(crate) fn accept(fd: BorrowedFd<'_>) -> Option<io::Result<(TcpStream, SocketAddr)>> {
    let next = ask_socket(fd, |socket| match &mut socket.kind {
        Kind::Listener { queue } => queue.pop_front().ok_or_else(|| errno(libc::EAGAIN)),
        _ => Err(errno(libc::EINVAL)),
    })?;
    Some(next.and_then(|(id, peer)| {
        let fd = socket(peer.is_ipv4(), libc::SOCK_STREAM, |_, _| Ok(id))?;
        Ok((fd.into(), peer))
    }))
}

/// The socket, on its way.
pub(crate) fn connect(address: &SocketAddr) -> io::Result<TcpStream> {
    point("connects");
    let made = socket(address.is_ipv4(), libc::SOCK_STREAM, |network, host| {
        Ok(network.connect(host, *address))
    });
    made.map(TcpStream::from)
}

pub(crate) fn receive(fd: BorrowedFd<'_>, buffer: &mut [u8], peek: bool) -> Option<io::Result<usize>> {
    ask_about(fd, |network, id| network.receive(id, buffer, peek))
}

pub(crate) fn send(fd: BorrowedFd<'_>, buffer: &[u8]) -> Option<io::Result<usize>> {
    ask_about(fd, |network, id| network.send(id, buffer))
}

pub(crate) fn shut_down(fd: BorrowedFd<'_>, how: Shutdown) -> Option<io::Result<()>> {
    point("shuts a connection down");
    ask_about(fd, |network, id| network.shut_down(id, how))
}

pub(crate) fn take_error(fd: BorrowedFd<'_>) -> Option<Option<io::Error>> {
    ask_socket(fd, |socket| match &mut socket.kind {
        Kind::Stream(stream) => stream.take_error(),
        _ => None,
    })
}

// ----- both -----

pub(crate) fn local_address(fd: BorrowedFd<'_>) -> Option<io::Result<SocketAddr>> {
    ask_socket(fd, |socket| Ok(socket.local))
}

pub(crate) fn peer_address(fd: BorrowedFd<'_>) -> Option<io::Result<SocketAddr>> {
    ask_socket(fd, |socket| match &socket.kind {
        Kind::Stream(stream) => stream.peer(),
        Kind::Datagrams(datagrams) => datagrams.peer.ok_or_else(|| errno(libc::ENOTCONN)),
        Kind::Listener { .. } => Err(errno(libc::ENOTCONN)),
    })
}

/// Names: those that the test gave, and `localhost`.
pub(crate) fn look_up(name: &str, port: u16) -> io::Result<SocketAddr> {
    let found = ask(|network| network.settings.address_of(name)).flatten();
    found
        .map(|address| SocketAddr::new(address, port))
        .ok_or_else(|| {
            let text =
                format!("deterministic mode asks nobody for names: `{name}` has no address in this run");
            io::Error::new(io::ErrorKind::NotFound, text)
        })
}

// ----- UDP -----

pub(crate) fn bind(address: &SocketAddr) -> io::Result<UdpSocket> {
    point("binds");
    let made = socket(address.is_ipv4(), libc::SOCK_DGRAM, |network, host| {
        network.bind_datagrams(host, *address)
    });
    made.map(UdpSocket::from)
}

pub(crate) fn connect_datagrams(fd: BorrowedFd<'_>, peer: &SocketAddr) -> Option<io::Result<()>> {
    ask_about(fd, |network, id| {
        network.datagrams(id)?.peer = Some(*peer);
        Ok(())
    })
}

pub(crate) fn send_to(fd: BorrowedFd<'_>, bytes: &[u8], to: Option<SocketAddr>) -> Option<io::Result<usize>> {
    ask_about(fd, |network, id| network.send_datagram(id, to, bytes))
}

pub(crate) fn receive_from(
    fd: BorrowedFd<'_>,
    buffer: &mut [u8],
    peek: bool,
) -> Option<io::Result<(usize, SocketAddr)>> {
    ask_about(fd, |network, id| network.receive_datagram(id, buffer, peek))
}

// ----- waiting -----

/// In place of the reactor: does `call` as soon as it succeeds or fails.
///
/// # Errors
/// Those of `call`; `WouldBlock` as `waiting` says.
pub(crate) fn run<T>(
    fd: BorrowedFd<'_>,
    waiting: Waiting,
    mut call: impl FnMut() -> io::Result<T>,
) -> io::Result<T> {
    point(waiting.why.describe());
    let deadline = waiting
        .timeout
        .and_then(|timeout| Instant::now().checked_add(timeout));
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && !waiting.never => {
                if !wait(fd.as_raw_fd(), waiting.interest, deadline, waiting.why) {
                    return call();
                }
            }
            done => return done,
        }
    }
}

/// Waits until a call may succeed; false when the deadline came first.
fn wait(fd: RawFd, interest: Interest, deadline: Option<Instant>, why: State) -> bool {
    let Some(word) = ask(|network| network.watch(fd, interest)) else {
        return false;
    };
    let woken = table::wait_about(&word, 0, deadline, why, usize::try_from(fd).unwrap_or(0));
    if !woken {
        ask(|network| network.unwatch(&word));
    }
    woken
}

/// In place of the reactor: does `call` if it can be done now, and otherwise has `context` woken when it is worth another try. A green
/// thread waits for that.
///
/// # Errors
/// Those of `call`; no memory for the thread.
pub(crate) fn poll<T>(
    fd: BorrowedFd<'_>,
    interest: Interest,
    context: &mut Context<'_>,
    mut call: impl FnMut() -> io::Result<T>,
) -> Poll<io::Result<T>> {
    point("polls");
    match call() {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
        done => return Poll::Ready(done),
    }
    let place = (fd.as_raw_fd(), interest == Interest::Read);
    let replaced = ask(|network| network.pollers.insert(place, context.waker().clone())).flatten();
    if replaced.is_none() {
        thread::Builder::new().name("poller".to_owned()).spawn(move || {
            wait(place.0, interest, None, State::Waiting);
            if let Some(waker) = ask(|network| network.pollers.remove(&place)).flatten() {
                waker.wake();
            }
        })?;
    }
    Poll::Pending
}

/// For dumps.
pub(crate) fn describe(fd: RawFd) -> Option<String> {
    ask(|network| network.describe(fd))?
}
