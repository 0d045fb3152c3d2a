//! Pages of the kernel that every program has: the vDSO.

use super::address_space::AddressSpace;
use super::place::Whereto;
use super::vma::Vma;
use crate::error::Errno;
use threadbare_machine::memory::{Frame, PAGE_SIZE};
use threadbare_machine::paging::Access;

/// A page that is there from the start, for reading. A program that makes it writable writes to a copy of its own, if it
/// may execute it at all; other pages stay as they are.
#[derive(Debug)]
pub(crate) struct Special {
    pub(crate) frame: Frame,
    pub(crate) execute: bool,
    /// What `/proc/<pid>/maps` calls it.
    pub(crate) label: &'static str,
}

impl AddressSpace {
    /// Maps pages side by side where there is room, and returns their addresses.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub(crate) fn map_special<const COUNT: usize>(
        &mut self,
        pages: [Special; COUNT],
    ) -> Result<[usize; COUNT], Errno> {
        let room = Vma::anonymous(Access::NONE);
        let start = self.map(Whereto::Hint(0), COUNT * PAGE_SIZE, room, false)?;
        let addresses = core::array::from_fn(|index| start + index * PAGE_SIZE);
        for (page, address) in pages.into_iter().zip(addresses) {
            let access = Access {
                read: true,
                write: false,
                execute: page.execute,
            };
            let most = Access {
                write: page.execute,
                ..access
            };
            let vma = Vma {
                most,
                label: page.label,
                ..Vma::anonymous(access)
            };
            self.map(Whereto::Fixed(address), PAGE_SIZE, vma, true)?;
            self.space.map(address, page.frame, access)?;
        }
        Ok(addresses)
    }
}
