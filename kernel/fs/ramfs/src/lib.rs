//! A file system in memory, begun as the initial RAM disk: its files are used where the archive has them, and a
//! page is copied when it is first written.
//!
//! Invariants:
//! 1. Every change to names (creation, link, removal, rename) happens under the lock of the tree, so that what such a
//!    change has checked stays true until it is done. Looking up and listing take only the lock of one directory.
//! 2. Locks are taken in this order: tree, then names of one directory, then attributes, link or data of one node. No
//!    two locks of the same kind are held together.
//! 3. Nodes leave a directory as handles and are dropped after all locks are released.
//! 4. A directory that has been removed stays empty: nothing can be created in it.
//! 5. Bytes of a file past its size are zero in every page of it: cutting a file zeroes the rest of its last page.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;
#[cfg(test)]
mod tests;

mod archive;
mod data;
mod directory;
mod file;
mod names;
mod node;
mod rename;

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};

use linux_raw_sys::general::TMPFS_MAGIC;
use threadbare_kernel::error::Errno;
use threadbare_kernel::vfs::{
    Anonymous, DeviceNumber, FileSystem, FileSystemStatus, Inode, NewInode, NewKind, Timestamp,
};
use threadbare_machine::memory::{self, PAGE_SIZE};
use threadbare_machine::sync::SpinLock;

use crate::data::Data;
use crate::node::{Content, Node};

/// Tells the time for time stamps.
pub type Clock = fn() -> Timestamp;

/// A file system in memory.
pub struct RamFs {
    shared: Arc<Shared>,
    root: Arc<Node>,
    device: DeviceNumber,
}

/// What all nodes of a file system have in common.
struct Shared {
    clock: Clock,
    next_inode: AtomicU64,
    /// Serialises changes to names (invariant 1).
    tree: SpinLock<()>,
}

impl RamFs {
    /// An empty file system whose root belongs to the superuser.
    pub fn new(clock: Clock) -> Arc<RamFs> {
        let shared = Arc::new(Shared {
            clock,
            next_inode: AtomicU64::new(1),
            tree: SpinLock::new(()),
        });
        let new = NewInode {
            kind: NewKind::Directory,
            permissions: 0o755,
            uid: 0,
            gid: 0,
        };
        let root = Node::create(&shared, &new, Content::of(&new.kind));
        Arc::new(RamFs {
            shared,
            root,
            device: Anonymous::device(),
        })
    }
}

impl FileSystem for RamFs {
    fn name(&self) -> &'static str {
        "tmpfs"
    }

    fn device(&self) -> DeviceNumber {
        self.device
    }

    fn root(&self) -> Arc<dyn Inode> {
        self.root.clone()
    }

    fn status(&self) -> FileSystemStatus {
        let usage = memory::usage();
        let free = usage.free.saturating_sub(usage.reserve);
        FileSystemStatus {
            magic: TMPFS_MAGIC,
            block_size: PAGE_SIZE as u64,
            blocks: usage.total as u64,
            free_blocks: free as u64,
            // As many as memory can hold.
            inodes: usage.total as u64,
            free_inodes: free as u64,
        }
    }

    fn unnamed_file(&self, permissions: u32, sealable: bool) -> Result<Arc<dyn Inode>, Errno> {
        let new = NewInode {
            kind: NewKind::Regular,
            permissions,
            uid: 0,
            gid: 0,
        };
        let content = Content::Regular(SpinLock::new(Data::new(&[], sealable)));
        let node = Node::create(&self.shared, &new, content);
        node.attributes.lock().links = 0;
        Ok(node)
    }
}

impl Shared {
    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    fn next_inode(&self) -> u64 {
        self.next_inode.fetch_add(1, Ordering::Relaxed)
    }
}
