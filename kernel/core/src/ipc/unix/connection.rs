//! Names and connections: `bind(2)`, `listen(2)`, `connect(2)`, `accept(2)`.

use super::Waiting;
use super::address::Address;
use super::ancillary::UserCredentials;
use super::names;
use super::options::Timeout;
use super::socket::{Kind, Listener, Peer, Socket, address_of};
use crate::error::Errno;
use crate::vfs::{Place, Readiness};
use alloc::collections::VecDeque;
use alloc::format;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering};
use threadbare_machine::sync::SpinLock;

/// The most connections that may wait to be accepted (`net.core.somaxconn`).
const BACKLOG_MOST: usize = 4096;

/// Held while a connection becomes one side's peer and the other side's to accept: threads may connect one socket at once.
static CONNECTING: SpinLock<()> = SpinLock::new(());

impl Socket {
    /// Whether it has a name.
    pub fn is_bound(&self) -> bool {
        self.state.lock().name.is_some()
    }

    /// Gives it the name of a file that was just made for it.
    ///
    /// # Errors
    /// `EINVAL` if it has one.
    pub fn bind_file(&self, place: &Place, path: Address) -> Result<(), Errno> {
        let bound = names::bind_inode(&self.itself, place)?;
        self.set_name(bound, path)
    }

    /// Gives it an abstract name, or one that nobody has.
    ///
    /// # Errors
    /// `EADDRINUSE`; `EINVAL` if it has one.
    pub fn bind_abstract(&self, name: Option<&[u8]>) -> Result<(), Errno> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        const CHOICES: u32 = 1 << 20;
        if self.is_bound() {
            // Asked for any name, one is enough.
            return name.map_or(Ok(()), |_| Err(Errno::EINVAL));
        }
        if let Some(name) = name {
            let bound = names::bind_abstract(&self.itself, self.kind, name)?;
            return self.set_name(bound, Address::Abstract(name.into()));
        }
        for _ in 0..CHOICES {
            let number = NEXT.fetch_add(1, Ordering::Relaxed) % CHOICES;
            let name = format!("{number:05x}").into_bytes();
            match names::bind_abstract(&self.itself, self.kind, &name) {
                Ok(bound) => return self.set_name(bound, Address::Abstract(name)),
                Err(Errno::EADDRINUSE) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Errno::ENOSPC)
    }

    fn set_name(&self, bound: names::Bound, address: Address) -> Result<(), Errno> {
        let mut state = self.state.lock();
        if state.name.is_some() {
            drop(state);
            names::release(&bound);
            return Err(Errno::EINVAL);
        }
        state.name = Some(Arc::new(address));
        state.bound = Some(bound);
        Ok(())
    }

    /// The socket that has an abstract name.
    ///
    /// # Errors
    /// `ECONNREFUSED`.
    pub fn find_abstract(&self, name: &[u8]) -> Result<Arc<Socket>, Errno> {
        names::find_abstract(self.kind, name)?.ok_or(Errno::ECONNREFUSED)
    }

    /// The socket of a file.
    ///
    /// # Errors
    /// `ECONNREFUSED` if no socket has it; `EPROTOTYPE` if one of another type.
    pub fn find_file(&self, place: &Place) -> Result<Arc<Socket>, Errno> {
        let found = names::find_place(place).ok_or(Errno::ECONNREFUSED)?;
        if found.kind == self.kind {
            Ok(found)
        } else {
            Err(Errno::EPROTOTYPE)
        }
    }

    /// Accepts connections from now on, or changes how many may wait.
    ///
    /// # Errors
    /// `EOPNOTSUPP` for datagrams; `EINVAL` without a name, or connected.
    pub fn listen(&self, backlog: usize, owner: UserCredentials) -> Result<(), Errno> {
        if !self.kind.connects() {
            return Err(Errno::EOPNOTSUPP);
        }
        let backlog = backlog.min(BACKLOG_MOST);
        let mut state = self.state.lock();
        if state.name.is_none() || state.peer.is_some() {
            return Err(Errno::EINVAL);
        }
        match &mut state.listener {
            Some(listener) => listener.backlog = backlog,
            None => {
                state.listener = Some(Listener {
                    backlog,
                    pending: VecDeque::new(),
                });
            }
        }
        state.owner = Some(owner);
        drop(state);
        self.connectors.wake_all();
        Ok(())
    }

    /// Connects it to `to`: for datagrams, sends there from now on.
    ///
    /// # Errors
    /// As `connect(2)` says.
    pub fn connect(&self, to: &Arc<Socket>, owner: UserCredentials, nonblocking: bool) -> Result<(), Errno> {
        if self.kind == Kind::Datagram {
            return self.aim_at(to);
        }
        let own = self.itself.upgrade().ok_or(Errno::EBADF)?;
        let waiting = Waiting {
            nonblocking,
            timeout: self.options.timeout(Timeout::Send),
        };
        self.may_connect()?;
        let server = self.other_side(&own, to, self.name(), owner);
        let connected = waiting.wait(&to.connectors, || {
            let _one_at_a_time = CONNECTING.lock();
            // Again each time: another thread may have connected this socket while this one waited.
            if let Err(error) = self.may_connect() {
                return Some(Err(error));
            }
            let enqueued = to.enqueue(&server)?;
            Some(enqueued.map(|()| self.join(to.seen_through(&server))))
        });
        if let Err(error) = connected {
            server.disconnect();
            to.connectors.wake_one(); // the room that this one was woken for is another's
            return Err(error);
        }
        to.acceptors.wake_one();
        to.watchers.notify(Readiness::READ);
        self.watchers.notify(Readiness::ALL);
        Ok(())
    }

    fn may_connect(&self) -> Result<(), Errno> {
        let state = self.state.lock();
        if state.peer.is_some() {
            return Err(Errno::EISCONN);
        }
        if state.listener.is_some() {
            return Err(Errno::EINVAL);
        }
        Ok(())
    }

    /// A listener as the peer of those that it is connected with by `server`.
    fn seen_through(&self, server: &Socket) -> Peer {
        let state = self.state.lock();
        Peer {
            inbox: server.inbox.clone(),
            name: state.name.clone(),
            credentials: state.owner,
        }
    }

    /// The socket that `to` will accept: whole before anybody can see it.
    fn other_side(
        &self,
        own: &Arc<Socket>,
        to: &Socket,
        name: Option<Arc<Address>>,
        owner: UserCredentials,
    ) -> Arc<Socket> {
        let server = Socket::new(self.kind);
        // Until it is accepted nobody knows whether its owner wants to know who sends.
        server.set_wants_credentials(true);
        server.state.lock().name = to.name();
        server.join(Peer {
            inbox: own.inbox.clone(),
            name,
            credentials: Some(owner),
        });
        server
    }

    /// Puts a new connection into the listener's queue, if there is room.
    fn enqueue(&self, server: &Arc<Socket>) -> Option<Result<(), Errno>> {
        if self.inbox.queue().closed {
            return Some(Err(Errno::ECONNREFUSED));
        }
        let mut state = self.state.lock();
        let Some(listener) = &mut state.listener else {
            return Some(Err(Errno::ECONNREFUSED));
        };
        if listener.pending.len() > listener.backlog {
            return None;
        }
        if listener.pending.try_reserve(1).is_err() {
            return Some(Err(Errno::ENOMEM));
        }
        listener.pending.push_back(server.clone());
        Some(Ok(()))
    }

    fn aim_at(&self, to: &Arc<Socket>) -> Result<(), Errno> {
        if !to.inbox.queue().may_send(address_of(&self.inbox)) {
            return Err(Errno::EPERM);
        }
        self.join(Peer {
            inbox: to.inbox.clone(),
            name: to.name(),
            credentials: None,
        });
        Ok(())
    }

    /// Dissolves the connection of a datagram socket (`connect` to `AF_UNSPEC`).
    pub fn unaim(&self) {
        if !self.kind.connects() {
            self.disconnect();
        }
    }

    /// Takes the next connection.
    ///
    /// # Errors
    /// `EOPNOTSUPP` for datagrams; `EINVAL` if it does not listen; `EAGAIN` and its like.
    pub fn accept(&self, nonblocking: bool) -> Result<Arc<Socket>, Errno> {
        if !self.kind.connects() {
            return Err(Errno::EOPNOTSUPP);
        }
        let waiting = Waiting {
            nonblocking,
            timeout: self.options.timeout(Timeout::Receive),
        };
        let accepted = waiting.wait(&self.acceptors, || {
            let mut state = self.state.lock();
            let Some(listener) = &mut state.listener else {
                return Some(Err(Errno::EINVAL));
            };
            if let Some(next) = listener.pending.pop_front() {
                return Some(Ok(next));
            }
            drop(state);
            self.inbox.queue().closed.then_some(Err(Errno::EINVAL))
        })?;
        accepted.set_wants_credentials(self.wants_credentials());
        self.connectors.wake_one();
        Ok(accepted)
    }
}
