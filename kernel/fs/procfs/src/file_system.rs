//! [`ProcFs`]: the file system.

use alloc::boxed::Box;
use alloc::sync::Arc;

use linux_raw_sys::general::PROC_SUPER_MAGIC;
use threadbare_kernel::vfs::proc_source::ProcSource;
use threadbare_kernel::vfs::pseudo::{Attributes, PseudoDirectory};
use threadbare_kernel::vfs::{Anonymous, DeviceNumber, FileSystem, FileSystemStatus, Inode};

use crate::root::Root;

/// Answers all questions.
pub(crate) type Source = Arc<dyn ProcSource>;

/// The file system.
pub struct ProcFs {
    root: Arc<PseudoDirectory>,
    device: DeviceNumber,
}

impl ProcFs {
    /// A file system that shows what `source` knows.
    pub fn new(source: Arc<dyn ProcSource>) -> Arc<ProcFs> {
        let time = source.boot_time();
        let attributes = Attributes {
            number: 1,
            permissions: 0o555,
            uid: 0,
            gid: 0,
            time,
        };
        let root = PseudoDirectory::root(attributes, Box::new(Root::new(source)));
        Arc::new(ProcFs {
            root,
            device: Anonymous::device(),
        })
    }
}

impl FileSystem for ProcFs {
    fn name(&self) -> &'static str {
        "proc"
    }

    fn device(&self) -> DeviceNumber {
        self.device
    }

    fn root(&self) -> Arc<dyn Inode> {
        self.root.clone()
    }

    fn status(&self) -> FileSystemStatus {
        FileSystemStatus {
            magic: PROC_SUPER_MAGIC,
            block_size: 4096,
            ..FileSystemStatus::default()
        }
    }
}
