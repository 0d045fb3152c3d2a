//! [`Executed`]: a file that processes execute. It cannot be opened for writing or be cut meanwhile (`open(2)`, ETXTBSY). The other
//! way round, [`is_being_written`](Inode#method.is_being_written) keeps a file that is written from being executed.

use super::{Inode, Place};
use crate::error::Errno;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use threadbare_machine::sync::SpinLock;

/// How many processes execute a file, by the address of its inode, which those processes keep alive.
static FILES: SpinLock<BTreeMap<usize, usize>> = SpinLock::new(BTreeMap::new());

fn key(inode: &Arc<dyn Inode>) -> usize {
    Arc::as_ptr(inode).cast::<()>() as usize
}

/// The file that a process executes.
pub struct Executed(Place);

impl Executed {
    /// From now on a process executes what stands at `place`.
    pub fn new(place: Place) -> Executed {
        *FILES.lock().entry(key(place.inode())).or_insert(0) += 1;
        Executed(place)
    }

    /// Where it stands.
    pub fn place(&self) -> &Place {
        &self.0
    }
}

impl Clone for Executed {
    fn clone(&self) -> Executed {
        Executed::new(self.0.clone())
    }
}

impl Drop for Executed {
    fn drop(&mut self) {
        let mut files = FILES.lock();
        let key = key(self.0.inode());
        if let Some(count) = files.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                files.remove(&key);
            }
        }
    }
}

/// Checks that nobody executes a file that is about to be changed.
///
/// # Errors
/// `ETXTBSY` if somebody does.
pub fn check_not_executed(inode: &Arc<dyn Inode>) -> Result<(), Errno> {
    if FILES.lock().contains_key(&key(inode)) {
        Err(Errno::ETXTBSY)
    } else {
        Ok(())
    }
}
