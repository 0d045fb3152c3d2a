//! Waiting for descriptors: one epoll instance for the process.
//!
//! ```text
//!   thread ── call ──▶ kernel         tried first; most calls never come here
//!     │ EAGAIN                          short transfers save the call that would say EAGAIN
//!     ▼
//!   Registration ── Entry ── Direction.word ◀── event ── epoll ◀── a worker that looks, or the one that sleeps here
//! ```
//!
//! A descriptor is registered when it first has to wait, for both directions, edge-triggered, and never again changed. Of the
//! workers that have nothing to do one sleeps in the epoll instance, the others on their futexes; a busy worker looks in when its queue
//! is empty, and every few dozen switches; the monitor does when nobody else did. Whoever looks makes all threads runnable
//! whose events came, in the order of their events, and lets other workers know once.
//!
//! Operating-system threads do not take part: they wait in `poll(2)`.
//!
//! Where that is asked for, the calls of streams go through an io_uring instead (`ring`), which then watches the epoll instance too.
//!
//! Invariants:
//! 1. The events' buffer has one user at a time: the one that has the lock, asleep or not.
//! 2. An entry is found by its token only while the registration lives (`slab`). Events that come late make false alarms, which cost a
//!    call that says EAGAIN.
//! 3. Every event is told to the entry, and the entry says when a call may be left out (`attempt`, with its model in `tests/loom`).
//! 4. A registration ends before its descriptor is closed, so that no other descriptor of that number is taken off.
//!
//! Rejected: an epoll instance for each worker, because a thread's descriptors would stay behind when it is stolen; level-triggered
//! events, because each wait would cost one more system call.

mod attempt;
mod entry;
mod epoll;
mod operation;
mod registration;
mod ring;
mod settings;
mod slab;
#[cfg(test)]
mod tests;
mod watched;

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, TryLockError};
use std::time::Duration;

use entry::Entry;
pub(crate) use entry::Interest;
pub(crate) use epoll::{is_readable, read};
use registration::Registration;
pub(crate) use registration::Waiting;
pub(crate) use watched::Watched;

use threadbare_context::prefetch;

use self::epoll::Event;
use self::ring::Ring;
use self::slab::Slab;
use super::runtime::Runtime;
use super::waiter::Waiter;
use super::worker::Worker;

/// Events that are taken at a time. Few enough that what the kernel and the reactor touched for an event is still in the caches when its
/// thread runs (measured with 1,024 connections: 256 cost 4 % more processor time for a request).
const BATCH: usize = 64;

/// The token of the eventfd that ends a sleep. No entry has it: there are not so many.
const INTERRUPT: u64 = u64::MAX;

/// See the module.
pub(crate) struct Reactor {
    epoll: OwnedFd,
    eventfd: OwnedFd,
    /// Where that was asked for and can be had; or else why it cannot.
    ring: Result<Ring, Option<String>>,
    events: Mutex<Events>,
    /// Somebody has looked since the monitor asked.
    looked: AtomicBool,
    /// Somebody sleeps here.
    watched: AtomicBool,
    looks: AtomicU64,
}

/// What the one that looks needs.
struct Events {
    buffer: Box<[Event; BATCH]>,
    /// With a ring: the epoll instance may have events. It tells the ring of each that comes, but of none twice.
    has_more: bool,
}

/// The right to take events.
pub(super) struct Look<'a> {
    reactor: &'static Reactor,
    events: MutexGuard<'a, Events>,
}

static REACTOR: OnceLock<Result<Reactor, i32>> = OnceLock::new();
static SLAB: Slab = Slab::new();
/// Of the next event.
static SERIAL: AtomicUsize = AtomicUsize::new(1);

/// The reactor, if anything was ever registered.
#[inline]
pub(super) fn get() -> Option<&'static Reactor> {
    REACTOR.get()?.as_ref().ok()
}

/// How many descriptors are registered, or have a call under way in the ring.
pub(crate) fn registered() -> usize {
    SLAB.used() + ring().map_or(0, Ring::under_way)
}

/// The ring, if anything was ever registered, and it was asked for and can be had.
#[inline]
fn ring() -> Option<&'static Ring> {
    get()?.ring.as_ref().ok()
}

/// Whether the calls of streams go through the ring.
pub(crate) fn has_ring() -> bool {
    ring().is_some()
}

/// Why there is no ring though it was asked for.
pub(crate) fn why_no_ring() -> Option<&'static str> {
    get()?.ring.as_ref().err()?.as_deref()
}

/// How often the reactor was looked at, and how many events it had.
pub(crate) fn counts() -> (u64, u64) {
    let looks = get().map_or(0, |reactor| reactor.looks.load(Ordering::Relaxed));
    (looks, SERIAL.load(Ordering::Relaxed) as u64 - 1)
}

impl Reactor {
    fn get_or_start() -> io::Result<&'static Reactor> {
        let started = REACTOR
            .get_or_init(|| Reactor::start().map_err(|error| error.raw_os_error().unwrap_or(libc::EIO)));
        started
            .as_ref()
            .map_err(|&error| io::Error::from_raw_os_error(error))
    }

    fn start() -> io::Result<Reactor> {
        let epoll = epoll::create()?;
        let eventfd = epoll::create_eventfd()?;
        let events = epoll::bits(libc::EPOLLIN | libc::EPOLLET);
        epoll::add(epoll.as_fd(), eventfd.as_raw_fd(), events, INTERRUPT)?;
        let wanted = Runtime::get().is_some_and(|runtime| runtime.config.io_uring);
        let ring = if wanted {
            Ring::start(epoll.as_fd()).map_err(Some)
        } else {
            Err(None)
        };
        Ok(Reactor {
            epoll,
            eventfd,
            ring,
            events: Mutex::new(Events {
                buffer: Box::new([epoll::NO_EVENT; BATCH]),
                has_more: true,
            }),
            looked: AtomicBool::new(false),
            watched: AtomicBool::new(false),
            looks: AtomicU64::new(0),
        })
    }

    fn add(&self, fd: RawFd, token: u64) -> io::Result<()> {
        epoll::add(self.epoll.as_fd(), fd, epoll::ALL, token)
    }

    fn delete(&self, fd: RawFd) {
        epoll::delete(self.epoll.as_fd(), fd);
    }

    /// Ends the sleep of the worker that sleeps here, or its next one.
    pub(super) fn interrupt(&self) {
        epoll::signal(self.eventfd.as_fd());
    }

    /// The right to take events, unless somebody has it.
    pub(super) fn try_look(&'static self) -> Option<Look<'static>> {
        let events = match self.events.try_lock() {
            Ok(events) => events,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        Some(Look {
            reactor: self,
            events,
        })
    }

    /// Makes threads runnable whose events have come; how many.
    pub(super) fn look_now(&'static self, worker: Option<&'static Worker>) -> usize {
        self.try_look()
            .map_or(0, |look| look.take(worker, Some(Duration::ZERO)))
    }

    /// The computation of a worker has nothing to run, or runs for long: what its threads want done begins.
    #[inline]
    pub(super) fn submit(&self) {
        if let Ok(ring) = &self.ring {
            ring.submit();
        }
    }

    /// Whether nobody has looked since the last call of this, and nobody sleeps here.
    pub(super) fn is_neglected(&self) -> bool {
        !self.looked.swap(false, Ordering::Relaxed) && !self.is_watched()
    }

    /// Whether a worker sleeps here.
    pub(super) fn is_watched(&self) -> bool {
        self.watched.load(Ordering::Relaxed)
    }
}

impl Look<'_> {
    /// Waits for events until `timeout`, and makes the threads runnable that waited for them: on `worker`, which calls, or, where
    /// there is none, anywhere. How many.
    pub(super) fn take(mut self, worker: Option<&'static Worker>, timeout: Option<Duration>) -> usize {
        let reactor = self.reactor;
        let sleeps = timeout != Some(Duration::ZERO);
        reactor.watched.store(sleeps, Ordering::Relaxed);
        // No more than the worker has room for: the rest waits better there than in the global queue.
        let room = worker.map_or(BATCH, |worker| worker.room().clamp(1, BATCH));
        let mut woken = 0;
        let mut wake = |waiter: Waiter| {
            woken += 1;
            match worker {
                Some(worker) => waiter.wake_behind(worker),
                None => waiter.wake(),
            }
        };
        let (done, count) = match &reactor.ring {
            Err(_) => (
                0,
                epoll::wait(reactor.epoll.as_fd(), &mut self.events.buffer[..room], timeout),
            ),
            Ok(ring) => self
                .events
                .take_from(ring, reactor.epoll.as_fd(), timeout, &mut wake),
        };
        reactor.watched.store(false, Ordering::Relaxed);
        reactor.looked.store(true, Ordering::Relaxed);
        // No other writer: we have the lock.
        let looks = reactor.looks.load(Ordering::Relaxed);
        reactor.looks.store(looks + 1, Ordering::Relaxed);
        let first = SERIAL.fetch_add(done + count, Ordering::Relaxed);
        let events = &self.events.buffer[..count];
        // Nearly every entry and control block has left the caches; fetched one by one they would cost more than all else here.
        let entries = || events.iter().filter_map(|event| SLAB.place_of(event.u64));
        entries().for_each(|entry| prefetch(std::ptr::from_ref(entry).addr()));
        entries().for_each(Entry::prefetch_waiters);
        for (event, serial) in events.iter().zip(first..) {
            deliver(*event, serial, &mut wake);
        }
        woken
    }
}

impl Events {
    /// Waits in the ring, and takes what it has; then what the epoll instance has. How many of each.
    fn take_from(
        &mut self,
        ring: &Ring,
        epoll: BorrowedFd<'_>,
        timeout: Option<Duration>,
        wake: &mut impl FnMut(Waiter),
    ) -> (usize, usize) {
        ring.enter(if self.has_more {
            Some(Duration::ZERO)
        } else {
            timeout
        });
        let taken = ring.take(&mut *wake);
        let mut count = 0;
        if taken.epoll || self.has_more {
            count = epoll::wait(epoll, &mut self.buffer[..], Some(Duration::ZERO));
            self.has_more = count == BATCH;
        }
        (taken.operations, count)
    }
}

/// Tells an event to whoever waits for it.
#[inline]
fn deliver(event: Event, serial: usize, wake: &mut impl FnMut(Waiter)) {
    const BROKEN: u32 = epoll::bits(libc::EPOLLHUP | libc::EPOLLERR);
    const ODD: u32 = BROKEN | epoll::bits(libc::EPOLLRDHUP | libc::EPOLLPRI);
    const READ: u32 = epoll::bits(libc::EPOLLIN) | ODD;
    const WRITE: u32 = epoll::bits(libc::EPOLLOUT) | BROKEN;
    let Event { events, u64: token } = event;
    if token == INTERRUPT {
        return;
    }
    let Some(entry) = SLAB.find(token) else { return };
    if events & READ != 0 {
        if events & ODD != 0 {
            entry.read.make_unsure();
        }
        entry.read.happened(serial, &entry.reader, &mut *wake);
    }
    if events & WRITE != 0 {
        entry.write.happened(serial, &entry.writer, wake);
    }
}
