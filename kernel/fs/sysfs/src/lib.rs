//! The few files of `/sys` that programs read: which processors there are.
//!
//! libcs count them (`sysconf(3)`, `_SC_NPROCESSORS_CONF` and `_SC_NPROCESSORS_ONLN`), language runtimes look for the
//! size of huge pages.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::boxed::Box;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

use linux_raw_sys::general::SYSFS_MAGIC;
use threadbare_kernel::error::Errno;
use threadbare_kernel::vfs::proc_source::ProcSource;
use threadbare_kernel::vfs::pseudo::{Attributes, Item, ItemKind, PseudoFileSystem, Tree};

type Source = Arc<dyn ProcSource>;

const TOPOLOGY: &[Item<Source>] = &[
    Item {
        name: "core_id",
        kind: ItemKind::Text(|_| Ok(b"0\n".to_vec())),
    },
    Item {
        name: "physical_package_id",
        kind: ItemKind::Text(|_| Ok(b"0\n".to_vec())),
    },
    Item {
        name: "thread_siblings_list",
        kind: ItemKind::Text(|_| Ok(b"0\n".to_vec())),
    },
];

const CPU_0: &[Item<Source>] = &[Item {
    name: "topology",
    kind: ItemKind::Directory(TOPOLOGY),
}];

const CPU: &[Item<Source>] = &[
    Item {
        name: "cpu0", // the only one
        kind: ItemKind::Directory(CPU_0),
    },
    Item {
        name: "kernel_max",
        kind: ItemKind::Text(|_| Ok(b"255\n".to_vec())),
    },
    Item {
        name: "offline",
        kind: ItemKind::Text(|_| Ok(b"\n".to_vec())),
    },
    Item {
        name: "online",
        kind: ItemKind::Text(cpus),
    },
    Item {
        name: "possible",
        kind: ItemKind::Text(cpus),
    },
    Item {
        name: "present",
        kind: ItemKind::Text(cpus),
    },
];

const DEVICES_SYSTEM: &[Item<Source>] = &[Item {
    name: "cpu",
    kind: ItemKind::Directory(CPU),
}];

const DEVICES: &[Item<Source>] = &[Item {
    name: "system",
    kind: ItemKind::Directory(DEVICES_SYSTEM),
}];

const HUGE_PAGES: &[Item<Source>] = &[
    Item {
        name: "enabled",
        kind: ItemKind::Text(|_| Ok(b"[always] madvise never\n".to_vec())),
    },
    Item {
        name: "hpage_pmd_size",
        kind: ItemKind::Text(|_| Ok(b"2097152\n".to_vec())),
    },
];

const KERNEL_MM: &[Item<Source>] = &[Item {
    name: "transparent_hugepage",
    kind: ItemKind::Directory(HUGE_PAGES),
}];

const KERNEL: &[Item<Source>] = &[Item {
    name: "mm",
    kind: ItemKind::Directory(KERNEL_MM),
}];

const ROOT: &[Item<Source>] = &[
    Item {
        name: "devices",
        kind: ItemKind::Directory(DEVICES),
    },
    Item {
        name: "kernel",
        kind: ItemKind::Directory(KERNEL),
    },
];

/// The processors, as a list of ranges: `0` or `0-3`.
fn cpus(source: &Source) -> Result<Vec<u8>, Errno> {
    Ok(match source.cpus().len() {
        0 | 1 => b"0\n".to_vec(),
        count => format!("0-{}\n", count - 1).into_bytes(),
    })
}

/// A file system that shows what `source` knows.
pub fn new(source: Arc<dyn ProcSource>) -> Arc<PseudoFileSystem> {
    let root = Attributes::of_root(source.boot_time());
    PseudoFileSystem::new("sysfs", SYSFS_MAGIC, root, Box::new(Tree::new(source, ROOT, 1)))
}
