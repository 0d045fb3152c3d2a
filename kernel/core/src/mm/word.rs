//! Words of the current program's memory that several programs may wait for.

use super::current::{CurrentMemory, errno};
use super::fault::Touch;
use super::vma::Backing;
use crate::error::Errno;
use alloc::sync::Arc;
use threadbare_machine::memory::PAGE_SIZE;
use threadbare_machine::user;

/// What two mappings of one word have in common: the object, by its address, and the place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedWord {
    /// Where the object is in the kernel's memory. Another object may come to the same place when this one is gone.
    pub object: usize,
    /// The byte of the object.
    pub offset: u64,
}

impl CurrentMemory<'_> {
    /// Brings the page at `address` in.
    ///
    /// # Errors
    /// `EFAULT`, `ENOMEM`.
    pub fn bring_in(&self, address: usize, touch: Touch) -> Result<(), Errno> {
        self.process()
            .memory()
            .lock()
            .fault(address, touch)
            .map_err(errno)
    }

    /// Loads the aligned word at `address`, in one access.
    ///
    /// # Errors
    /// `EFAULT`, `ENOMEM`.
    pub fn load_word(&self, address: usize) -> Result<u32, Errno> {
        loop {
            match user::load_word(address) {
                Ok(word) => return Ok(word),
                Err(_) => self.bring_in(address, Touch::Read)?,
            }
        }
    }

    /// Replaces the aligned word at `address` by `new` if it is `expected`, in one access, and returns what it was.
    ///
    /// # Errors
    /// `EFAULT`, `ENOMEM`.
    pub fn compare_exchange_word(&self, address: usize, expected: u32, new: u32) -> Result<u32, Errno> {
        loop {
            match user::compare_exchange_word(address, expected, new) {
                Ok(word) => return Ok(word),
                Err(_) => self.bring_in(address, Touch::Write)?,
            }
        }
    }

    /// What the word at `address` is to others that map it too; `None` in private memory.
    ///
    /// # Errors
    /// `EFAULT` where nothing is mapped.
    pub fn shared_word(&self, address: usize) -> Result<Option<SharedWord>, Errno> {
        let memory = self.process().memory();
        let memory = memory.lock();
        let (range, vma) = memory.vmas.get(address).ok_or(Errno::EFAULT)?;
        let Backing::File { inode, page, .. } = &vma.backing else {
            return Ok(None);
        };
        if !vma.shared {
            return Ok(None);
        }
        let start = page.wrapping_mul(PAGE_SIZE as u64);
        Ok(Some(SharedWord {
            object: Arc::as_ptr(inode).cast::<()>().addr(),
            offset: start.wrapping_add((address - range.start) as u64),
        }))
    }
}
