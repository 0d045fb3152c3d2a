//! What travels along with data: descriptors and credentials (`unix(7)`, "Ancillary messages").

use crate::error::Errno;
use crate::vfs::File;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};
use threadbare_machine::sync::SpinLock;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// `struct ucred`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct UserCredentials {
    /// The process.
    pub pid: u32,
    /// Its user.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
}

impl UserCredentials {
    /// Of whom nothing is known.
    pub const NOBODY: UserCredentials = UserCredentials {
        pid: 0,
        uid: 65534,
        gid: 65534,
    };
}

/// What travels along with data.
#[derive(Clone, Default)]
pub struct Ancillary {
    /// Who sent it, if somebody wants to know.
    pub credentials: Option<UserCredentials>,
    /// Open files.
    pub rights: Option<Rights>,
}

impl Ancillary {
    /// Whether data of both may be received at once, for who wants to know credentials.
    pub(super) fn has_same_sender(one: Option<&Ancillary>, other: Option<&Ancillary>) -> bool {
        let of = |ancillary: Option<&Ancillary>| ancillary.and_then(|ancillary| ancillary.credentials);
        of(one) == of(other)
    }
}

/// Open files on their way (`SCM_RIGHTS`).
pub struct Rights {
    files: Vec<Arc<File>>,
}

/// How many are on their way in the whole machine.
static IN_FLIGHT: AtomicUsize = AtomicUsize::new(0);

impl Rights {
    /// The most files of one message (`SCM_MAX_FD`).
    pub const MOST: usize = 253;

    /// Sends files on their way, if not more than `limit` are.
    ///
    /// # Errors
    /// `ETOOMANYREFS`.
    pub fn new(files: Vec<Arc<File>>, limit: usize) -> Result<Rights, Errno> {
        let before = IN_FLIGHT.fetch_add(files.len(), Ordering::Relaxed);
        let rights = Rights { files };
        if before.saturating_add(rights.files.len()) > limit {
            return Err(Errno::ETOOMANYREFS);
        }
        Ok(rights)
    }

    /// The files.
    pub fn files(&self) -> &[Arc<File>] {
        &self.files
    }
}

impl Clone for Rights {
    fn clone(&self) -> Rights {
        IN_FLIGHT.fetch_add(self.files.len(), Ordering::Relaxed);
        Rights {
            files: self.files.clone(),
        }
    }
}

impl Drop for Rights {
    fn drop(&mut self) {
        IN_FLIGHT.fetch_sub(self.files.len(), Ordering::Relaxed);
        bury(core::mem::take(&mut self.files));
    }
}

/// Files that are being closed. A socket on its way may hold sockets on their way, and so on: closing them one in the
/// other would need as much stack as a program likes.
static GRAVES: SpinLock<Graves> = SpinLock::new(Graves {
    waiting: Vec::new(),
    digging: false,
});

struct Graves {
    waiting: Vec<Vec<Arc<File>>>,
    /// Somebody closes what waits.
    digging: bool,
}

/// Closes files one after the other, by whoever began.
fn bury(files: Vec<Arc<File>>) {
    let mut graves = GRAVES.lock();
    graves.waiting.push(files);
    if core::mem::replace(&mut graves.digging, true) {
        return;
    }
    drop(graves);
    loop {
        let mut graves = GRAVES.lock();
        let Some(files) = graves.waiting.pop() else {
            graves.digging = false;
            return;
        };
        drop(graves);
        drop(files);
    }
}
