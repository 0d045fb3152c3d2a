//! Files in memory, handed to QEMU by inheritance.

use crate::failure::{Context, Failure};
use rustix::fs::{MemfdFlags, Mode, OFlags};
use std::{
    env,
    fs::File,
    os::fd::{AsFd, AsRawFd},
};

/// A file without a name that child processes inherit.
#[derive(Debug)]
pub(crate) struct MemoryFile(File);

impl MemoryFile {
    /// An empty one; on disk where the system has none in memory.
    pub(crate) fn new(name: &str) -> Result<Self, Failure> {
        rustix::fs::memfd_create(name, MemfdFlags::empty())
            .or_else(|_| {
                let flags = OFlags::RDWR | OFlags::TMPFILE;
                rustix::fs::open(env::temp_dir(), flags, Mode::RUSR | Mode::WUSR)
            })
            .map(|fd| Self(File::from(fd)))
            .context(|| {
                format!(
                    "no temporary file for the {name} can be made, in memory or in {:?}",
                    env::temp_dir()
                )
            })
    }

    pub(crate) fn file(&self) -> &File {
        &self.0
    }

    /// A path by which this process and those that inherit the file can open it.
    pub(crate) fn path(&self) -> String {
        format!("/proc/self/fd/{}", self.0.as_fd().as_raw_fd())
    }
}
