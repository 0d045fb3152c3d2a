//! One descriptor's place in the reactor, and the loop of every call that may have to wait.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::entry::{Direction, Entry, Interest};
use super::{Reactor, SLAB, epoll};
use crate::rt::atomic_ref::AtomicRef;
#[cfg(feature = "sim")]
use crate::rt::sim;
use crate::rt::{Control, Runtime, State, Waiter, current};

/// How a call waits.
#[derive(Clone, Copy)]
pub(crate) struct Waiting {
    pub(crate) interest: Interest,
    /// What dumps say.
    pub(crate) why: State,
    /// Fail with `WouldBlock` rather than wait.
    pub(crate) never: bool,
    /// Fail with `WouldBlock` when it takes longer.
    pub(crate) timeout: Option<Duration>,
}

/// Belongs to one open descriptor; registered when that first has to wait. First in whatever holds it: a thread that waits names its
/// address as what it touches next.
pub(crate) struct Registration {
    registered: OnceLock<Registered>,
    /// The thread that called last, nearly always the one that calls next.
    caller: AtomicRef<Control>,
}

struct Registered {
    entry: &'static Entry,
    token: u64,
    fd: RawFd,
}

// Calls run outside of all locks here, so a panic in one leaves nothing half done.
impl UnwindSafe for Registration {}
impl RefUnwindSafe for Registration {}

impl Registration {
    pub(crate) fn new() -> Registration {
        Registration {
            registered: OnceLock::new(),
            caller: AtomicRef::none(),
        }
    }

    /// The calling thread, where it is a green one that may wait.
    ///
    /// A thread that was here before is known by its stack. Its thread-locals would say the same, but lie on a page of their own that
    /// nothing else in the path of a request touches.
    #[inline]
    pub(super) fn caller(&self) -> Option<&'static Control> {
        let known = self.caller.load(Ordering::Relaxed);
        let caller = known.filter(|known| current::is_on_stack_of(known)).or_else(|| {
            let caller = current::get();
            self.caller.store(caller, Ordering::Relaxed);
            caller
        });
        // A thread that panics in mode pinned keeps its worker, and waits as if it were that.
        caller.filter(|_| !current::must_not_switch())
    }

    /// Does `call` as soon as it succeeds or fails: waits where it says `WouldBlock`.
    ///
    /// `call` must not block. It says how much of what it was asked for it has left: a call that left some has emptied the
    /// stream, or filled it, so the next can wait without trying (`None`: no such thing can be said).
    ///
    /// # Errors
    /// Those of `call`; `WouldBlock` as `waiting` says; no memory or descriptors for the reactor.
    #[inline]
    pub(crate) fn run<T>(
        &self,
        fd: BorrowedFd<'_>,
        waiting: Waiting,
        mut call: impl FnMut() -> io::Result<T>,
        is_short: impl Fn(&T) -> bool,
    ) -> io::Result<T> {
        #[cfg(feature = "sim")]
        if sim::is_on() {
            return sim::network::calls::run(fd, waiting, call);
        }
        let caller = match self.caller() {
            Some(caller) if !waiting.never => caller,
            _ => return outside(fd, waiting, call),
        };
        let registered = match self.registered.get() {
            Some(registered) => registered,
            None => match call() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.register(fd, waiting.interest)?
                }
                done => return done,
            },
        };
        let mut deadline = None;
        let handle = std::ptr::from_ref(self).addr();
        let direction = registered.entry.direction(waiting.interest);
        direction.run(call, is_short, |direction| {
            wait(caller, direction, fd, waiting, &mut deadline, handle)
        })
    }

    /// Does `call` if it can be done now, and otherwise has `context` woken when it is worth another try.
    ///
    /// # Errors
    /// Those of `call`; no memory or descriptors for the reactor.
    pub(crate) fn poll<T>(
        &self,
        fd: BorrowedFd<'_>,
        interest: Interest,
        context: &mut Context<'_>,
        mut call: impl FnMut() -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        #[cfg(feature = "sim")]
        if sim::is_on() {
            return sim::network::calls::poll(fd, interest, context, call);
        }
        let registered = match self.registered.get() {
            Some(registered) => registered,
            None => match call() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.register(fd, interest)?,
                done => return Poll::Ready(done),
            },
        };
        let direction = registered.entry.direction(interest);
        let place = registered.entry.waker_place(interest);
        let polled = direction.poll(place, context.waker(), call);
        if polled.is_pending() && current::worker().is_none() {
            // Outside, nobody who waits here sleeps in the reactor for it: a worker has to.
            Runtime::get_or_start()?.watch_reactor();
        }
        polled
    }

    /// Registers after a call that said `WouldBlock`. No event can be missed: registering tells of what is there by then.
    #[cold]
    fn register(&self, fd: BorrowedFd<'_>, interest: Interest) -> io::Result<&Registered> {
        /// Two threads may wait for the same descriptor first.
        static REGISTERING: Mutex<()> = Mutex::new(());
        let reactor = Reactor::get_or_start()?;
        let _registering = REGISTERING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(registered) = self.registered.get() {
            return Ok(registered);
        }
        let fd = fd.as_raw_fd();
        let (entry, token) = SLAB.take();
        // Known from the call before; should it be ready by now, the kernel tells at once.
        entry.direction(interest).assume_exhausted();
        if let Err(error) = reactor.add(fd, token) {
            SLAB.give(entry, token);
            return Err(error);
        }
        let registered = Registered { entry, token, fd };
        // We have the lock, so nobody else sets it.
        Ok(self.registered.get_or_init(|| registered))
    }
}

/// Waits for an event, but not beyond the deadline, which the first wait sets: false then.
fn wait(
    caller: &'static Control,
    direction: &Direction,
    fd: BorrowedFd<'_>,
    waiting: Waiting,
    deadline: &mut Option<Instant>,
    handle: usize,
) -> bool {
    if deadline.is_none() {
        *deadline = waiting
            .timeout
            .and_then(|timeout| Instant::now().checked_add(timeout));
    }
    caller.note_subject(usize::try_from(fd.as_raw_fd()).unwrap_or(0));
    caller.note_touch(handle);
    direction.wait(Waiter::Green(caller), *deadline, waiting.why)
}

/// The same for an operating-system thread.
#[cold]
#[inline(never)]
fn outside<T>(
    fd: BorrowedFd<'_>,
    waiting: Waiting,
    mut call: impl FnMut() -> io::Result<T>,
) -> io::Result<T> {
    let deadline = waiting
        .timeout
        .and_then(|timeout| Instant::now().checked_add(timeout));
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && !waiting.never => {
                if !epoll::wait_for_one(fd, poll_events(waiting.interest), deadline) {
                    return Err(error);
                }
            }
            done => return done,
        }
    }
}

fn poll_events(interest: Interest) -> libc::c_short {
    match interest {
        Interest::Read => libc::POLLIN,
        Interest::Write => libc::POLLOUT,
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        // Before the descriptor is closed (invariant 4 of the module): by number it could be another's afterwards.
        if let Some(reactor) = super::get() {
            reactor.delete(self.fd);
        }
        SLAB.give(self.entry, self.token);
    }
}
