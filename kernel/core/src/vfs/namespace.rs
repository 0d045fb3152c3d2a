//! [`Namespace`]: the file systems joined into one tree (`mount_namespaces(7)`).

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};

use threadbare_machine::sync::SpinLock;

use super::{FileSystem, FileType, Inode, Name, Place};
use crate::error::Errno;

/// What a mount forbids beyond what permissions do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MountOptions {
    /// Nothing may be changed (`MS_RDONLY`).
    pub read_only: bool,
    /// Device nodes cannot be opened (`MS_NODEV`).
    pub no_devices: bool,
    /// Nothing can be executed (`MS_NOEXEC`).
    pub no_execution: bool,
    /// Set-user-ID and set-group-ID do nothing (`MS_NOSUID`).
    pub no_set_id: bool,
}

/// A file system at a place in the tree.
pub struct Mount {
    /// A number that no other mount has.
    pub id: u64,
    /// What is mounted.
    pub file_system: Arc<dyn FileSystem>,
    /// Its root.
    pub root: Arc<dyn Inode>,
    /// The directory that it covers; `None` for the first mount of a namespace.
    pub on: Option<Place>,
    /// The number of that directory's inode, so that nobody is asked for it.
    on_number: u64,
    /// What it was mounted from, as `/proc/mounts` shows it.
    pub source: Name,
    /// What it forbids.
    pub options: MountOptions,
}

impl Mount {
    fn new(
        file_system: Arc<dyn FileSystem>,
        on: Option<Place>,
        source: Name,
        options: MountOptions,
    ) -> Arc<Mount> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let root = file_system.root();
        let on_number = on.as_ref().map_or(0, |on| on.inode().number());
        Arc::new(Mount {
            on_number,
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            file_system,
            root,
            on,
            source,
            options,
        })
    }
}

/// A tree of mounts.
pub struct Namespace {
    root: Arc<Mount>,
    /// All mounts but the first, in the order of mounting.
    mounts: SpinLock<Vec<Arc<Mount>>>,
    /// The bits of all directories that something was ever mounted on: most directories are told from those by it.
    covered: AtomicU64,
}

/// One bit of 64 for the number of an inode.
fn bit_of(number: u64) -> u64 {
    1 << (number % 64)
}

impl Namespace {
    /// A tree of one file system.
    pub fn new(file_system: Arc<dyn FileSystem>, source: Name) -> Arc<Namespace> {
        let root = Mount::new(file_system, None, source, MountOptions::default());
        Arc::new(Namespace {
            root,
            mounts: SpinLock::new(Vec::new()),
            covered: AtomicU64::new(0),
        })
    }

    /// The root of the tree: the root of whatever is mounted there last.
    pub fn root(&self) -> Place {
        self.cross(Place::root_of(self.root.clone()))
    }

    /// Mounts a file system on a directory.
    ///
    /// # Errors
    /// `ENOTDIR` if `on` is none; `ENOMEM`.
    pub fn mount(
        &self,
        file_system: Arc<dyn FileSystem>,
        on: Place,
        source: Name,
        options: MountOptions,
    ) -> Result<(), Errno> {
        if on.inode().kind() != FileType::Directory {
            return Err(Errno::ENOTDIR);
        }
        let mount = Mount::new(file_system, Some(on), source, options);
        let mut mounts = self.mounts.lock();
        mounts.try_reserve(1)?;
        self.covered.fetch_or(bit_of(mount.on_number), Ordering::Relaxed);
        mounts.push(mount);
        Ok(())
    }

    /// All mounts, the first one first.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn mounts(&self) -> Result<Vec<Arc<Mount>>, Errno> {
        let mounts = self.mounts.lock();
        let mut all = Vec::new();
        all.try_reserve_exact(mounts.len() + 1)?;
        all.push(self.root.clone());
        all.extend(mounts.iter().cloned());
        Ok(all)
    }

    /// The root of what is mounted at `place`, and so on; `place` itself if nothing is.
    pub(super) fn cross(&self, mut place: Place) -> Place {
        if let (FileType::Directory, number) = place.inode().kind_and_number() {
            self.cross_directory(&mut place, number);
        }
        place
    }

    /// As [`cross`](Namespace::cross), for a directory of that number.
    #[inline]
    pub(super) fn cross_directory(&self, place: &mut Place, number: u64) {
        if self.may_cover(number) {
            self.cross_mounts(place);
        }
    }

    /// Whether something may be mounted on the directories of that number.
    fn may_cover(&self, number: u64) -> bool {
        self.covered.load(Ordering::Relaxed) & bit_of(number) != 0
    }

    fn cross_mounts(&self, place: &mut Place) {
        while let Some(mount) = self.mounted_on(place) {
            *place = Place::root_of(mount);
        }
    }

    fn mounted_on(&self, place: &Place) -> Option<Arc<Mount>> {
        let number = place.inode().number();
        if !self.may_cover(number) {
            return None;
        }
        let mounts = self.mounts.lock();
        let covers = |mount: &&Arc<Mount>| {
            let on = mount.on.as_ref();
            mount.on_number == number && on.is_some_and(|on| on.is_on_same_mount(place))
        };
        mounts.iter().rev().find(covers).cloned()
    }
}
