//! The top: files about the system, and a directory for every process.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::ToString;
use alloc::sync::Arc;

use threadbare_kernel::error::Errno;
use threadbare_kernel::vfs::pseudo::{Attributes, Entries, Item, ItemKind, PseudoDirectory, Tree};
use threadbare_kernel::vfs::{DirectoryEntry, FileType, Inode, LinkTarget, Name};

use crate::file_system::Source;
use crate::process::{self, Task};
use crate::system;

const SYS_KERNEL: &[Item<Source>] = &[
    Item {
        name: "hostname",
        kind: ItemKind::Text(system::hostname),
    },
    Item {
        name: "ngroups_max",
        kind: ItemKind::Text(system::ngroups_max),
    },
    Item {
        name: "osrelease",
        kind: ItemKind::Text(system::osrelease),
    },
    Item {
        name: "ostype",
        kind: ItemKind::Text(system::ostype),
    },
    Item {
        name: "pid_max",
        kind: ItemKind::Text(system::pid_max),
    },
    Item {
        name: "random",
        kind: ItemKind::Directory(SYS_KERNEL_RANDOM),
    },
    Item {
        name: "threads-max",
        kind: ItemKind::Text(system::threads_max),
    },
    Item {
        name: "version",
        kind: ItemKind::Text(system::sys_version),
    },
];

const SYS_KERNEL_RANDOM: &[Item<Source>] = &[Item {
    name: "boot_id",
    kind: ItemKind::Text(system::boot_id),
}];

const SYS_FS: &[Item<Source>] = &[
    Item {
        name: "file-max",
        kind: ItemKind::Text(system::file_max),
    },
    Item {
        name: "nr_open",
        kind: ItemKind::Text(system::nr_open),
    },
    Item {
        name: "pipe-max-size",
        kind: ItemKind::Text(system::pipe_max_size),
    },
    Item {
        name: "pipe-user-pages-hard",
        kind: ItemKind::Text(system::pipe_user_pages_hard),
    },
    Item {
        name: "pipe-user-pages-soft",
        kind: ItemKind::Text(system::pipe_user_pages_soft),
    },
];

const SYS_VM: &[Item<Source>] = &[
    Item {
        name: "max_map_count",
        kind: ItemKind::Text(system::max_map_count),
    },
    Item {
        name: "mmap_min_addr",
        kind: ItemKind::Text(system::mmap_min_addr),
    },
    Item {
        name: "overcommit_memory",
        kind: ItemKind::Text(system::overcommit_memory),
    },
];

const SYS: &[Item<Source>] = &[
    Item {
        name: "fs",
        kind: ItemKind::Directory(SYS_FS),
    },
    Item {
        name: "kernel",
        kind: ItemKind::Directory(SYS_KERNEL),
    },
    Item {
        name: "vm",
        kind: ItemKind::Directory(SYS_VM),
    },
];

const ITEMS: &[Item<Source>] = &[
    Item {
        name: "cmdline",
        kind: ItemKind::Text(system::cmdline),
    },
    Item {
        name: "cpuinfo",
        kind: ItemKind::Text(system::cpuinfo),
    },
    Item {
        name: "filesystems",
        kind: ItemKind::Text(system::filesystems),
    },
    Item {
        name: "loadavg",
        kind: ItemKind::Text(system::loadavg),
    },
    Item {
        name: "meminfo",
        kind: ItemKind::Text(system::meminfo),
    },
    Item {
        name: "mounts",
        kind: ItemKind::Link(|_| Ok(LinkTarget::Path(b"self/mounts".to_vec()))),
    },
    Item {
        name: "self",
        kind: ItemKind::Link(self_link),
    },
    Item {
        name: "stat",
        kind: ItemKind::Text(system::stat),
    },
    Item {
        name: "sys",
        kind: ItemKind::Directory(SYS),
    },
    Item {
        name: "thread-self",
        kind: ItemKind::Link(thread_self_link),
    },
    Item {
        name: "uptime",
        kind: ItemKind::Text(system::uptime),
    },
    Item {
        name: "version",
        kind: ItemKind::Text(system::version),
    },
];

/// `/proc/self`: a process that reads it sees itself.
fn self_link(source: &Source) -> Result<LinkTarget, Errno> {
    let (pid, _) = source.current().ok_or(Errno::ENOENT)?;
    Ok(LinkTarget::Path(pid.to_string().into_bytes()))
}

fn thread_self_link(source: &Source) -> Result<LinkTarget, Errno> {
    let (pid, tid) = source.current().ok_or(Errno::ENOENT)?;
    Ok(LinkTarget::Path(format!("{pid}/task/{tid}").into_bytes()))
}

/// The entries of the root directory.
pub(crate) struct Root {
    source: Source,
    tree: Tree<Source>,
}

impl Root {
    pub(crate) fn new(source: Source) -> Root {
        Root {
            tree: Tree::new(source.clone(), ITEMS, 1),
            source,
        }
    }
}

impl Entries for Root {
    fn find(&self, directory: &Arc<PseudoDirectory>, name: &[u8]) -> Result<Arc<dyn Inode>, Errno> {
        let Some(pid) = number(name) else {
            return self.tree.find(directory, name);
        };
        let info = self.source.process(pid)?;
        let [_, uid, ..] = info.uids;
        let [_, gid, ..] = info.gids;
        let number = process::inode_of(pid, 0);
        let attributes = Attributes {
            number,
            permissions: 0o555,
            uid,
            gid,
            time: directory.attributes().time,
        };
        let task = Task {
            source: self.source.clone(),
            pid,
            tid: pid,
        };
        Ok(directory.below(Name::copy(name)?, attributes, Box::new(process::directory(task))))
    }

    fn list(&self, from: u64, emit: &mut dyn FnMut(&DirectoryEntry<'_>) -> bool) -> Result<(), Errno> {
        let mut goes_on = true;
        self.tree.list(from, &mut |entry| {
            goes_on = emit(entry);
            goes_on
        })?;
        let first = from.saturating_sub(self.tree.len());
        for pid in self.source.processes() {
            // The position after a process is its number, past those of the other files.
            if !goes_on || u64::from(pid) <= first {
                continue;
            }
            let name = pid.to_string();
            goes_on = emit(&DirectoryEntry {
                next: self.tree.len() + u64::from(pid),
                inode: process::inode_of(pid, 0),
                kind: FileType::Directory,
                name: name.as_bytes(),
            });
        }
        Ok(())
    }
}

/// The number that a name spells, as the kernel spells it: without leading zeroes.
pub(crate) fn number(name: &[u8]) -> Option<u32> {
    let text = core::str::from_utf8(name).ok()?;
    let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    canonical.then(|| text.parse().ok()).flatten()
}
