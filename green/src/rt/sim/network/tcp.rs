//! Connections.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Shutdown, SocketAddr};

use super::{Event, Id, Kind, Link, Network, Time, errno, link};

/// How much a connection takes before its reader has to: what is on its way included.
const WINDOW: usize = 64 << 10;

/// Connections that wait to be accepted; more are not answered (listen(2) with std's 128).
const BACKLOG: usize = 128;

/// When connect(2) gives up, with the usual number of attempts (tcp_syn_retries).
const PATIENCE: Time = 127_000_000_000;

/// One end of a connection.
pub(super) struct Stream {
    pub(super) peer: SocketAddr,
    /// The other end's host: by its address, or for loopback by where it is.
    link: Link,
    /// The other end, while it hears us.
    other: Option<Id>,
    is_connecting: bool,
    received: VecDeque<u8>,
    /// Bytes on their way to the other end, and those that it has not read.
    unread: usize,
    has_ended: bool,
    reads_no_more: bool,
    writes_no_more: bool,
    /// Told once, by the next call.
    error: Option<i32>,
    was_reset: bool,
    /// When what was sent last arrives.
    pub(super) arrival: Time,
}

impl Stream {
    fn new(peer: SocketAddr, link: Link, other: Option<Id>) -> Stream {
        Stream {
            peer,
            link,
            other,
            is_connecting: other.is_none(),
            received: VecDeque::new(),
            unread: 0,
            has_ended: false,
            reads_no_more: false,
            writes_no_more: false,
            error: None,
            was_reset: false,
            arrival: 0,
        }
    }

    pub(super) fn is_readable(&self) -> bool {
        !self.received.is_empty()
            || self.has_ended
            || self.reads_no_more
            || self.was_reset
            || self.error.is_some()
    }

    pub(super) fn is_writable(&self) -> bool {
        !self.is_connecting && (self.unread < WINDOW || self.writes_no_more || self.was_reset)
            || self.error.is_some()
    }

    /// The pending error, which is cleared.
    pub(super) fn take_error(&mut self) -> Option<io::Error> {
        self.error.take().map(errno)
    }

    pub(super) fn peer(&self) -> io::Result<SocketAddr> {
        if self.is_connecting || self.was_reset {
            return Err(errno(libc::ENOTCONN));
        }
        Ok(self.peer)
    }
}

impl Network {
    fn stream(&mut self, id: Id) -> Option<&mut Stream> {
        match &mut self.sockets.get_mut(&id)?.kind {
            Kind::Stream(stream) => Some(stream),
            _ => None,
        }
    }

    // ----- connecting -----

    pub(super) fn listen(&mut self, host: IpAddr, address: SocketAddr) -> io::Result<Id> {
        let local = self.free_address(host, address, true)?;
        let queue = VecDeque::new();
        Ok(self.add(host, local, Kind::Listener { queue }))
    }

    pub(super) fn connect(&mut self, host: IpAddr, to: SocketAddr) -> Id {
        let own = if to.ip().is_loopback() { to.ip() } else { host };
        let local = SocketAddr::new(own, self.port());
        let far = if to.ip().is_loopback() { host } else { to.ip() };
        let link = link(host, far);
        let id = self.add(host, local, Kind::Stream(Stream::new(to, link, None)));
        let arrival = self.now + self.delay();
        self.at(arrival, link, Event::Open { from: id, to });
        self.at(self.now + PATIENCE, link, Event::GiveUp { to: id });
        id
    }

    /// At the listener: a connection is asked for.
    pub(super) fn asked(&mut self, link: Link, from: Id, to: SocketAddr) {
        self.note(1, from, &[]);
        let Some(asking) = self.sockets.get(&from) else {
            return;
        };
        let (host, peer) = (asking.host, asking.local);
        let arrival = self.now + self.delay();
        let listener = self.find(to, host, |kind| matches!(kind, Kind::Listener { .. }));
        let Some(listener) = listener else {
            return self.at(arrival, link, Event::Refused { to: from });
        };
        let its_host = self.sockets.get(&listener).map_or(host, |socket| socket.host);
        let by = self.add(its_host, to, Kind::Stream(Stream::new(peer, link, Some(from))));
        if let Some(Kind::Listener { queue }) = self.sockets.get_mut(&listener).map(|socket| &mut socket.kind)
            && queue.len() < BACKLOG
        {
            queue.push_back((by, peer));
            // Bytes come after this.
            if let Some(stream) = self.stream(by) {
                stream.arrival = arrival;
            }
            self.at(arrival, link, Event::Opened { to: from, by });
        } else {
            // As if it were sent again later.
            self.sockets.remove(&by);
            self.at(self.now + 1_000_000_000, link, Event::Open { from, to });
        }
    }

    pub(super) fn opened(&mut self, to: Id, by: Id) {
        self.note(2, to, &[]);
        match self.stream(to) {
            Some(stream) => {
                stream.is_connecting = false;
                stream.other = Some(by);
            }
            // Closed meanwhile.
            None => self.was_reset(by),
        }
    }

    pub(super) fn refused(&mut self, to: Id) {
        self.note(3, to, &[]);
        if let Some(stream) = self.stream(to) {
            stream.error = Some(libc::ECONNREFUSED);
        }
    }

    pub(super) fn give_up(&mut self, to: Id) {
        if let Some(stream) = self.stream(to)
            && stream.is_connecting
            && stream.error.is_none()
        {
            stream.error = Some(libc::ETIMEDOUT);
        }
    }

    // ----- bytes -----

    pub(super) fn receive(&mut self, id: Id, buffer: &mut [u8], peek: bool) -> io::Result<usize> {
        let Some(stream) = self.stream(id) else {
            return Err(errno(libc::EOPNOTSUPP));
        };
        if stream.received.is_empty() {
            if let Some(error) = stream.take_error() {
                return Err(error);
            }
            if stream.has_ended || stream.reads_no_more || stream.was_reset || buffer.is_empty() {
                return Ok(0);
            }
            let why = if stream.is_connecting {
                libc::ENOTCONN
            } else {
                libc::EAGAIN
            };
            return Err(errno(why));
        }
        let count = buffer.len().min(stream.received.len());
        for (place, &byte) in buffer.iter_mut().zip(&stream.received) {
            *place = byte;
        }
        if !peek {
            stream.received.drain(..count);
            if let Some(other) = stream.other
                && let Some(sender) = self.stream(other)
            {
                sender.unread = sender.unread.saturating_sub(count);
            }
        }
        Ok(count)
    }

    pub(super) fn send(&mut self, id: Id, bytes: &[u8]) -> io::Result<usize> {
        let Some(stream) = self.stream(id) else {
            return Err(errno(libc::EOPNOTSUPP));
        };
        if let Some(error) = stream.take_error() {
            return Err(error);
        }
        if stream.writes_no_more || stream.was_reset {
            return Err(errno(libc::EPIPE));
        }
        if stream.is_connecting {
            return Err(errno(libc::ENOTCONN));
        }
        let room = WINDOW.saturating_sub(stream.unread);
        if room == 0 && !bytes.is_empty() {
            return Err(errno(libc::EAGAIN));
        }
        let (other, link) = (stream.other, stream.link);
        let sent = &bytes[..bytes.len().min(room)];
        stream.unread += sent.len();
        if let Some(other) = other
            && !sent.is_empty()
        {
            self.send_bytes(id, other, link, sent);
        }
        Ok(sent.len())
    }

    /// In one packet or in two, if nothing happens to the connection.
    fn send_bytes(&mut self, id: Id, other: Id, link: Link, bytes: &[u8]) {
        if self.random.chance(self.settings.resets) {
            self.reset_from(id);
            return self.was_reset(id);
        }
        let split = bytes.len() > 1 && self.random.chance(self.settings.splits);
        let first = if split {
            1 + usize::try_from(self.random.below(bytes.len() as u64 - 1)).unwrap_or(0)
        } else {
            bytes.len()
        };
        for part in [&bytes[..first], &bytes[first..]] {
            if !part.is_empty() {
                let arrival = self.arrival(id);
                let bytes = part.to_vec();
                self.at(arrival, link, Event::Bytes { to: other, bytes });
            }
        }
    }

    /// When what `id` sends now arrives: after all that it has sent before.
    fn arrival(&mut self, id: Id) -> Time {
        let (chance, stall) = self.settings.stalls;
        let stall = if self.random.chance(chance) { stall } else { 0 };
        let soonest = self.now + self.delay() + stall;
        self.stream(id).map_or(soonest, |stream| {
            stream.arrival = stream.arrival.max(soonest);
            stream.arrival
        })
    }

    pub(super) fn bytes(&mut self, to: Id, bytes: &[u8]) {
        self.note(4, to, bytes);
        if self.is_closed(to) {
            // Nobody will read: that is told.
            self.reset_from(to);
            self.forget(to);
        } else if let Some(stream) = self.stream(to)
            && !stream.reads_no_more
        {
            stream.received.extend(bytes);
        }
    }

    // ----- the end -----

    pub(super) fn end(&mut self, to: Id) {
        self.note(5, to, &[]);
        let Some(stream) = self.stream(to) else { return };
        stream.has_ended = true;
        if self.is_closed(to) {
            self.forget(to);
        }
    }

    /// Whether it has no descriptor any more. (One that was never accepted has none yet, but has not ended either.)
    fn is_closed(&mut self, id: Id) -> bool {
        self.sockets.get(&id).is_some_and(|socket| {
            socket.handles == 0 && matches!(&socket.kind, Kind::Stream(stream) if stream.writes_no_more)
        })
    }

    pub(super) fn was_reset(&mut self, to: Id) {
        self.note(6, to, &[]);
        if let Some(stream) = self.stream(to) {
            stream.was_reset = true;
            stream.error = Some(libc::ECONNRESET);
            stream.other = None;
        }
    }

    /// Tells the other end that there is no connection any more.
    pub(super) fn reset_from(&mut self, id: Id) {
        let Some(stream) = self.stream(id) else { return };
        let (other, link) = (stream.other.take(), stream.link);
        if let Some(other) = other {
            let arrival = self.arrival(id);
            self.at(arrival, link, Event::Reset { to: other });
        }
    }

    fn send_end(&mut self, id: Id) {
        let Some(stream) = self.stream(id) else { return };
        if std::mem::replace(&mut stream.writes_no_more, true) {
            return;
        }
        if let Some(to) = stream.other {
            let link = stream.link;
            let arrival = self.arrival(id);
            self.at(arrival, link, Event::End { to });
        }
    }

    pub(super) fn shut_down(&mut self, id: Id, how: Shutdown) -> io::Result<()> {
        let Some(stream) = self.stream(id) else {
            return Err(errno(libc::EOPNOTSUPP));
        };
        stream.peer()?;
        if how != Shutdown::Write {
            stream.reads_no_more = true;
        }
        if how != Shutdown::Read {
            self.send_end(id);
        }
        Ok(())
    }

    /// The last descriptor is closed. As TCP does it: bytes that nobody read make it a reset, and so does its user if that is asked for.
    pub(super) fn close_stream(&mut self, id: Id, reset: bool) {
        let Some(stream) = self.stream(id) else { return };
        if stream.is_connecting || stream.was_reset {
            return self.forget(id);
        }
        if reset || !stream.received.is_empty() {
            self.reset_from(id);
            return self.forget(id);
        }
        let is_over = stream.has_ended;
        stream.reads_no_more = true;
        self.send_end(id);
        if is_over {
            self.forget(id);
        }
    }

    fn forget(&mut self, id: Id) {
        self.sockets.remove(&id);
    }

    /// Resets all connections between two hosts, on both ends, at once.
    pub(crate) fn reset_between(&mut self, one: IpAddr, other: IpAddr) {
        let between = link(one, other);
        let is_between = |socket: &super::Socket| match &socket.kind {
            Kind::Stream(stream) => stream.link == between && !stream.is_connecting,
            _ => false,
        };
        let hit: Vec<Id> = (self.sockets.iter())
            .filter(|(_, socket)| is_between(socket))
            .map(|(&id, _)| id)
            .collect();
        hit.into_iter().for_each(|id| self.was_reset(id));
    }
}
