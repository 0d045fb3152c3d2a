//! [`FileSystem`]: what mounts join.

use alloc::sync::Arc;

use super::{DeviceNumber, Inode};
use crate::error::Errno;

/// What `statfs(2)` tells of a file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileSystemStatus {
    /// `f_type`, the magic number by which programs know it.
    pub magic: u32,
    /// The size of a block.
    pub block_size: u64,
    /// All blocks; 0 where that means nothing.
    pub blocks: u64,
    /// Free blocks.
    pub free_blocks: u64,
    /// All inodes; 0 where that means nothing.
    pub inodes: u64,
    /// Free inodes.
    pub free_inodes: u64,
}

/// A tree of files that can be mounted.
pub trait FileSystem: Send + Sync {
    /// Its type as `/proc/mounts` names it.
    fn name(&self) -> &'static str;

    /// `st_dev` of all its files: a number of its own, from [`Anonymous::device`](super::Anonymous::device).
    fn device(&self) -> DeviceNumber;

    /// Its root directory: always the same inode.
    fn root(&self) -> Arc<dyn Inode>;

    /// What `statfs(2)` tells.
    fn status(&self) -> FileSystemStatus;

    /// A regular file without a name (`memfd_create(2)`).
    ///
    /// # Errors
    /// `EOPNOTSUPP` where there is no such thing.
    fn unnamed_file(&self, permissions: u32, sealable: bool) -> Result<Arc<dyn Inode>, Errno> {
        let _ = (permissions, sealable);
        Err(Errno::EOPNOTSUPP)
    }
}
