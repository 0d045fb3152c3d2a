//! Which parts this kernel is made of.

extern crate alloc;

use alloc::sync::Arc;
use threadbare_cpio::Archive;
use threadbare_kernel::vfs::{FileSystem, Timestamp};
use threadbare_kernel::{Parts, clock};
use threadbare_ramfs::RamFs;

/// The kernel's main function.
pub(crate) fn start() -> ! {
    #[cfg(feature = "vm-tests")]
    threadbare_kernel::tests::run_if_asked();
    threadbare_kernel::run(&Parts {
        root,
        mounts: &[],
        channel: || threadbare_virtio_console::find().or_else(threadbare_serial::find),
    })
}

/// The root file system: the initial RAM disk in place, without the specification that the command put first.
fn root(archive: &'static [u8]) -> Arc<dyn FileSystem> {
    let entries = Archive::new(archive).entries().skip(1);
    RamFs::from_archive(entries, now).expect("the initial RAM disk is an archive that the command wrote")
}

fn now() -> Timestamp {
    let now = clock::realtime();
    Timestamp {
        seconds: i64::try_from(now / 1_000_000_000).unwrap_or(i64::MAX),
        nanoseconds: u32::try_from(now % 1_000_000_000).unwrap_or(0),
    }
}
