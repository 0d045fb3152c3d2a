//! A directory for every process, and in it one for every thread.

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;

use threadbare_kernel::error::Errno;
use threadbare_kernel::vfs::pseudo::{Attributes, Entries, Item, ItemKind, PseudoDirectory, Tree};
use threadbare_kernel::vfs::{DirectoryEntry, FileType, Inode, LinkTarget, Name};

use crate::descriptors::Descriptors;
use crate::file_system::Source;
use crate::{maps, mounts, root, status};

/// A thread of a process; the process itself where both numbers are the same.
#[derive(Clone)]
pub(crate) struct Task {
    pub(crate) source: Source,
    pub(crate) pid: u32,
    pub(crate) tid: u32,
}

const ITEMS: &[Item<Task>] = &[
    Item {
        name: "task",
        kind: ItemKind::Entries(|task| Box::new(Threads(task.clone()))),
    },
    Item {
        name: "auxv",
        kind: ItemKind::PrivateText(auxv),
    },
    Item {
        name: "cmdline",
        kind: ItemKind::Text(|task| task.source.arguments(task.pid)),
    },
    Item {
        name: "comm",
        kind: ItemKind::Text(comm),
    },
    Item {
        name: "coredump_filter",
        kind: ItemKind::Text(|_| Ok(b"00000033\n".to_vec())),
    },
    Item {
        name: "cwd",
        kind: ItemKind::Link(|task| task.source.working_directory(task.pid).map(LinkTarget::Place)),
    },
    Item {
        name: "environ",
        kind: ItemKind::PrivateText(|task| task.source.environment(task.pid)),
    },
    Item {
        name: "exe",
        kind: ItemKind::Link(|task| task.source.executable(task.pid).map(LinkTarget::Place)),
    },
    Item {
        name: "fd",
        kind: ItemKind::Entries(|task| Box::new(Descriptors::links(task.clone()))),
    },
    Item {
        name: "fdinfo",
        kind: ItemKind::Entries(|task| Box::new(Descriptors::facts(task.clone()))),
    },
    Item {
        name: "limits",
        kind: ItemKind::Text(status::limits),
    },
    Item {
        name: "maps",
        kind: ItemKind::Text(maps::maps),
    },
    Item {
        name: "mountinfo",
        kind: ItemKind::Text(mounts::mountinfo),
    },
    Item {
        name: "mounts",
        kind: ItemKind::Text(mounts::mounts),
    },
    Item {
        name: "oom_score_adj",
        kind: ItemKind::Text(|_| Ok(b"0\n".to_vec())),
    },
    Item {
        name: "root",
        kind: ItemKind::Link(|task| task.source.root(task.pid).map(LinkTarget::Place)),
    },
    Item {
        name: "stat",
        kind: ItemKind::Text(status::stat),
    },
    Item {
        name: "statm",
        kind: ItemKind::Text(status::statm),
    },
    Item {
        name: "status",
        kind: ItemKind::Text(status::status),
    },
];

/// The same for a thread, without the directory of threads.
const THREAD_ITEMS: &[Item<Task>] = match ITEMS {
    [_, rest @ ..] => rest,
    [] => &[],
};

/// The entries of a process's directory.
pub(crate) fn directory(task: Task) -> Tree<Task> {
    let number = inode_of(task.pid, 0);
    Tree::new(task, ITEMS, number)
}

/// A number for an inode of a process: 0 for its directory, others for what is not in the table.
pub(crate) fn inode_of(pid: u32, index: u32) -> u64 {
    (u64::from(pid) + 1) << 32 | u64::from(index)
}

fn comm(task: &Task) -> Result<Vec<u8>, Errno> {
    let mut name = task.source.thread_name(task.pid, task.tid)?;
    name.push(b'\n');
    Ok(name)
}

fn auxv(task: &Task) -> Result<Vec<u8>, Errno> {
    Ok(task
        .source
        .auxiliary(task.pid)?
        .into_iter()
        .flat_map(u64::to_le_bytes)
        .collect())
}

/// The directory `task`.
struct Threads(Task);

impl Entries for Threads {
    fn find(&self, directory: &Arc<PseudoDirectory>, name: &[u8]) -> Result<Arc<dyn Inode>, Errno> {
        let tid = root::number(name).ok_or(Errno::ENOENT)?;
        if !self.0.source.threads(self.0.pid)?.contains(&tid) {
            return Err(Errno::ENOENT);
        }
        let number = inode_of(tid, 1);
        let attributes = Attributes {
            number,
            permissions: 0o555,
            ..*directory.attributes()
        };
        let task = Task {
            tid,
            ..self.0.clone()
        };
        Ok(directory.below(
            Name::copy(name)?,
            attributes,
            Box::new(Tree::new(task, THREAD_ITEMS, number)),
        ))
    }

    fn list(&self, from: u64, emit: &mut dyn FnMut(&DirectoryEntry<'_>) -> bool) -> Result<(), Errno> {
        for tid in self.0.source.threads(self.0.pid)? {
            let name = tid.to_string();
            let entry = DirectoryEntry {
                next: u64::from(tid),
                inode: inode_of(tid, 1),
                kind: FileType::Directory,
                name: name.as_bytes(),
            };
            if u64::from(tid) > from && !emit(&entry) {
                break;
            }
        }
        Ok(())
    }
}
