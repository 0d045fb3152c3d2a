//! Placing new mappings.

use super::address_space::{AddressSpace, LOWEST, page_up, pages};
use super::grow::GAP;
use super::usage::is_more_than_the_machine;
use super::vma::Vma;
use crate::error::Errno;
use core::ops::Range;
use threadbare_machine::memory::PAGE_SIZE;

/// Where a new mapping may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whereto {
    /// Anywhere; near this address if possible (0: no wish).
    Hint(usize),
    /// Exactly here, in place of what is there (`MAP_FIXED`).
    Fixed(usize),
    /// Exactly here, if nothing is there (`MAP_FIXED_NOREPLACE`).
    FixedIfFree(usize),
}

impl AddressSpace {
    /// Makes a mapping and returns its address, as `mmap(2)` does. `reserve` is false with `MAP_NORESERVE`.
    ///
    /// # Errors
    /// `EINVAL` for no length or an unaligned fixed address; `EEXIST`; `EPERM` below the lowest address; `ENOMEM`.
    pub fn map(&mut self, whereto: Whereto, length: usize, vma: Vma, reserve: bool) -> Result<usize, Errno> {
        if length == 0 {
            return Err(Errno::EINVAL);
        }
        let length = page_up(length).ok_or(Errno::ENOMEM)?;
        self.check_room(length)?;
        if reserve && vma.access.write && !vma.shared && is_more_than_the_machine(length) {
            return Err(Errno::ENOMEM);
        }
        let below = if vma.grows_down { GAP } else { 0 };
        let range = self.choose(whereto, length, below)?;
        if !self.vmas.is_free(range.clone()) {
            self.unmap_range(range.clone());
        }
        self.vmas.overwrite(range.clone(), vma, |_, _| ());
        Ok(range.start)
    }

    fn choose(&mut self, whereto: Whereto, length: usize, below: usize) -> Result<Range<usize>, Errno> {
        match whereto {
            Whereto::Hint(hint) => self.choose_free(hint, length, below),
            Whereto::Fixed(address) => self.exactly(address, length),
            Whereto::FixedIfFree(address) => {
                let range = self.exactly(address, length)?;
                if self.vmas.is_free(range.clone()) {
                    Ok(range)
                } else {
                    Err(Errno::EEXIST)
                }
            }
        }
    }

    fn exactly(&self, address: usize, length: usize) -> Result<Range<usize>, Errno> {
        let range = pages(address, length)?.ok_or(Errno::ENOMEM)?;
        if range.start < LOWEST {
            Err(Errno::EPERM)
        } else {
            Ok(range)
        }
    }

    /// Room for `length` bytes, and so many free ones `below` it.
    fn choose_free(&mut self, hint: usize, length: usize, below: usize) -> Result<Range<usize>, Errno> {
        let hint = hint & !(PAGE_SIZE - 1);
        let wished =
            pages(hint, length)?.filter(|range| range.start >= LOWEST && self.vmas.is_free(range.clone()));
        if let Some(range) = wished {
            return Ok(range);
        }
        let top = self.layout.mmap_top;
        let length = length.checked_add(below).ok_or(Errno::ENOMEM)?;
        let search = |below: usize| self.vmas.highest_gap(LOWEST..below.min(top), length, PAGE_SIZE);
        let start = search(self.search_below)
            .or_else(|| search(top))
            .ok_or(Errno::ENOMEM)?;
        self.search_below = start;
        Ok(start + below..start + length)
    }

    /// Sets the end of the heap and returns where it ends then: unchanged where it cannot be had (`brk(2)`, the
    /// system call).
    pub fn set_brk(&mut self, wanted: usize) -> usize {
        let layout = self.layout;
        let (Some(old), Some(new)) = (page_up(layout.brk), page_up(wanted)) else {
            return layout.brk;
        };
        if wanted < layout.brk_start {
            return layout.brk;
        }
        if new < old {
            self.unmap_range(new..old);
        } else if new > old {
            let fits = self.check_room(new - old).is_ok()
                && !is_more_than_the_machine(new - layout.brk_start)
                && new <= layout.mmap_top
                && self.vmas.is_free(old..new + PAGE_SIZE);
            if !fits {
                return layout.brk;
            }
            let access = threadbare_machine::paging::Access {
                read: true,
                write: true,
                execute: false,
            };
            let heap = Vma {
                label: "[heap]",
                ..Vma::anonymous(access)
            };
            self.vmas.overwrite(old..new, heap, |_, _| ());
        }
        self.layout.brk = wanted;
        wanted
    }
}
