//! `/dev/tty`, `/dev/console` and `/dev/ptmx` (`tty(4)`, `console(4)`, `ptmx(4)`).

use super::master::MasterFile;
use super::slave::Slave;
use super::state::Attributes;
use super::{console, session};
use crate::error::Errno;
use crate::process::Thread;
use crate::vfs::devices::{self, Device};
use crate::vfs::{DeviceNumber, FileOperations, FileType, Metadata, OpenFlags, Timestamp};
use alloc::sync::Arc;

/// The group of a new terminal's node, which may write to it: `tty`.
const TTY_GROUP: u32 = 5;

/// What a new terminal's node has: its owner reads and writes it, the group `tty` may write.
pub(super) fn attributes_of(uid: u32) -> Attributes {
    Attributes {
        uid,
        gid: TTY_GROUP,
        permissions: 0o620,
    }
}

/// Puts the devices behind their numbers.
pub fn register() {
    for (minor, device) in [
        (0, Special::Controlling),
        (1, Special::Console),
        (2, Special::Multiplexer),
    ] {
        devices::register(DeviceNumber::new(5, minor), Arc::new(device));
    }
}

/// A device that stands for a terminal.
#[derive(Clone, Copy)]
enum Special {
    /// The one that controls the caller's session.
    Controlling,
    /// The machine's.
    Console,
    /// A new one.
    Multiplexer,
}

impl Device for Special {
    fn open(&self, flags: OpenFlags) -> Result<Arc<dyn FileOperations>, Errno> {
        let thread = Thread::current().ok_or(Errno::ENXIO)?;
        match self {
            Special::Controlling => {
                let terminal = session::of_session(thread.process.session()).ok_or(Errno::ENXIO)?;
                Ok(Slave::open(&terminal, flags)?)
            }
            Special::Console => {
                let terminal = console::get().ok_or(Errno::ENXIO)?;
                Ok(Slave::open(&terminal, flags)?)
            }
            Special::Multiplexer => {
                let owner = thread.process.credentials().fs_uid;
                Ok(MasterFile::create(attributes_of(owner))?)
            }
        }
    }
}

/// What `stat(2)` tells of a terminal's node.
pub(super) fn metadata(inode: u64, node: DeviceNumber, attributes: Attributes) -> Metadata {
    let time = Timestamp::default();
    Metadata {
        inode,
        kind: FileType::CharacterDevice,
        permissions: attributes.permissions,
        links: 1,
        uid: attributes.uid,
        gid: attributes.gid,
        node,
        size: 0,
        blocks: 0,
        accessed: time,
        modified: time,
        changed: time,
        created: time,
    }
}
