//! Which parts this kernel is made of.

extern crate alloc;

use alloc::sync::Arc;
use threadbare_cpio::Archive;
use threadbare_kernel::process::Tables;
use threadbare_kernel::vfs::{FileSystem, Timestamp};
use threadbare_kernel::{Parts, random, tty};
use threadbare_ramfs::RamFs;

/// The kernel's main function.
pub(crate) fn start() -> ! {
    #[cfg(feature = "vm-tests")]
    threadbare_kernel::tests::run_if_asked();
    threadbare_kernel::run(&Parts {
        root,
        mounts: &[
            ("/dev", devices),
            ("/dev/pts", terminals),
            ("/proc", processes),
            ("/sys", machine),
        ],
        channel: || threadbare_virtio_console::find().or_else(threadbare_serial::find),
    })
}

/// The root file system: the initial RAM disk in place, without the specification that the command put first.
fn root(archive: &'static [u8]) -> Arc<dyn FileSystem> {
    let entries = Archive::new(archive).entries().skip(1);
    RamFs::from_archive(entries, Timestamp::now)
        .expect("the initial RAM disk is an archive that the command wrote")
}

/// `/dev`: nodes in memory, with the drivers behind their numbers.
fn devices() -> Arc<dyn FileSystem> {
    threadbare_devfs::register(random::fill);
    tty::devices::register();
    let file_system = RamFs::new(Timestamp::now);
    let root = file_system.root();
    let directory = root
        .directory()
        .expect("the root of a file system is a directory");
    threadbare_devfs::populate(directory).expect("there is memory for the first device nodes");
    file_system
}

/// `/dev/pts`.
fn terminals() -> Arc<dyn FileSystem> {
    threadbare_devpts::new()
}

/// `/proc`.
fn processes() -> Arc<dyn FileSystem> {
    threadbare_procfs::new(Arc::new(Tables))
}

/// `/sys`.
fn machine() -> Arc<dyn FileSystem> {
    threadbare_sysfs::new(Arc::new(Tables))
}
