//! Files without a path: what pipes, sockets and event counters look like to `fstat(2)`.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use threadbare_machine::sync::Once;

use super::{AttributeChange, DeviceNumber, FileOperations, FileType, Inode, Metadata, OpenFlags, Timestamp};
use crate::error::Errno;

/// The inode of a file without a path.
#[derive(Debug)]
pub struct Anonymous {
    kind: FileType,
    permissions: u32,
    number: u64,
    owner: (u32, u32),
    created: Timestamp,
}

impl Anonymous {
    /// An inode with a number of its own.
    pub fn new(kind: FileType, permissions: u32, created: Timestamp) -> Arc<Anonymous> {
        Anonymous::owned(kind, permissions, 0, 0, created)
    }

    /// The same, of this user and group.
    pub fn owned(kind: FileType, permissions: u32, uid: u32, gid: u32, created: Timestamp) -> Arc<Anonymous> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Arc::new(Anonymous {
            kind,
            permissions,
            number,
            owner: (uid, gid),
            created,
        })
    }

    /// The one inode of all that is a file only in having a descriptor: event counters, epoll instances, timers.
    pub fn shared() -> &'static Arc<Anonymous> {
        static SHARED: Once<Arc<Anonymous>> = Once::new();
        SHARED.get_or_init(|| Anonymous::new(FileType::Untyped, 0o600, Timestamp::default()))
    }

    /// Its number, which is part of what `/proc/<pid>/fd` shows of pipes and sockets.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// A device number that no other file system has, with major 0 as those without a device have.
    pub fn device() -> DeviceNumber {
        static NEXT: AtomicU32 = AtomicU32::new(2);
        DeviceNumber::new(0, NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl Inode for Anonymous {
    fn kind(&self) -> FileType {
        self.kind
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn metadata(&self) -> Metadata {
        Metadata {
            inode: self.number,
            kind: self.kind,
            permissions: self.permissions,
            links: 1,
            uid: self.owner.0,
            gid: self.owner.1,
            node: DeviceNumber::default(),
            size: 0,
            blocks: 0,
            accessed: self.created,
            modified: self.created,
            changed: self.created,
            created: self.created,
        }
    }

    fn change(&self, _: &AttributeChange) -> Result<(), Errno> {
        Ok(())
    }

    fn open(self: Arc<Self>, _: OpenFlags) -> Result<Arc<dyn FileOperations>, Errno> {
        Err(Errno::ENXIO)
    }
}
