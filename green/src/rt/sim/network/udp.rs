//! Datagrams. No errors come back (there is no ICMP): what nobody hears is lost.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};

use super::{Event, Id, Kind, Network, errno, link};

/// The largest (RFC 768 over IPv4).
const MOST: usize = 65_507;

/// How many wait to be received; more are lost.
const QUEUE: usize = 256;

#[derive(Default)]
pub(super) struct Datagrams {
    queue: VecDeque<(SocketAddr, Vec<u8>)>,
    /// To whom it is connected.
    pub(super) peer: Option<SocketAddr>,
}

impl Datagrams {
    pub(super) fn is_readable(&self) -> bool {
        !self.queue.is_empty()
    }
}

impl Network {
    pub(super) fn datagrams(&mut self, id: Id) -> io::Result<&mut Datagrams> {
        match self.sockets.get_mut(&id).map(|socket| &mut socket.kind) {
            Some(Kind::Datagrams(datagrams)) => Ok(datagrams),
            _ => Err(errno(libc::ENOTSOCK)),
        }
    }

    pub(super) fn bind_datagrams(&mut self, host: IpAddr, address: SocketAddr) -> io::Result<Id> {
        let local = self.free_address(host, address, false)?;
        Ok(self.add(host, local, Kind::Datagrams(Datagrams::default())))
    }

    pub(super) fn send_datagram(
        &mut self,
        id: Id,
        to: Option<SocketAddr>,
        bytes: &[u8],
    ) -> io::Result<usize> {
        let to = match to.or(self.datagrams(id)?.peer) {
            Some(to) => to,
            None => return Err(errno(libc::EDESTADDRREQ)),
        };
        if bytes.len() > MOST {
            return Err(errno(libc::EMSGSIZE));
        }
        let Some(socket) = self.sockets.get(&id) else {
            return Err(errno(libc::ENOTSOCK));
        };
        let host = socket.host;
        let mut from = socket.local;
        if from.ip().is_unspecified() {
            from.set_ip(if to.ip().is_loopback() { to.ip() } else { host });
        }
        let link = link(host, if to.ip().is_loopback() { host } else { to.ip() });
        let copies = if self.random.chance(self.settings.loss) {
            0
        } else if self.random.chance(self.settings.duplicates) {
            2
        } else {
            1
        };
        for _ in 0..copies {
            let arrival = self.now + self.delay();
            let bytes = bytes.to_vec();
            self.at(
                arrival,
                link,
                Event::Datagram {
                    from,
                    to,
                    host,
                    bytes,
                },
            );
        }
        Ok(bytes.len())
    }

    pub(super) fn datagram(&mut self, from: SocketAddr, to: SocketAddr, host: IpAddr, bytes: Vec<u8>) {
        let hears = |kind: &Kind| match kind {
            Kind::Datagrams(datagrams) => datagrams.peer.is_none_or(|peer| peer == from),
            _ => false,
        };
        let Some(id) = self.find(to, host, hears) else {
            return;
        };
        self.note(7, id, &bytes);
        if let Ok(datagrams) = self.datagrams(id)
            && datagrams.queue.len() < QUEUE
        {
            datagrams.queue.push_back((from, bytes));
        }
    }

    /// What does not fit is lost.
    pub(super) fn receive_datagram(
        &mut self,
        id: Id,
        buffer: &mut [u8],
        peek: bool,
    ) -> io::Result<(usize, SocketAddr)> {
        let datagrams = self.datagrams(id)?;
        let Some((from, bytes)) = datagrams.queue.front() else {
            return Err(errno(libc::EAGAIN));
        };
        let from = *from;
        let count = bytes.len().min(buffer.len());
        buffer[..count].copy_from_slice(&bytes[..count]);
        if !peek {
            datagrams.queue.pop_front();
        }
        Ok((count, from))
    }
}
