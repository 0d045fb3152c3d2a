//! [`Item`]: a file that an epoll instance watches.

use super::instance::Epoll;
use super::ready::ReadyList;
use crate::vfs::{CloseObserver, File, Readiness, Watcher};
use alloc::sync::{Arc, Weak};
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use linux_raw_sys::general as linux;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// `struct epoll_event`, which is packed on x86-64.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C, packed)]
pub struct Event {
    /// `EPOLL*` bits.
    pub events: u32,
    /// The program's own.
    pub data: u64,
}

/// What is asked of a file: the `EPOLL*` bits of `epoll_ctl(2)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest(u32);

impl Interest {
    const FLAGS: u32 = linux::EPOLLET | linux::EPOLLONESHOT | linux::EPOLLEXCLUSIVE | linux::EPOLLWAKEUP;

    /// These bits; errors and hang-ups are always asked for.
    pub const fn new(bits: u32) -> Interest {
        Interest(bits | linux::EPOLLERR | linux::EPOLLHUP)
    }

    /// Nothing, until it is changed.
    const NOTHING: Interest = Interest(0);

    /// Whether one report ends the interest.
    fn is_one_shot(self) -> bool {
        self.0 & linux::EPOLLONESHOT != 0
    }

    /// Whether what is ready is reported again and again.
    fn is_level_triggered(self) -> bool {
        self.0 & (linux::EPOLLET | linux::EPOLLONESHOT) == 0
    }

    /// Which readiness ends a wait.
    fn readiness(self) -> Readiness {
        Readiness::from_bits(self.0 & !Self::FLAGS)
    }

    /// Whether only one of the instances that watch a file so is told.
    pub const fn is_exclusive(self) -> bool {
        self.0 & linux::EPOLLEXCLUSIVE != 0
    }

    /// Whether an exclusive interest is one that Linux allows (`EPOLLEXCLUSIVE_OK_BITS`).
    pub const fn may_be_exclusive(self) -> bool {
        const ALLOWED: u32 = linux::EPOLLIN
            | linux::EPOLLOUT
            | linux::EPOLLERR
            | linux::EPOLLHUP
            | linux::EPOLLWAKEUP
            | linux::EPOLLET
            | linux::EPOLLEXCLUSIVE;
        self.0 & !ALLOWED == 0
    }
}

/// A file that an epoll instance watches.
pub(super) struct Item {
    pub(super) fd: u32,
    /// The open file: the item goes with it, and does not keep it.
    pub(super) file: Weak<File>,
    /// The instance, for when the file is closed.
    epoll: Weak<Epoll>,
    ready: Arc<ReadyList>,
    /// Its place there.
    pub(super) slot: u32,
    /// What is asked for, or [`Interest::NOTHING`].
    interest: AtomicU32,
    data: AtomicU64,
}

impl Item {
    pub(super) fn new(
        (fd, file): (u32, &Arc<File>),
        epoll: &Arc<Epoll>,
        (ready, slot): (&Arc<ReadyList>, u32),
        interest: Interest,
        data: u64,
    ) -> Arc<Item> {
        Arc::new(Item {
            fd,
            file: Arc::downgrade(file),
            epoll: Arc::downgrade(epoll),
            ready: ready.clone(),
            slot,
            interest: AtomicU32::new(interest.0),
            data: AtomicU64::new(data),
        })
    }

    /// Whether it is about this very file under this number.
    pub(super) fn is_for(&self, fd: u32, file: &File) -> bool {
        self.fd == fd && core::ptr::eq(self.file.as_ptr(), file)
    }

    fn interest(&self) -> Interest {
        Interest(self.interest.load(Ordering::Relaxed))
    }

    /// Whether it is reported as long as it is ready.
    pub(super) fn is_level_triggered(&self) -> bool {
        self.interest().is_level_triggered()
    }

    pub(super) fn is_exclusive(&self) -> bool {
        self.interest().is_exclusive()
    }

    pub(super) fn change(&self, interest: Interest, data: u64) {
        self.data.store(data, Ordering::Relaxed);
        self.interest.store(interest.0, Ordering::Relaxed);
    }

    /// What of the interest is there now.
    pub(super) fn look(&self, file: &File) -> Readiness {
        let asked = self.interest().readiness();
        if asked.is_none() {
            return Readiness::NONE;
        }
        file.operations().poll(file).and(asked)
    }

    /// The event to report, if there is one; and what was asked for.
    pub(super) fn report(&self) -> Option<(Event, Interest)> {
        let file = self.file.upgrade()?;
        let interest = self.interest();
        let ready = self.look(&file);
        if ready.is_none() || (interest.is_one_shot() && !self.disarm(interest)) {
            return None;
        }
        let event = Event {
            events: ready.bits(),
            data: self.data.load(Ordering::Relaxed),
        };
        Some((event, interest))
    }

    /// Takes a one-shot interest; `false` if somebody else was faster.
    fn disarm(&self, interest: Interest) -> bool {
        self.replace(interest, Interest::NOTHING)
    }

    /// The event could not be delivered: it is to be reported again.
    pub(super) fn rearm(&self, interest: Interest) {
        self.replace(Interest::NOTHING, interest);
    }

    fn replace(&self, old: Interest, new: Interest) -> bool {
        self.interest
            .compare_exchange(old.0, new.0, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    }
}

impl Watcher for Item {
    fn notified(&self, ready: Readiness) -> bool {
        self.interest().readiness().intersects(ready) && self.ready.list(self.slot)
    }
}

impl CloseObserver for Item {
    fn closed(&self, file: &File) {
        if let Some(epoll) = self.epoll.upgrade() {
            epoll.forget(self.fd, file);
        }
    }
}
