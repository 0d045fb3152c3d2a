//! [`PseudoFileSystem`]: the root of such files, as something that can be mounted.

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::{Attributes, Entries, PseudoDirectory};
use crate::vfs::{Anonymous, DeviceNumber, FileSystem, FileSystemStatus, Inode};

/// A file system that consists of such files.
pub struct PseudoFileSystem {
    name: &'static str,
    magic: u32,
    device: DeviceNumber,
    root: Arc<PseudoDirectory>,
}

impl PseudoFileSystem {
    /// The file system that programs know by `name` and `magic`, with a root of its own.
    pub fn new(
        name: &'static str,
        magic: u32,
        root: Attributes,
        entries: Box<dyn Entries>,
    ) -> Arc<PseudoFileSystem> {
        Arc::new(PseudoFileSystem {
            name,
            magic,
            device: Anonymous::device(),
            root: PseudoDirectory::root(root, entries),
        })
    }
}

impl FileSystem for PseudoFileSystem {
    fn name(&self) -> &'static str {
        self.name
    }

    fn device(&self) -> DeviceNumber {
        self.device
    }

    fn root(&self) -> Arc<dyn Inode> {
        self.root.clone()
    }

    fn status(&self) -> FileSystemStatus {
        FileSystemStatus {
            magic: self.magic,
            block_size: 4096,
            ..FileSystemStatus::default()
        }
    }
}
