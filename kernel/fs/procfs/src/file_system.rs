//! The file system.

use alloc::boxed::Box;
use alloc::sync::Arc;

use linux_raw_sys::general::PROC_SUPER_MAGIC;
use threadbare_kernel::vfs::proc_source::ProcSource;
use threadbare_kernel::vfs::pseudo::{Attributes, PseudoFileSystem};

use crate::root::Root;

/// Answers all questions.
pub(crate) type Source = Arc<dyn ProcSource>;

/// A file system that shows what `source` knows.
pub fn new(source: Arc<dyn ProcSource>) -> Arc<PseudoFileSystem> {
    let root = Attributes::of_root(source.boot_time());
    PseudoFileSystem::new("proc", PROC_SUPER_MAGIC, root, Box::new(Root::new(source)))
}
