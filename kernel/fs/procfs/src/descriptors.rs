//! `/proc/<pid>/fd` and `/proc/<pid>/fdinfo`: the open files of a process.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;

use linux_raw_sys::general::O_CLOEXEC;
use threadbare_kernel::error::Errno;
use threadbare_kernel::vfs::pseudo::{Attributes, Entries, PseudoDirectory, SymbolicLink, TextFile};
use threadbare_kernel::vfs::{DirectoryEntry, File, FileType, Inode, LinkTarget};

use crate::process::{Task, inode_of};
use crate::root;

/// The open files of a process, as links to them or as facts about them.
pub(crate) struct Descriptors {
    task: Task,
    as_links: bool,
}

impl Descriptors {
    /// The entries of `fd`.
    pub(crate) fn links(task: Task) -> Descriptors {
        Descriptors { task, as_links: true }
    }

    /// The entries of `fdinfo`.
    pub(crate) fn facts(task: Task) -> Descriptors {
        Descriptors {
            task,
            as_links: false,
        }
    }

    fn inode(&self, fd: u32) -> u64 {
        inode_of(
            self.task.pid,
            fd.wrapping_mul(2) + if self.as_links { 0x1000 } else { 0x1001 },
        )
    }
}

impl Entries for Descriptors {
    fn find(&self, directory: &Arc<PseudoDirectory>, name: &[u8]) -> Result<Arc<dyn Inode>, Errno> {
        let fd = root::number(name).ok_or(Errno::ENOENT)?;
        let Task { source, pid, .. } = self.task.clone();
        let file = source.descriptor(pid, fd)?;
        let attributes = Attributes {
            number: self.inode(fd),
            ..*directory.attributes()
        };
        if self.as_links {
            let permissions = link_permissions(&file);
            let make = move || Ok(LinkTarget::Place(source.descriptor(pid, fd)?.place().clone()));
            Ok(SymbolicLink::new(
                Attributes {
                    permissions,
                    ..attributes
                },
                Box::new(make),
            ))
        } else {
            let make = move || facts(&*source.descriptor(pid, fd)?);
            Ok(TextFile::new(
                Attributes {
                    permissions: 0o444,
                    ..attributes
                },
                Box::new(make),
            ))
        }
    }

    fn list(&self, from: u64, emit: &mut dyn FnMut(&DirectoryEntry<'_>) -> bool) -> Result<(), Errno> {
        let kind = if self.as_links {
            FileType::Symlink
        } else {
            FileType::Regular
        };
        // The position after a descriptor is its number and one.
        let mut next = u32::try_from(from).ok();
        while let Some(at) = next
            && let Some(fd) = self.task.source.next_descriptor(self.task.pid, at)?
        {
            let name = fd.to_string();
            let entry = DirectoryEntry {
                next: u64::from(fd) + 1,
                inode: self.inode(fd),
                kind,
                name: name.as_bytes(),
            };
            if !emit(&entry) {
                break;
            }
            next = fd.checked_add(1);
        }
        Ok(())
    }
}

/// The permissions of a link say how the file was opened.
fn link_permissions(file: &File) -> u32 {
    let read = if file.flags().readable() { 0o500 } else { 0o100 };
    let write = if file.flags().writable() { 0o200 } else { 0 };
    read | write
}

fn facts(file: &File) -> Result<Vec<u8>, Errno> {
    let place = file.place();
    let mount = place.mount().map_or(0, |mount| mount.id);
    let inode = place.inode().metadata().inode;
    let flags = file.flags().bits() & !O_CLOEXEC;
    Ok(format!(
        "pos:\t{}\nflags:\t0{flags:o}\nmnt_id:\t{mount}\nino:\t{inode}\n",
        file.offset()
    )
    .into_bytes())
}
