//! The network of a run: sockets in memory, and packets that take their time.
//!
//! A socket of a run holds a descriptor like any other, but an idle one of the kernel: options are set and asked there, while all that
//! goes over the network is found here by the descriptor's number (`calls`). What is on its way is an [`Event`] with a time; when all
//! threads wait, time passes until the next. Streams keep their order whatever happens to their packets; a packet that meets a cut waits
//! until it is healed, as if it were sent again. Datagrams are lost.
//!
//! Who waits leaves a [`Watch`], and each decision of the scheduler looks which of them have come true. So nothing here wakes anybody, and
//! descriptors of the kernel's own (pipes, Unix sockets), which [`is_readable`](kernel::is_ready) asks the kernel about, wait the same way.
//! What they say is determined as long as both ends are in the run.
//!
//! Invariants:
//! 1. `descriptors` has the descriptors that are open: a [`Lease`](calls::Lease) takes its own out before the kernel closes it.
//! 2. Of the pair of streams that are a connection each has the number of the other, until either is reset or both are closed.
//! 3. `arrival` of a stream never goes back, so its events come in the order in which they were sent.

pub(crate) mod calls;
mod kernel;
mod tcp;
mod udp;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::RawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Waker;
use std::time::Duration;

use self::tcp::Stream;
use self::udp::Datagrams;
use super::random::{Random, mix};
use crate::net::linger;
use crate::rt::reactor::Interest;
use crate::rt::table;
use crate::sim::Network as Settings;

/// Virtual nanoseconds since the run began.
type Time = u64;

/// Ports that are given out begin here (RFC 6335).
const FIRST_PORT: u16 = 49_152;

/// What hosts have that nobody named.
pub(crate) const DEFAULT_HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A socket's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Id(u32);

struct Socket {
    /// Open descriptors.
    handles: u32,
    /// Where it was made: the address that "any" means, and whose loopback its own is.
    host: IpAddr,
    local: SocketAddr,
    kind: Kind,
}

enum Kind {
    Listener { queue: VecDeque<(Id, SocketAddr)> },
    Stream(Stream),
    Datagrams(Datagrams),
}

/// Something on its way.
enum Event {
    /// A connection is asked for.
    Open {
        from: Id,
        to: SocketAddr,
    },
    /// The connection is there: `by` is its other end.
    Opened {
        to: Id,
        by: Id,
    },
    Refused {
        to: Id,
    },
    /// Nobody answered.
    GiveUp {
        to: Id,
    },
    Bytes {
        to: Id,
        bytes: Vec<u8>,
    },
    /// No more bytes will come.
    End {
        to: Id,
    },
    Reset {
        to: Id,
    },
    Datagram {
        from: SocketAddr,
        to: SocketAddr,
        host: IpAddr,
        bytes: Vec<u8>,
    },
}

/// Somebody waits for a descriptor.
struct Watch {
    fd: RawFd,
    interest: Interest,
    /// Becomes 1.
    word: Arc<AtomicU32>,
}

/// See the module.
pub(crate) struct Network {
    settings: Settings,
    random: Random,
    now: Time,
    sockets: BTreeMap<Id, Socket>,
    descriptors: BTreeMap<RawFd, Id>,
    next_id: u32,
    next_port: u16,
    /// By their time, then in the order of their making.
    events: BTreeMap<(Time, u64), (Link, Event)>,
    serial: u64,
    /// Pairs of hosts that do not reach each other, the lesser first.
    cuts: BTreeSet<Link>,
    /// What waits for a cut to heal.
    held: Vec<(Link, Event)>,
    watches: Vec<Watch>,
    /// Whom to wake, by descriptor and whether it is to be read.
    pollers: BTreeMap<(RawFd, bool), Waker>,
    /// Of all that arrived.
    pub(super) hash: u64,
}

/// The two hosts of a packet, the lesser first.
type Link = (IpAddr, IpAddr);

fn link(one: IpAddr, other: IpAddr) -> Link {
    (one.min(other), one.max(other))
}

/// Whether closing the descriptor resets the connection: its user has said so (`SO_LINGER`).
fn throws_away(fd: RawFd) -> bool {
    linger::get(fd).is_ok_and(|linger| linger == Some(Duration::ZERO))
}

fn errno(number: i32) -> io::Error {
    io::Error::from_raw_os_error(number)
}

impl Network {
    pub(super) fn new(settings: Settings, random: Random) -> Network {
        Network {
            settings,
            random,
            now: 0,
            sockets: BTreeMap::new(),
            descriptors: BTreeMap::new(),
            next_id: 0,
            next_port: FIRST_PORT,
            events: BTreeMap::new(),
            serial: 0,
            cuts: BTreeSet::new(),
            held: Vec::new(),
            watches: Vec::new(),
            pollers: BTreeMap::new(),
            hash: 0,
        }
    }

    // ----- sockets -----

    fn add(&mut self, host: IpAddr, local: SocketAddr, kind: Kind) -> Id {
        let id = Id(self.next_id);
        self.next_id += 1;
        let socket = Socket {
            handles: 0,
            host,
            local,
            kind,
        };
        self.sockets.insert(id, socket);
        id
    }

    fn open(&mut self, fd: RawFd, id: Id) {
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.handles += 1;
            self.descriptors.insert(fd, id);
        }
    }

    fn by_descriptor(&mut self, fd: RawFd) -> Option<(Id, &mut Socket)> {
        let id = *self.descriptors.get(&fd)?;
        Some((id, self.sockets.get_mut(&id)?))
    }

    /// A descriptor is closed; with the last, the socket is.
    fn close(&mut self, fd: RawFd) {
        let Some(id) = self.descriptors.remove(&fd) else {
            return;
        };
        let Some(socket) = self.sockets.get_mut(&id) else {
            return;
        };
        socket.handles -= 1;
        if socket.handles > 0 {
            return;
        }
        match &mut socket.kind {
            Kind::Stream(_) => self.close_stream(id, throws_away(fd)),
            Kind::Listener { queue } => {
                for (waiting, _) in std::mem::take(queue) {
                    self.reset_from(waiting);
                    self.sockets.remove(&waiting);
                }
                self.sockets.remove(&id);
            }
            Kind::Datagrams(_) => {
                self.sockets.remove(&id);
            }
        }
    }

    /// `address` with a port, if it has none and where nobody else has it.
    fn free_address(&mut self, host: IpAddr, address: SocketAddr, streams: bool) -> io::Result<SocketAddr> {
        let taken = |network: &Network, address: SocketAddr| {
            network.sockets.values().any(|socket| {
                let same_kind = match socket.kind {
                    Kind::Listener { .. } => streams,
                    Kind::Datagrams(_) => !streams,
                    Kind::Stream(_) => false,
                };
                let one_of_any = socket.local.ip().is_unspecified() || address.ip().is_unspecified();
                same_kind
                    && socket.host == host
                    && socket.local.port() == address.port()
                    && (socket.local.ip() == address.ip() || one_of_any)
            })
        };
        if address.port() != 0 {
            return if taken(self, address) {
                Err(errno(libc::EADDRINUSE))
            } else {
                Ok(address)
            };
        }
        for _ in FIRST_PORT..=u16::MAX {
            let candidate = SocketAddr::new(address.ip(), self.port());
            if !taken(self, candidate) {
                return Ok(candidate);
            }
        }
        Err(errno(libc::EADDRINUSE))
    }

    fn port(&mut self) -> u16 {
        let port = self.next_port;
        self.next_port = port.checked_add(1).unwrap_or(FIRST_PORT);
        port
    }

    /// The socket of `wanted` kind that hears what `host` sends to `to`.
    fn find(&self, to: SocketAddr, host: IpAddr, wanted: impl Fn(&Kind) -> bool) -> Option<Id> {
        let hears = |socket: &Socket| {
            let address = if to.ip().is_loopback() { host } else { to.ip() };
            let its = socket.local.ip();
            let on_host = if its.is_loopback() {
                its == to.ip() && socket.host == host
            } else {
                its == to.ip()
            };
            socket.local.port() == to.port()
                && wanted(&socket.kind)
                && (on_host || its.is_unspecified() && socket.host == address)
        };
        self.sockets
            .iter()
            .find(|(_, socket)| hears(socket))
            .map(|(&id, _)| id)
    }

    // ----- time -----

    /// How long a packet takes, this one.
    fn delay(&mut self) -> Time {
        let (least, most) = self.settings.delay;
        least + self.random.below((most - least).saturating_add(1))
    }

    fn at(&mut self, time: Time, link: Link, event: Event) {
        self.serial += 1;
        self.events.insert((time, self.serial), (link, event));
    }

    /// When something arrives next.
    pub(super) fn next(&self) -> Option<Time> {
        self.events.keys().next().map(|&(time, _)| time)
    }

    /// All that arrives until `now` does.
    pub(super) fn deliver(&mut self, now: Time) {
        self.now = now;
        while let Some(first) = self.events.first_entry() {
            if first.key().0 > now {
                return;
            }
            let (link, event) = first.remove();
            let is_cut = self.cuts.contains(&link);
            match event {
                Event::Datagram { .. } if is_cut => {}
                Event::GiveUp { to } => self.give_up(to),
                event if is_cut => self.held.push((link, event)),
                event => self.arrive(link, event),
            }
        }
    }

    fn arrive(&mut self, link: Link, event: Event) {
        match event {
            Event::Open { from, to } => self.asked(link, from, to),
            Event::Opened { to, by } => self.opened(to, by),
            Event::Refused { to } => self.refused(to),
            Event::GiveUp { to } => self.give_up(to),
            Event::Bytes { to, bytes } => self.bytes(to, &bytes),
            Event::End { to } => self.end(to),
            Event::Reset { to } => self.was_reset(to),
            Event::Datagram {
                from,
                to,
                host,
                bytes,
            } => self.datagram(from, to, host, bytes),
        }
    }

    fn note(&mut self, what: u64, id: Id, bytes: &[u8]) {
        let sum = bytes
            .iter()
            .fold(what, |sum, &byte| sum.wrapping_mul(31) ^ u64::from(byte));
        self.hash = mix(self.hash ^ mix(sum) ^ u64::from(id.0) << 32);
    }

    // ----- faults that a test asks for -----

    /// Nothing passes between the two any more.
    pub(crate) fn cut(&mut self, one: IpAddr, other: IpAddr) {
        self.cuts.insert(link(one, other));
    }

    /// What waited goes on its way.
    pub(crate) fn heal(&mut self, one: IpAddr, other: IpAddr) {
        let healed = link(one, other);
        self.cuts.remove(&healed);
        let (free, held) = std::mem::take(&mut self.held)
            .into_iter()
            .partition(|(link, _)| *link == healed);
        self.held = held;
        let free: Vec<(Link, Event)> = free;
        // One delay for all, so that they keep their order.
        let arrival = self.now + self.delay();
        for (link, event) in free {
            self.at(arrival, link, event);
        }
        for socket in self.sockets.values_mut() {
            if let Kind::Stream(stream) = &mut socket.kind {
                stream.arrival = stream.arrival.max(arrival);
            }
        }
    }

    // ----- waiting -----

    fn is_ready(&self, fd: RawFd, interest: Interest) -> bool {
        let Some(id) = self.descriptors.get(&fd) else {
            return kernel::is_ready(fd, interest);
        };
        self.sockets
            .get(id)
            .is_none_or(|socket| match (&socket.kind, interest) {
                (Kind::Listener { queue }, _) => !queue.is_empty(),
                (Kind::Stream(stream), Interest::Read) => stream.is_readable(),
                (Kind::Stream(stream), Interest::Write) => stream.is_writable(),
                (Kind::Datagrams(datagrams), Interest::Read) => datagrams.is_readable(),
                (Kind::Datagrams(_), Interest::Write) => true,
            })
    }

    fn watch(&mut self, fd: RawFd, interest: Interest) -> Arc<AtomicU32> {
        let word = Arc::new(AtomicU32::new(0));
        self.watches.push(Watch {
            fd,
            interest,
            word: word.clone(),
        });
        word
    }

    fn unwatch(&mut self, word: &Arc<AtomicU32>) {
        self.watches.retain(|watch| !Arc::ptr_eq(&watch.word, word));
    }

    /// Wakes those that waited for what is now.
    pub(super) fn wake_ready(&mut self) {
        if self.watches.is_empty() {
            return;
        }
        let watches = std::mem::take(&mut self.watches);
        for watch in watches {
            if self.is_ready(watch.fd, watch.interest) {
                watch.word.store(1, Ordering::Relaxed);
                table::wake_one(&watch.word);
            } else {
                self.watches.push(watch);
            }
        }
    }

    /// For dumps.
    fn describe(&self, fd: RawFd) -> Option<String> {
        let socket = self.sockets.get(self.descriptors.get(&fd)?)?;
        Some(match &socket.kind {
            Kind::Stream(stream) => {
                format!(
                    "on descriptor {fd}, a simulated connection of {} with {}",
                    socket.local, stream.peer
                )
            }
            Kind::Listener { .. } => format!("on descriptor {fd}, a simulated listener at {}", socket.local),
            Kind::Datagrams(_) => format!("on descriptor {fd}, a simulated socket at {}", socket.local),
        })
    }
}
