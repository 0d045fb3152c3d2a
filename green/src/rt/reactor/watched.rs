//! A descriptor whose calls wait in the reactor.
//!
//! What std keeps in the open file, and all its descriptors share, is kept here beside it: whether the *user* asked for calls that do
//! not wait, and for how long they may. The kernel's own flag is another matter. A stream keeps it as the user set it, since its calls
//! can say "do not wait" each (`MSG_DONTWAIT`). Where a call cannot (accept, pipes, datagrams with std's own calls), the
//! kernel's flag is on while we have the file, and restored when its last descriptor here is handed out.
//!
//! Invariant: the registration, and what deterministic mode knows of the descriptor, are dropped before it is closed (field order).

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::ring::Ring;
use super::{Interest, Registration, Waiting, epoll};
use crate::rt::sim::network::calls::Lease;
use crate::rt::{Control, State, sim};

/// See the module.
pub(crate) struct Watched<S> {
    registration: Registration,
    lease: Lease,
    inner: S,
    shared: Arc<Shared>,
}

/// What clones share.
#[derive(Default)]
struct Shared {
    nonblocking: AtomicBool,
    /// The kernel's flag is on whatever the user wants.
    forced: AtomicBool,
    /// In nanoseconds; 0 for none.
    read_timeout: AtomicU64,
    write_timeout: AtomicU64,
    /// The ring left something: the next call gets it at once.
    has_more: AtomicBool,
}

impl<S: AsFd> Watched<S> {
    /// A file of which calls block: they have to be told not to.
    pub(crate) fn new(inner: S) -> Watched<S> {
        Watched {
            registration: Registration::new(),
            lease: Lease::of(inner.as_fd()),
            inner,
            shared: Arc::default(),
        }
    }

    /// A file that somebody else had: what its user set is what it has.
    pub(crate) fn adopt(inner: S) -> Watched<S> {
        let watched = Watched::new(inner);
        // A descriptor that is not open fails at its first use, as it does with std.
        let nonblocking = epoll::is_nonblocking(watched.inner.as_fd()).unwrap_or(false);
        watched.shared.nonblocking.store(nonblocking, Ordering::Relaxed);
        watched
    }

    /// Turns the kernel's flag on for as long as we have the file.
    ///
    /// # Errors
    /// Of ioctl(2).
    pub(crate) fn force(self) -> io::Result<Watched<S>> {
        epoll::set_nonblocking(self.inner.as_fd(), true)?;
        self.shared.forced.store(true, Ordering::Relaxed);
        Ok(self)
    }

    /// As [`force`](Self::force), for a file that is somebody else's: what is wrong with it shows at its first use, as with std.
    pub(crate) fn force_or_fail_later(self) -> Watched<S> {
        let forced = epoll::set_nonblocking(self.inner.as_fd(), true).is_ok();
        self.shared.forced.store(forced, Ordering::Relaxed);
        self
    }

    pub(crate) fn inner(&self) -> &S {
        &self.inner
    }

    /// Takes the file out, as its user would find it with std.
    pub(crate) fn into_inner(self) -> S {
        let Watched {
            registration,
            lease,
            inner,
            shared,
        } = self;
        drop((registration, lease));
        let restore = shared.forced.load(Ordering::Relaxed) && !shared.nonblocking.load(Ordering::Relaxed);
        if restore && Arc::strong_count(&shared) == 1 {
            // What fails here fails for the next user too.
            let _ = epoll::set_nonblocking(inner.as_fd(), false);
        }
        inner
    }

    /// Another descriptor of the same file.
    ///
    /// # Errors
    /// Of `duplicate`.
    pub(crate) fn try_clone(&self, duplicate: impl FnOnce(&S) -> io::Result<S>) -> io::Result<Watched<S>> {
        let inner = duplicate(&self.inner)?;
        Ok(Watched {
            registration: Registration::new(),
            lease: self.lease.duplicate(inner.as_fd()),
            inner,
            shared: Arc::clone(&self.shared),
        })
    }

    /// Whether calls fail rather than wait, from now on, for all descriptors of the file.
    ///
    /// # Errors
    /// Of ioctl(2).
    pub(crate) fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        if !self.shared.forced.load(Ordering::Relaxed) {
            epoll::set_nonblocking(self.inner.as_fd(), nonblocking)?;
        }
        self.shared.nonblocking.store(nonblocking, Ordering::Relaxed);
        Ok(())
    }

    pub(crate) fn is_nonblocking(&self) -> bool {
        self.shared.nonblocking.load(Ordering::Relaxed)
    }

    /// When a write that begins now has taken too long.
    pub(crate) fn write_deadline(&self) -> Option<Instant> {
        deadline_after(&self.shared.write_timeout)
    }

    /// How long reads wait; the caller has told the kernel, which has checked the value.
    pub(crate) fn note_read_timeout(&self, timeout: Option<Duration>) {
        self.shared
            .read_timeout
            .store(to_nanoseconds(timeout), Ordering::Relaxed);
    }

    /// How long writes wait; the caller has told the kernel, which has checked the value.
    pub(crate) fn note_write_timeout(&self, timeout: Option<Duration>) {
        self.shared
            .write_timeout
            .store(to_nanoseconds(timeout), Ordering::Relaxed);
    }

    /// Does `call`, which takes something in, when it can be done.
    ///
    /// # Errors
    /// As [`Registration::run`].
    #[inline]
    pub(crate) fn read<T>(&self, why: State, call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
        self.run(Interest::Read, why, call, |_| false)
    }

    /// Does `call`, which gives something out, when it can be done.
    ///
    /// # Errors
    /// As [`Registration::run`].
    #[inline]
    pub(crate) fn write<T>(&self, why: State, call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
        self.run(Interest::Write, why, call, |_| false)
    }

    /// As [`read`](Self::read), for a stream of bytes and room for `wanted` of them.
    ///
    /// # Errors
    /// As [`Registration::run`].
    #[inline]
    pub(crate) fn read_bytes(
        &self,
        wanted: usize,
        call: impl FnMut() -> io::Result<usize>,
    ) -> io::Result<usize> {
        // Nothing at all is the end, which stays readable.
        self.run(Interest::Read, State::Reading, call, |&count| {
            0 < count && count < wanted
        })
    }

    /// Receives from a stream: by the ring, where there is one and more is not known to be there, or else by `call`.
    ///
    /// # Errors
    /// As [`Registration::run`].
    #[inline]
    pub(crate) fn receive(
        &self,
        buffer: &mut [u8],
        mut call: impl FnMut(&mut [u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        if let Some((ring, caller)) = self.ring()
            && let Some(received) = self.receive_by(ring, caller, buffer, &mut call)
        {
            return received;
        }
        self.read_bytes(buffer.len(), || call(buffer))
    }

    fn receive_by(
        &self,
        ring: &Ring,
        caller: &'static Control,
        buffer: &mut [u8],
        mut call: impl FnMut(&mut [u8]) -> io::Result<usize>,
    ) -> Option<io::Result<usize>> {
        let has_more = &self.shared.has_more;
        if has_more.load(Ordering::Relaxed) {
            let received = call(buffer);
            let is_full = received.as_ref().is_ok_and(|&count| count == buffer.len());
            has_more.store(is_full, Ordering::Relaxed);
            if !matches!(&received, Err(error) if error.kind() == io::ErrorKind::WouldBlock) {
                return Some(received);
            }
        }
        let deadline = deadline_after(&self.shared.read_timeout);
        match ring.receive(caller, self.inner.as_fd(), buffer, deadline) {
            Ok((count, more)) => {
                if more {
                    has_more.store(true, Ordering::Relaxed);
                }
                Some(Ok(count))
            }
            Err(error) => not_refused(error).map(Err),
        }
    }

    /// Sends to a stream: by the ring, where there is one, or else by `call`.
    ///
    /// # Errors
    /// As [`Registration::run`].
    #[inline]
    pub(crate) fn send(&self, buffer: &[u8], call: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
        if let Some((ring, caller)) = self.ring()
            && let Some(sent) = self.send_by(ring, caller, buffer)
        {
            return sent;
        }
        self.write(State::Writing, call)
    }

    fn send_by(&self, ring: &Ring, caller: &'static Control, buffer: &[u8]) -> Option<io::Result<usize>> {
        let deadline = deadline_after(&self.shared.write_timeout);
        match ring.send(caller, self.inner.as_fd(), buffer, deadline) {
            Ok(count) => Some(Ok(count)),
            Err(error) => not_refused(error).map(Err),
        }
    }

    /// The ring, and the calling thread, which may wait for it.
    #[inline]
    fn ring(&self) -> Option<(&'static Ring, &'static Control)> {
        let ring = super::ring().filter(|_| !self.is_nonblocking() && !sim::is_on())?;
        Some((ring, self.registration.caller()?))
    }

    #[inline]
    fn run<T>(
        &self,
        interest: Interest,
        why: State,
        call: impl FnMut() -> io::Result<T>,
        is_short: impl Fn(&T) -> bool,
    ) -> io::Result<T> {
        let timeout = match interest {
            Interest::Read => &self.shared.read_timeout,
            Interest::Write => &self.shared.write_timeout,
        };
        let waiting = Waiting {
            interest,
            why,
            never: self.shared.nonblocking.load(Ordering::Relaxed),
            timeout: match timeout.load(Ordering::Relaxed) {
                0 => None,
                nanoseconds => Some(Duration::from_nanos(nanoseconds)),
            },
        };
        self.registration.run(self.inner.as_fd(), waiting, call, is_short)
    }

    /// As [`Registration::poll`].
    ///
    /// # Errors
    /// As there.
    pub(crate) fn poll<T>(
        &self,
        interest: Interest,
        context: &mut Context<'_>,
        call: impl FnMut() -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        self.registration
            .poll(self.inner.as_fd(), interest, context, call)
    }

    /// Waits for one event of another kind, with a deadline of its own: a connection in progress, a child's end.
    ///
    /// # Errors
    /// As [`Registration::run`].
    pub(crate) fn wait_for<T>(
        &self,
        interest: Interest,
        why: State,
        timeout: Option<Duration>,
        call: impl FnMut() -> io::Result<T>,
    ) -> io::Result<T> {
        let waiting = Waiting {
            interest,
            why,
            never: false,
            timeout,
        };
        self.registration
            .run(self.inner.as_fd(), waiting, call, |_| false)
    }
}

/// When a call that begins now has taken too long.
fn deadline_after(timeout: &AtomicU64) -> Option<Instant> {
    match timeout.load(Ordering::Relaxed) {
        0 => None,
        nanoseconds => Instant::now().checked_add(Duration::from_nanos(nanoseconds)),
    }
}

/// The ring does not wait for an open file that somebody, by another descriptor, has set to not wait: readiness has to do.
fn not_refused(error: io::Error) -> Option<io::Error> {
    Some(error).filter(|error| error.raw_os_error() != Some(libc::EAGAIN))
}

fn to_nanoseconds(timeout: Option<Duration>) -> u64 {
    timeout.map_or(0, |timeout| u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX))
}
