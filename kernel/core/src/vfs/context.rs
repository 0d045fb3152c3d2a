//! [`FsContext`]: where a process stands in the tree (`CLONE_FS` shares it).

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering};

use threadbare_machine::sync::SpinLock;

use super::{Namespace, Place};

/// Root, working directory, umask and the namespace that they lie in.
pub struct FsContext {
    namespace: Arc<Namespace>,
    places: SpinLock<Places>,
    umask: AtomicU32,
}

#[derive(Clone)]
struct Places {
    /// Lookups hold on to the one that they have begun with.
    root: Arc<Place>,
    working_directory: Place,
}

impl FsContext {
    /// At the root of `namespace`, with the usual umask of 022.
    pub fn new(namespace: Arc<Namespace>) -> Self {
        let root = namespace.root();
        let places = Places {
            working_directory: root.clone(),
            root: Arc::new(root),
        };
        FsContext {
            namespace,
            places: SpinLock::new(places),
            umask: AtomicU32::new(0o022),
        }
    }

    /// A context of its own at the same places, for `fork(2)`.
    #[must_use]
    pub fn duplicate(&self) -> FsContext {
        let places = self.places.lock().clone();
        let umask = AtomicU32::new(self.umask());
        FsContext {
            namespace: self.namespace.clone(),
            places: SpinLock::new(places),
            umask,
        }
    }

    /// The mounts.
    pub fn namespace(&self) -> &Arc<Namespace> {
        &self.namespace
    }

    /// What `/` means.
    pub fn root(&self) -> Place {
        Place::clone(&self.shared_root())
    }

    /// The same, for one lookup to keep.
    pub(super) fn shared_root(&self) -> Arc<Place> {
        self.places.lock().root.clone()
    }

    /// What paths that do not begin with `/` start from.
    pub fn working_directory(&self) -> Place {
        self.places.lock().working_directory.clone()
    }

    /// Makes `place`, a directory, the working directory.
    pub fn set_working_directory(&self, place: Place) {
        // The old place is dropped after the lock is released.
        let _old = core::mem::replace(&mut self.places.lock().working_directory, place);
    }

    /// Makes `place`, a directory, the root (`chroot(2)`).
    pub fn set_root(&self, place: Place) {
        let place = Arc::new(place);
        let _old = core::mem::replace(&mut self.places.lock().root, place);
    }

    /// The permission bits that new files do not get.
    pub fn umask(&self) -> u32 {
        self.umask.load(Ordering::Relaxed)
    }

    /// Sets the umask, of which only permission bits count, and returns the old one.
    pub fn set_umask(&self, umask: u32) -> u32 {
        self.umask.swap(umask & 0o777, Ordering::Relaxed)
    }
}
