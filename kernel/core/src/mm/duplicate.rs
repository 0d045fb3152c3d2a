//! The copy of an address space that `fork(2)` makes.

use super::address_space::AddressSpace;
use super::usage::can_spare;
use super::vma::{OnFork, Vma};
use crate::error::Errno;
use threadbare_machine::paging::UserSpace;

/// More than the map of mappings needs for each of them.
const BYTES_PER_VMA: usize = 2 * (size_of::<Vma>() + 2 * size_of::<usize>());

impl AddressSpace {
    /// A space with the same mappings and pages, but those that a child is not to get. Private pages are shared until one
    /// side writes.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn duplicate(&mut self) -> Result<AddressSpace, Errno> {
        if !can_spare(self.vmas.len().saturating_mul(BYTES_PER_VMA)) {
            return Err(Errno::ENOMEM);
        }
        let mut space = UserSpace::new()?;
        let mut vmas = self.vmas.clone();
        for (range, vma) in self.vmas.iter() {
            match vma.on_fork {
                OnFork::Copied => self.space.share(&mut space, range, !vma.shared)?,
                OnFork::Missing => vmas.remove(range, |_, _| ()),
                OnFork::Wiped => {}
            }
        }
        Ok(AddressSpace { vmas, space, ..*self })
    }
}
