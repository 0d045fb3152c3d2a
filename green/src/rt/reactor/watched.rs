//! A descriptor whose calls wait in the reactor.
//!
//! What std keeps in the open file, and all its descriptors share, is kept here beside it (`settings`): whether the *user* asked for calls
//! that do not wait, and for how long they may. The kernel's own flag is another matter. A stream keeps it as the user set it, since its calls
//! can say "do not wait" each (`MSG_DONTWAIT`). Where a call cannot (accept, pipes, datagrams with std's own calls), the
//! kernel's flag is on while we have the file, and restored when its last descriptor here is handed out.
//!
//! Invariant: the registration, and what deterministic mode knows of the descriptor, are dropped before it is closed (field order).

use std::io;
use std::os::fd::AsFd;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::ring::Ring;
use super::settings::{Settings, deadline_after};
use super::{Interest, Registration, Waiting, epoll};
use crate::rt::sim::network::calls::Lease;
use crate::rt::{Control, State, sim};

/// See the module. What a call needs of it lies together, for a thread that was woken finds it in no cache unless it was fetched
/// ([`Registration`] tells what to fetch).
#[repr(C)]
pub(crate) struct Watched<S> {
    registration: Registration,
    lease: Lease,
    inner: S,
    settings: Settings,
}

impl<S: AsFd> Watched<S> {
    /// A file of which calls block: they have to be told not to.
    pub(crate) fn new(inner: S) -> Watched<S> {
        Watched {
            registration: Registration::new(),
            lease: Lease::of(inner.as_fd()),
            inner,
            settings: Settings::default(),
        }
    }

    /// A file that somebody else had: what its user set is what it has.
    pub(crate) fn adopt(inner: S) -> Watched<S> {
        let watched = Watched::new(inner);
        // A descriptor that is not open fails at its first use, as it does with std.
        let nonblocking = epoll::is_nonblocking(watched.inner.as_fd()).unwrap_or(false);
        watched.settings.set_nonblocking(nonblocking);
        watched
    }

    /// Turns the kernel's flag on for as long as we have the file.
    ///
    /// # Errors
    /// Of ioctl(2).
    pub(crate) fn force(self) -> io::Result<Watched<S>> {
        epoll::set_nonblocking(self.inner.as_fd(), true)?;
        self.settings.set_forced(true);
        Ok(self)
    }

    /// As [`force`](Self::force), for a file that is somebody else's: what is wrong with it shows at its first use, as with std.
    pub(crate) fn force_or_fail_later(self) -> Watched<S> {
        let forced = epoll::set_nonblocking(self.inner.as_fd(), true).is_ok();
        self.settings.set_forced(forced);
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
            settings,
        } = self;
        drop((registration, lease));
        if settings.is_forced() && !settings.is_nonblocking() && settings.are_alone() {
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
            settings: self.settings.share(),
        })
    }

    /// Whether calls fail rather than wait, from now on, for all descriptors of the file.
    ///
    /// # Errors
    /// Of ioctl(2).
    pub(crate) fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        if !self.settings.is_forced() {
            epoll::set_nonblocking(self.inner.as_fd(), nonblocking)?;
        }
        self.settings.set_nonblocking(nonblocking);
        Ok(())
    }

    #[inline]
    pub(crate) fn is_nonblocking(&self) -> bool {
        self.settings.is_nonblocking()
    }

    /// When a write that begins now has taken too long.
    pub(crate) fn write_deadline(&self) -> Option<Instant> {
        deadline_after(self.settings.write_timeout())
    }

    /// How long reads wait; the caller has told the kernel, which has checked the value.
    pub(crate) fn note_read_timeout(&self, timeout: Option<Duration>) {
        self.settings.set_read_timeout(timeout);
    }

    /// How long writes wait; the caller has told the kernel, which has checked the value.
    pub(crate) fn note_write_timeout(&self, timeout: Option<Duration>) {
        self.settings.set_write_timeout(timeout);
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
        if self.settings.has_more() {
            let received = call(buffer);
            let is_full = received.as_ref().is_ok_and(|&count| count == buffer.len());
            self.settings.set_has_more(is_full);
            if !matches!(&received, Err(error) if error.kind() == io::ErrorKind::WouldBlock) {
                return Some(received);
            }
        }
        let deadline = deadline_after(self.settings.read_timeout());
        match ring.receive(caller, self.inner.as_fd(), buffer, deadline) {
            Ok((count, more)) => {
                if more {
                    self.settings.set_has_more(true);
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
        let deadline = deadline_after(self.settings.write_timeout());
        match ring.send(caller, self.inner.as_fd(), buffer, deadline) {
            Ok(count) => Some(Ok(count)),
            Err(error) => not_refused(error).map(Err),
        }
    }

    /// The ring, and the calling thread, which may wait for it.
    #[inline]
    fn ring(&self) -> Option<(&'static Ring, &'static Control)> {
        let ring = super::ring().filter(|_| !self.is_nonblocking() && !sim::is_on())?;
        let caller = self.registration.caller()?;
        caller.note_touch(std::ptr::from_ref(self).addr());
        Some((ring, caller))
    }

    #[inline]
    fn run<T>(
        &self,
        interest: Interest,
        why: State,
        call: impl FnMut() -> io::Result<T>,
        is_short: impl Fn(&T) -> bool,
    ) -> io::Result<T> {
        let waiting = Waiting {
            interest,
            why,
            never: self.settings.is_nonblocking(),
            timeout: match interest {
                Interest::Read => self.settings.read_timeout(),
                Interest::Write => self.settings.write_timeout(),
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

/// The ring does not wait for an open file that somebody, by another descriptor, has set to not wait: readiness has to do.
fn not_refused(error: io::Error) -> Option<io::Error> {
    Some(error).filter(|error| error.raw_os_error() != Some(libc::EAGAIN))
}
