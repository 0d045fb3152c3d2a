//! [`Observers`]: who is told when the last handle of an open file is gone.

use super::File;
use crate::error::Errno;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};
use threadbare_machine::sync::SpinLock;

/// Who wants to know that a file is closed.
pub trait CloseObserver: Send + Sync {
    /// The last handle of `file` is gone. Called with no lock held.
    fn closed(&self, file: &File);
}

/// The observers of a file. Closing one that has none costs one look.
pub struct Observers {
    count: AtomicUsize,
    entries: SpinLock<Vec<Arc<dyn CloseObserver>>>,
}

impl Observers {
    /// Nobody.
    pub(super) const fn new() -> Observers {
        Observers {
            count: AtomicUsize::new(0),
            entries: SpinLock::new(Vec::new()),
        }
    }

    /// Adds one.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn add(&self, observer: Arc<dyn CloseObserver>) -> Result<(), Errno> {
        let mut entries = self.entries.lock();
        entries.try_reserve(1)?;
        entries.push(observer);
        self.count.store(entries.len(), Ordering::Relaxed);
        Ok(())
    }

    /// Takes one back.
    pub fn remove(&self, observer: &Arc<dyn CloseObserver>) {
        let mut entries = self.entries.lock();
        let found = entries
            .iter()
            .position(|entry| core::ptr::addr_eq(Arc::as_ptr(entry), Arc::as_ptr(observer)));
        let removed = found.map(|at| entries.swap_remove(at));
        self.count.store(entries.len(), Ordering::Relaxed);
        drop(entries);
        drop(removed);
    }

    /// Tells them all. Nobody else has the file any more, so that none is added meanwhile.
    pub(super) fn tell(&self, file: &File) {
        if self.count.load(Ordering::Relaxed) == 0 {
            return;
        }
        let entries = core::mem::take(&mut *self.entries.lock());
        for observer in entries {
            observer.closed(file);
        }
    }
}
