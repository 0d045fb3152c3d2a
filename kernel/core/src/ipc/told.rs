//! [`Told`]: whom a signal tells that a file has become ready (`fcntl(2)`, `F_SETOWN`, `F_SETSIG`, `O_ASYNC`).
//!
//! It is entered among the watchers of the file while `O_ASYNC` is set, and taken out when the file is closed.
//!
//! Only pipes, sockets and terminals take it, as on Linux. It sends with the lock of their watchers held: sending goes on to processes,
//! and to files of signals and epoll instances, which do not lead back.

use crate::error::Errno;
use crate::process::{self, Process, Thread};
use crate::signal::{Details, Signal, SignalInfo, send_to_process, send_to_thread};
use crate::vfs::{CloseObserver, Credentials, File, FileType, Readiness, Watcher};
use alloc::sync::{Arc, Weak};
use core::sync::atomic::{AtomicBool, Ordering};
use linux_raw_sys::general as linux;
use threadbare_machine::sync::SpinLock;

/// Who is told.
#[derive(Clone, Default)]
pub enum Owner {
    /// Nobody.
    #[default]
    Nobody,
    /// A thread (`F_OWNER_TID`).
    Thread(Weak<Thread>),
    /// A process.
    Process(Weak<Process>),
    /// All processes of a group, by its number.
    Group(u32),
}

/// Whom a signal tells that a file has become ready, and which.
#[derive(Default)]
pub struct Told {
    settings: SpinLock<Settings>,
    /// Whether `O_ASYNC` is set.
    is_on: AtomicBool,
}

#[derive(Clone, Default)]
struct Settings {
    owner: Owner,
    /// Who has said so: with whose rights it is sent.
    by: Option<Arc<Credentials>>,
    /// `None` for SIGIO without particulars.
    signal: Option<Signal>,
    /// The descriptor by which it was switched on.
    fd: u32,
}

impl Told {
    /// Whom it tells.
    pub fn owner(&self) -> Owner {
        self.settings.lock().owner.clone()
    }

    /// Lets it tell `owner`, with the rights of `by`.
    pub fn set_owner(&self, owner: Owner, by: Arc<Credentials>) {
        let _old = {
            let mut settings = self.settings.lock();
            let owner = core::mem::replace(&mut settings.owner, owner);
            (owner, settings.by.replace(by))
        };
    }

    /// By which signal, if not by SIGIO without particulars.
    pub fn signal(&self) -> Option<Signal> {
        self.settings.lock().signal
    }

    /// Sets the signal.
    pub fn set_signal(&self, signal: Option<Signal>) {
        self.settings.lock().signal = signal;
    }

    /// Whether files of this kind can be told of.
    pub fn is_for(file: &File) -> bool {
        let kind = file.inode().kind();
        let waits = matches!(
            kind,
            FileType::Fifo | FileType::Socket | FileType::CharacterDevice
        );
        waits && file.operations().watchers(file).is_some()
    }

    /// Switches it on or off (`O_ASYNC`), by the descriptor `fd` of `file`, which it belongs to.
    ///
    /// # Errors
    /// `ENOTTY` for a file that cannot be told of; `ENOMEM`.
    pub fn switch(self: &Arc<Self>, file: &File, fd: u32, on: bool) -> Result<(), Errno> {
        let watchers = file.operations().watchers(file).filter(|_| Told::is_for(file));
        let watchers = watchers.ok_or(Errno::ENOTTY)?;
        self.settings.lock().fd = fd;
        if self.is_on.swap(on, Ordering::Relaxed) == on {
            return Ok(());
        }
        if !on {
            self.leave(file);
            return Ok(());
        }
        watchers.add(self.clone(), Readiness::ALL, false)?;
        file.observers()
            .add(self.clone())
            .inspect_err(|_| self.leave(file))
    }

    fn leave(self: &Arc<Self>, file: &File) {
        self.is_on.store(false, Ordering::Relaxed);
        let (watcher, observer): (Arc<dyn Watcher>, Arc<dyn CloseObserver>) = (self.clone(), self.clone());
        if let Some(watchers) = file.operations().watchers(file) {
            watchers.remove(&watcher);
        }
        file.observers().remove(&observer);
    }
}

impl Watcher for Told {
    fn notified(&self, ready: Readiness) -> bool {
        let settings = self.settings.lock().clone();
        let may = |process: &Process| {
            let by = settings.by.as_ref();
            by.is_some_and(|by| by.may_signal(&process.credentials()))
        };
        let to_process = |process: &Process| {
            if may(process) {
                settings.tell(ready, |info| send_to_process(process, info));
            }
        };
        match &settings.owner {
            Owner::Nobody => {}
            Owner::Thread(thread) => {
                if let Some(thread) = thread.upgrade().filter(|thread| may(&thread.process)) {
                    settings.tell(ready, |info| send_to_thread(&thread, info));
                }
            }
            Owner::Process(process) => process.upgrade().iter().for_each(|process| to_process(process)),
            Owner::Group(group) => process::members_of_group(*group).for_each(|process| to_process(&process)),
        }
        false
    }
}

impl CloseObserver for Told {
    fn closed(&self, file: &File) {
        if let Some(told) = file.told() {
            told.leave(file);
        }
    }
}

impl Settings {
    /// Sends the signal with particulars, or SIGIO if none was chosen, or if too many wait.
    fn tell(&self, ready: Readiness, send: impl Fn(SignalInfo) -> bool) {
        let sent = self
            .signal
            .is_some_and(|signal| send(self.particulars(signal, ready)));
        if !sent {
            send(SignalInfo::from_kernel(Signal::SIGIO));
        }
    }

    /// `si_code`, `si_band` and `si_fd` (`sigaction(2)`).
    fn particulars(&self, signal: Signal, ready: Readiness) -> SignalInfo {
        const POLL_IN: i32 = 1;
        const POLL_OUT: i32 = 2;
        const POLL_ERR: i32 = 4;
        const POLL_PRI: i32 = 5;
        const POLL_HUP: i32 = 6;
        let (code, band) = if ready.intersects(Readiness::HANG_UP) {
            (POLL_HUP, linux::POLLHUP | linux::POLLERR)
        } else if ready.intersects(Readiness::READ) {
            (POLL_IN, linux::POLLIN | linux::POLLRDNORM)
        } else if ready.intersects(Readiness::PRIORITY) {
            (POLL_PRI, linux::POLLPRI | linux::POLLRDBAND)
        } else if ready.intersects(Readiness::ERROR) {
            (POLL_ERR, linux::POLLERR)
        } else {
            (POLL_OUT, linux::POLLOUT | linux::POLLWRNORM | linux::POLLWRBAND)
        };
        SignalInfo {
            signal,
            code,
            details: Details::Raw {
                errno: 0,
                fields: [band.into(), self.fd.into(), 0, 0],
            },
        }
    }
}
