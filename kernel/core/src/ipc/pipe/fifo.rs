//! The pipes of FIFOs: one for each that anybody has open.

use super::end::End;
use super::state::Pipe;
use crate::error::Errno;
use crate::vfs::{Credentials, FileOperations, OpenFlags, Place};
use alloc::collections::BTreeMap;
use alloc::sync::{Arc, Weak};
use threadbare_machine::sync::SpinLock;

/// File system and inode number. An inode that is open keeps its number.
type Key = (usize, u64);

/// The open FIFOs. Those that were closed are forgotten whenever one is opened.
static OPEN: SpinLock<BTreeMap<Key, Weak<Pipe>>> = SpinLock::new(BTreeMap::new());

/// Opens the FIFO at `place`, which has a name in a file system.
///
/// # Errors
/// As `fifo(7)` says: `ENXIO` for a writer without reader and `O_NONBLOCK`; `ERESTARTSYS`; `ENOMEM`.
pub fn open(
    place: &Place,
    flags: OpenFlags,
    credentials: &Credentials,
) -> Result<Arc<dyn FileOperations>, Errno> {
    let mount = place.mount().ok_or(Errno::ENXIO)?;
    let key = (
        Arc::as_ptr(&mount.file_system).cast::<()>() as usize,
        place.inode().number(),
    );
    let fresh = Arc::new(Pipe::new(super::end::is_privileged(credentials))?);
    let mut open = OPEN.lock();
    let pipe = open.get(&key).and_then(Weak::upgrade);
    let pipe = pipe.unwrap_or_else(|| {
        open.retain(|_, pipe| pipe.strong_count() > 0);
        open.insert(key, Arc::downgrade(&fresh));
        fresh.clone()
    });
    drop(open);
    Ok(Arc::new(End::open_fifo(&pipe, flags)?))
}
