//! `/dev/pts`: the terminals, each by its number (`pts(4)`; Linux's `Documentation/filesystems/devpts.rst`).
//!
//! Nothing is kept here: the kernel's core knows which terminals there are.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::sync::Arc;

use linux_raw_sys::general::DEVPTS_SUPER_MAGIC;
use threadbare_kernel::error::Errno;
use threadbare_kernel::tty;
use threadbare_kernel::vfs::pseudo::{Attributes, Entries, PseudoDirectory, PseudoFileSystem};
use threadbare_kernel::vfs::{DirectoryEntry, FileType, Inode};

/// The number of the root's inode.
const ROOT: u64 = 1;

/// A file system with the terminals that there are.
pub fn new() -> Arc<PseudoFileSystem> {
    let root = Attributes {
        number: ROOT,
        permissions: 0o755,
        ..Attributes::default()
    };
    PseudoFileSystem::new("devpts", DEVPTS_SUPER_MAGIC, root, Box::new(Terminals))
}

/// The names of all terminals.
struct Terminals;

impl Entries for Terminals {
    fn find(&self, _: &Arc<PseudoDirectory>, name: &[u8]) -> Result<Arc<dyn Inode>, Errno> {
        Ok(tty::node(number(name).ok_or(Errno::ENOENT)?)?)
    }

    fn list(&self, from: u64, emit: &mut dyn FnMut(&DirectoryEntry<'_>) -> bool) -> Result<(), Errno> {
        // The position after a terminal is its number and one.
        let mut next = u32::try_from(from).ok();
        while let Some(number) = next.and_then(tty::listed) {
            let name = number.to_string();
            let entry = DirectoryEntry {
                next: u64::from(number) + 1,
                inode: tty::inode_of(number),
                kind: FileType::CharacterDevice,
                name: name.as_bytes(),
            };
            if !emit(&entry) {
                break;
            }
            next = number.checked_add(1);
        }
        Ok(())
    }
}

/// A number without superfluous zeroes.
fn number(name: &[u8]) -> Option<u32> {
    let text = core::str::from_utf8(name).ok()?;
    let number = text.parse().ok()?;
    (u32::to_string(&number) == text).then_some(number)
}
