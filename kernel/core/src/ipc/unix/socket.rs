//! [`Socket`]: what stands behind a descriptor of a Unix socket.

use super::address::Address;
use super::ancillary::{Ancillary, UserCredentials};
use super::inbox::{Inbox, WRITABLE};
use super::names::{self, Bound};
use super::options::{Options, Timeout};
use super::record::Room;
use super::{ReceiveFlags, Received, Waiting};
use crate::error::Errno;
use crate::ipc::raise_broken_pipe;
use crate::process::{Process, Thread};
use crate::sched::WaitQueue;
use crate::syscall::memory::UserMemory;
use crate::vfs::{
    Anonymous, File, FileOperations, FileType, Name, OpenFlags, Readiness, Sink, Source, Timestamp, Watcher,
    Watchers,
};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::sync::{Arc, Weak};
use linux_raw_sys::general as linux;
use linux_raw_sys::ioctl::{FIONREAD, TIOCOUTQ};
use linux_raw_sys::net;
use threadbare_machine::sync::SpinLock;

/// How many messages may wait from those who are not the receiver's own peer (`net.unix.max_dgram_qlen`).
const STRANGERS_MOST: usize = 10;

/// The type of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Bytes over a connection.
    Stream,
    /// Messages.
    Datagram,
    /// Messages over a connection.
    SequencedPacket,
}

impl Kind {
    /// The type that `SOCK_*` says.
    pub fn from_number(number: u32) -> Option<Kind> {
        Some(match number {
            net::SOCK_STREAM => Kind::Stream,
            net::SOCK_DGRAM | net::SOCK_RAW => Kind::Datagram, // as on Linux
            net::SOCK_SEQPACKET => Kind::SequencedPacket,
            _ => return None,
        })
    }

    /// `SOCK_*`.
    pub fn number(self) -> u32 {
        match self {
            Kind::Stream => net::SOCK_STREAM,
            Kind::Datagram => net::SOCK_DGRAM,
            Kind::SequencedPacket => net::SOCK_SEQPACKET,
        }
    }

    /// Whether data needs a connection.
    pub fn connects(self) -> bool {
        self != Kind::Datagram
    }
}

/// What `shutdown(2)` ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Direction {
    /// Receiving.
    pub receive: bool,
    /// Sending.
    pub send: bool,
}

/// A Unix socket.
pub struct Socket {
    pub(super) itself: Weak<Socket>,
    /// Its type.
    pub kind: Kind,
    /// What can be set.
    pub options: Options,
    pub(super) inbox: Arc<Inbox>,
    pub(super) watchers: Arc<Watchers>,
    pub(super) state: SpinLock<State>,
    /// Those who wait in `accept`, and in `connect` to it.
    pub(super) acceptors: WaitQueue,
    pub(super) connectors: WaitQueue,
}

/// How a socket stands to others.
#[derive(Default)]
pub(super) struct State {
    pub(super) bound: Option<Bound>,
    pub(super) name: Option<Arc<Address>>,
    /// To whom it sends.
    pub(super) peer: Option<Arc<Peer>>,
    pub(super) listener: Option<Listener>,
    /// Whose it was when it began to listen.
    pub(super) owner: Option<UserCredentials>,
    /// `shutdown(SHUT_WR)`.
    pub(super) sends_no_more: bool,
}

/// The other side of a connection, or where datagrams go.
pub(super) struct Peer {
    pub(super) inbox: Arc<Inbox>,
    pub(super) name: Option<Arc<Address>>,
    pub(super) credentials: Option<UserCredentials>,
}

/// Connections that nobody has accepted yet.
pub(super) struct Listener {
    pub(super) backlog: usize,
    pub(super) pending: VecDeque<Arc<Socket>>,
}

/// Two sockets that are connected with each other.
pub fn pair(kind: Kind, owner: UserCredentials) -> [Arc<Socket>; 2] {
    let sockets = [Socket::new(kind), Socket::new(kind)];
    let [first, second] = &sockets;
    for (one, other) in [(first, second), (second, first)] {
        one.join(Peer {
            inbox: other.inbox.clone(),
            name: None,
            credentials: Some(owner),
        });
    }
    sockets
}

impl Socket {
    /// A socket that is not connected.
    pub fn new(kind: Kind) -> Arc<Socket> {
        let watchers = Arc::new(Watchers::new());
        Arc::new_cyclic(|itself| Socket {
            itself: itself.clone(),
            kind,
            options: Options::default(),
            inbox: Inbox::new(watchers.clone()),
            watchers,
            state: SpinLock::new(State::default()),
            acceptors: WaitQueue::new(),
            connectors: WaitQueue::new(),
        })
    }

    /// Gives it a file. A socket has one, once.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn open(self: Arc<Self>, nonblocking: bool) -> Result<Arc<File>, Errno> {
        let inode = Anonymous::new(FileType::Socket, 0o777, Timestamp::now());
        let label = Name::copy(format!("socket:[{}]", inode.number()).as_bytes())?;
        let status = if nonblocking { linux::O_NONBLOCK } else { 0 };
        let flags = OpenFlags::internal(linux::O_RDWR | status);
        Ok(File::anonymous(inode, label, self, flags))
    }

    /// Makes `peer` the one to whom it sends.
    pub(super) fn join(&self, peer: Peer) {
        self.inbox.queue().only_from = Some(address_of(&peer.inbox));
        let watcher: Arc<dyn Watcher> = self.watchers.clone();
        // Without memory for this, poll is late and nothing else.
        let _ = peer.inbox.space.add(watcher, Readiness::ALL, false);
        let old = self.state.lock().peer.replace(Arc::new(peer));
        if let Some(old) = old {
            self.part(&old);
        }
    }

    /// No longer sends to `peer`.
    pub(super) fn part(&self, peer: &Peer) {
        let watcher: Arc<dyn Watcher> = self.watchers.clone();
        peer.inbox.space.remove(&watcher);
    }

    pub(super) fn peer(&self) -> Option<Arc<Peer>> {
        self.state.lock().peer.clone()
    }

    /// Whether received data tells who sent it (`SO_PASSCRED`).
    pub fn wants_credentials(&self) -> bool {
        self.inbox.wants_credentials()
    }

    /// Sets `SO_PASSCRED`.
    pub fn set_wants_credentials(&self, wants: bool) {
        self.inbox.set_wants_credentials(wants);
    }

    fn waiting(&self, nonblocking: bool, which: Timeout) -> Waiting {
        Waiting {
            nonblocking,
            timeout: self.options.timeout(which),
        }
    }

    /// Sends `source` to `to`, or to its peer. `SIGPIPE` is the caller's business.
    ///
    /// # Errors
    /// As `send(2)` says.
    pub fn send(
        &self,
        source: &mut dyn Source,
        mut ancillary: Option<Box<Ancillary>>,
        to: Option<&Socket>,
        nonblocking: bool,
    ) -> Result<usize, Errno> {
        let state = self.state.lock();
        let (peer, sends_no_more) = (state.peer.clone(), state.sends_no_more);
        let name = if self.kind == Kind::Datagram {
            state.name.clone()
        } else {
            None
        };
        drop(state);
        if sends_no_more {
            return Err(if self.kind.connects() && peer.is_none() {
                Errno::ENOTCONN
            } else {
                Errno::EPIPE
            });
        }
        let inbox = match (to, &peer) {
            (Some(to), _) => &to.inbox,
            (None, Some(peer)) => &peer.inbox,
            (None, None) => return Err(Errno::ENOTCONN),
        };
        if inbox.wants_credentials() || self.wants_credentials() {
            let ancillary = ancillary.get_or_insert_default();
            if ancillary.credentials.is_none() {
                ancillary.credentials = Thread::current().map(|thread| sender(&thread.process));
            }
        }
        let waiting = self.waiting(nonblocking, Timeout::Send);
        let buffer = self.options.send_buffer();
        if self.kind == Kind::Stream {
            return inbox.send_stream(source, ancillary, buffer, waiting);
        }
        let room = Room {
            buffer,
            strangers: (self.kind == Kind::Datagram).then_some(STRANGERS_MOST),
            sender: address_of(&self.inbox),
        };
        let sent = inbox.send_record(source, ancillary, name, room, waiting);
        if sent == Err(Errno::ECONNREFUSED) && to.is_none() {
            self.disconnect();
        }
        sent
    }

    /// Forgets to whom it sends.
    pub(super) fn disconnect(&self) {
        self.inbox.queue().only_from = None;
        let old = self.state.lock().peer.take();
        if let Some(old) = old {
            self.part(&old);
        }
    }

    /// Receives into `sink`.
    ///
    /// # Errors
    /// As `recv(2)` says.
    pub fn receive(
        &self,
        sink: &mut dyn Sink,
        flags: ReceiveFlags,
        nonblocking: bool,
        received: &mut Received,
    ) -> Result<usize, Errno> {
        if self.kind.connects() && self.state.lock().peer.is_none() {
            return Err(if self.kind == Kind::Stream {
                Errno::EINVAL
            } else {
                Errno::ENOTCONN
            });
        }
        let waiting = self.waiting(nonblocking, Timeout::Receive);
        match self.kind {
            Kind::Stream => {
                let by_sender = self.wants_credentials();
                self.inbox
                    .receive_stream(sink, flags, by_sender, waiting, received)
            }
            _ => self.inbox.receive_record(sink, flags, waiting, received),
        }
    }

    /// Ends one direction, or both (`shutdown(2)`). As on Linux, a socket need not be connected for that.
    pub fn shut_down(&self, direction: Direction) {
        let peer = self.peer();
        if direction.send {
            self.state.lock().sends_no_more = true;
            if let Some(peer) = peer.filter(|_| self.kind.connects()) {
                peer.inbox.end(None);
            }
        }
        if direction.receive {
            self.inbox.shut();
        }
        self.connectors.wake_all();
        self.acceptors.wake_all();
        self.watchers.notify(Readiness::ALL);
    }

    /// The pending error (`SO_ERROR`), which is told once.
    pub fn take_error(&self) -> Option<Errno> {
        self.inbox.queue().error.take()
    }

    /// Its own name.
    pub fn name(&self) -> Option<Arc<Address>> {
        self.state.lock().name.clone()
    }

    /// The name of its peer.
    ///
    /// # Errors
    /// `ENOTCONN`.
    pub fn peer_name(&self) -> Result<Option<Arc<Address>>, Errno> {
        Ok(self.peer().ok_or(Errno::ENOTCONN)?.name.clone())
    }

    /// Whose the peer was when they were connected (`SO_PEERCRED`).
    pub fn peer_credentials(&self) -> Option<UserCredentials> {
        self.peer().and_then(|peer| peer.credentials)
    }

    /// Whether it accepts connections (`SO_ACCEPTCONN`).
    pub fn is_listening(&self) -> bool {
        self.state.lock().listener.is_some()
    }

    /// What others see when the socket is gone. `unheard` says that it was never accepted.
    pub(super) fn leave(&self, unheard: bool) {
        if core::mem::replace(&mut self.inbox.queue().dead, true) {
            return;
        }
        let mut state = self.state.lock();
        let State {
            bound,
            peer,
            listener,
            ..
        } = core::mem::take(&mut *state);
        drop(state);
        if let Some(bound) = &bound {
            names::release(bound);
        }
        let left = self.inbox.close() || unheard;
        if let Some(peer) = peer {
            self.part(&peer);
            if self.kind.connects() {
                peer.inbox.end(left.then_some(Errno::ECONNRESET));
            }
        }
        for pending in listener.into_iter().flat_map(|listener| listener.pending) {
            pending.leave(true);
        }
        self.connectors.wake_all();
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.leave(false);
    }
}

/// What tells inboxes apart while they live.
pub(super) fn address_of(inbox: &Arc<Inbox>) -> usize {
    Arc::as_ptr(inbox) as usize
}

/// Who sends, as `SCM_CREDENTIALS` tells it.
fn sender(process: &Process) -> UserCredentials {
    let credentials = process.credentials();
    UserCredentials {
        pid: process.pid,
        uid: credentials.uid,
        gid: credentials.gid,
    }
}

impl FileOperations for Socket {
    fn read(&self, file: &File, _: u64, sink: &mut dyn Sink) -> Result<usize, Errno> {
        let (flags, mut received) = (ReceiveFlags::default(), Received::default());
        self.receive(sink, flags, file.is_nonblocking(), &mut received)
    }

    fn write(&self, file: &File, _: u64, source: &mut dyn Source) -> Result<usize, Errno> {
        let sent = self.send(source, None, None, file.is_nonblocking());
        if sent == Err(Errno::EPIPE) && self.kind == Kind::Stream {
            raise_broken_pipe();
        }
        sent
    }

    fn poll(&self, _: &File) -> Readiness {
        let state = self.state.lock();
        if let Some(listener) = &state.listener {
            let waits = !listener.pending.is_empty();
            return if waits { Readiness::READ } else { Readiness::NONE };
        }
        let (peer, mut sends) = (state.peer.clone(), !state.sends_no_more);
        drop(state);
        let queue = self.inbox.queue();
        let receives = !queue.closed && !queue.ended;
        let mut ready = if queue.is_empty() && receives {
            Readiness::NONE
        } else {
            Readiness::READ
        };
        if queue.error.is_some() {
            ready = ready | Readiness::ERROR;
        }
        drop(queue);
        if !receives {
            ready = ready | Readiness::READ_HANG_UP;
        }
        let writable = peer.as_ref().is_none_or(|peer| {
            let queue = peer.inbox.queue();
            sends &= !self.kind.connects() || !(queue.closed || queue.ended);
            queue.is_writable(self.options.send_buffer())
                && (self.kind.connects() || queue.takes_from(address_of(&self.inbox), Some(STRANGERS_MOST)))
        });
        if writable {
            ready = ready | WRITABLE;
        }
        if (!receives && !sends) || (self.kind.connects() && peer.is_none()) {
            ready = ready | Readiness::HANG_UP;
        }
        ready
    }

    fn watchers(&self, _: &File) -> Option<&Watchers> {
        Some(&self.watchers)
    }

    fn ioctl(
        &self,
        _: &File,
        request: u32,
        argument: usize,
        memory: &dyn UserMemory,
    ) -> Result<usize, Errno> {
        let count = match request {
            FIONREAD if self.is_listening() => return Err(Errno::EINVAL),
            FIONREAD => {
                let queue = self.inbox.queue();
                if self.kind == Kind::Datagram {
                    queue.first_record()
                } else {
                    queue.bytes()
                }
            }
            TIOCOUTQ => self.peer().map_or(0, |peer| peer.inbox.queue().used()),
            _ => return Err(Errno::ENOTTY),
        };
        memory.write(argument, &i32::try_from(count).unwrap_or(i32::MAX))?;
        Ok(0)
    }

    fn closed(&self, _: &File) {
        self.leave(false);
    }
}
