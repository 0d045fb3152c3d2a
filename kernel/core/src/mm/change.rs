//! Changing what is mapped: `munmap`, `mprotect`, `mremap`, `madvise`.

use super::address_space::{AddressSpace, page_up, pages};
use super::fault::{FaultError, Touch};
use super::place::Whereto;
use super::vma::{Backing, Huge, OnFork, Vma};
use crate::error::Errno;
use core::ops::Range;
use threadbare_machine::memory::{Frame, PAGE_SIZE};
use threadbare_machine::paging::Access;

impl AddressSpace {
    /// Removes all mappings in a range (`munmap(2)`).
    ///
    /// # Errors
    /// `EINVAL` for no length, an unaligned address, or a range beyond the user's half; `ENOMEM` if a mapping would
    /// be cut in two and there are too many.
    pub fn unmap(&mut self, address: usize, length: usize) -> Result<(), Errno> {
        let range = pages(address, length)?
            .filter(|range| !range.is_empty())
            .ok_or(Errno::EINVAL)?;
        let cuts = self
            .vmas
            .get(range.start)
            .is_some_and(|(whole, _)| whole.start < range.start && whole.end > range.end);
        if cuts {
            self.check_room(0)?;
        }
        self.unmap_range(range);
        Ok(())
    }

    pub(super) fn unmap_range(&mut self, range: Range<usize>) {
        self.vmas.remove(range.clone(), |_, _| ());
        self.search_below = self.search_below.max(range.end);
        self.space.unmap(range);
    }

    /// Changes the rights of a range (`mprotect(2)`).
    ///
    /// # Errors
    /// `EINVAL` for an unaligned address; `ENOMEM` if not all of it is mapped (then nothing changes); `EACCES` if a
    /// mapping may not have these rights.
    pub fn protect(&mut self, address: usize, length: usize, access: Access) -> Result<(), Errno> {
        let range = pages(address, length)?.ok_or(Errno::ENOMEM)?;
        if range.is_empty() {
            return Ok(());
        }
        if !self.vmas.covers(range.clone()) {
            return Err(Errno::ENOMEM);
        }
        let allows = |most: Access| {
            (!access.write || most.write) && (!access.execute || most.execute) && (!access.read || most.read)
        };
        if !self
            .vmas
            .overlapping(range.clone())
            .all(|(_, vma)| allows(vma.most))
        {
            return Err(Errno::EACCES);
        }
        self.check_room(0)?;
        self.vmas.update(range.clone(), |_, vma| vma.access = access);
        for (piece, vma) in self.vmas.overlapping(range.clone()) {
            let part = piece.start.max(range.start)..piece.end.min(range.end);
            let shared = vma.shared;
            // A private frame that others share stays read-only: the next write copies it (invariant 2).
            self.space
                .protect(part, access, |frame: &Frame| shared || !frame.is_shared());
        }
        Ok(())
    }

    /// Grows, shrinks or moves a mapping (`mremap(2)`), and returns where it is then. `to` is the new address with
    /// `MREMAP_FIXED`.
    ///
    /// # Errors
    /// `EINVAL` for bad arguments; `EFAULT` if the old range is not one mapping; `ENOMEM`.
    pub fn remap(
        &mut self,
        address: usize,
        old_length: usize,
        new_length: usize,
        may_move: bool,
        to: Option<usize>,
    ) -> Result<usize, Errno> {
        let old = pages(address, old_length)?.ok_or(Errno::EINVAL)?;
        let new_bytes = page_up(new_length)
            .filter(|&bytes| bytes > 0)
            .ok_or(Errno::EINVAL)?;
        let (whole, vma) = self.vmas.get(old.start).ok_or(Errno::EFAULT)?;
        if old.is_empty() {
            return Err(Errno::EINVAL); // duplicating shared mappings this way is obsolete, and not offered
        }
        if old.end > whole.end {
            return Err(Errno::EFAULT);
        }
        let vma = vma.clone();
        if let Some(to) = to {
            let target = pages(to, new_bytes)?.ok_or(Errno::EINVAL)?;
            if target.start < old.end && old.start < target.end {
                return Err(Errno::EINVAL);
            }
            let moved = self.move_mapping(old.clone(), whole.start, vma, new_bytes, Whereto::Fixed(to))?;
            self.unmap_range(old);
            return Ok(moved);
        }
        let old_bytes = old.end - old.start;
        if new_bytes <= old_bytes {
            if new_bytes < old_bytes {
                self.unmap_range(old.start + new_bytes..old.end);
            }
            return Ok(old.start);
        }
        let growth = old.end..old.start.checked_add(new_bytes).ok_or(Errno::ENOMEM)?;
        self.check_room(new_bytes - old_bytes)?;
        let fits = growth.end <= self.layout.mmap_top.max(whole.end) && old.end == whole.end;
        if fits && self.vmas.is_free(growth.clone()) {
            let tail = tail_of(&vma, whole.start, growth.start);
            self.vmas.overwrite(growth, tail, |_, _| ());
            return Ok(old.start);
        }
        if !may_move {
            return Err(Errno::ENOMEM);
        }
        let moved = self.move_mapping(old.clone(), whole.start, vma, new_bytes, Whereto::Hint(0))?;
        self.unmap_range(old);
        Ok(moved)
    }

    /// Moves the pages of a mapping elsewhere and leaves the mapping itself, without pages (`MREMAP_DONTUNMAP`).
    ///
    /// # Errors
    /// As [`AddressSpace::remap`].
    pub fn move_pages(&mut self, address: usize, length: usize, whereto: Whereto) -> Result<usize, Errno> {
        let old = pages(address, length)?
            .filter(|old| !old.is_empty())
            .ok_or(Errno::EINVAL)?;
        let (whole, vma) = self.vmas.get(old.start).ok_or(Errno::EFAULT)?;
        if old.end > whole.end {
            return Err(Errno::EFAULT);
        }
        if let Whereto::Fixed(to) = whereto {
            let target = pages(to, length)?.ok_or(Errno::EINVAL)?;
            if target.start < old.end && old.start < target.end {
                return Err(Errno::EINVAL);
            }
        }
        let vma = vma.clone();
        let bytes = old.len();
        self.move_mapping(old, whole.start, vma, bytes, whereto)
    }

    /// Maps what `vma` means at `old` elsewhere, with the pages that are at `old`; the old mapping stays.
    fn move_mapping(
        &mut self,
        old: Range<usize>,
        vma_start: usize,
        vma: Vma,
        bytes: usize,
        whereto: Whereto,
    ) -> Result<usize, Errno> {
        let to = self.map(whereto, bytes, tail_of(&vma, vma_start, old.start), false)?;
        let moved = old.start..old.end.min(old.start + bytes);
        let relocated = self.space.relocate(moved, to);
        if relocated.is_err() {
            // Pages that did not fit the new tables go back; there is room where they came from.
            let _ = self.space.relocate(to..to + bytes, old.start);
            self.unmap_range(to..to + bytes);
            return Err(Errno::ENOMEM);
        }
        Ok(to)
    }

    /// Drops the pages of a range: private ones read as new afterwards, shared ones are kept by their file
    /// (`MADV_DONTNEED`).
    ///
    /// # Errors
    /// `EINVAL` for an unaligned address; `ENOMEM` if not all of it is mapped, after dropping what is.
    pub fn discard(&mut self, address: usize, length: usize) -> Result<(), Errno> {
        let range = self.advised(address, length)?;
        let covered = self.vmas.covers(range.clone());
        for (piece, _) in self.vmas.overlapping(range.clone()) {
            self.space
                .clear(piece.start.max(range.start)..piece.end.min(range.end));
        }
        if covered { Ok(()) } else { Err(Errno::ENOMEM) }
    }

    /// Says what a child of `fork(2)` gets of a range (`madvise(2)`).
    ///
    /// # Errors
    /// `EINVAL` for an unaligned address, or to wipe what is not private memory without a file; `ENOMEM` if not all of it is
    /// mapped, after the change of what is.
    pub fn set_on_fork(&mut self, address: usize, length: usize, on_fork: OnFork) -> Result<(), Errno> {
        let range = self.advised(address, length)?;
        let is_memory = |vma: &Vma| !vma.shared && matches!(vma.backing, Backing::Anonymous);
        if on_fork == OnFork::Wiped
            && !self
                .vmas
                .overlapping(range.clone())
                .all(|(_, vma)| is_memory(vma))
        {
            return Err(Errno::EINVAL);
        }
        self.check_room(0)?;
        self.vmas.update(range.clone(), |_, vma| vma.on_fork = on_fork);
        if self.vmas.covers(range) {
            Ok(())
        } else {
            Err(Errno::ENOMEM)
        }
    }

    /// Says whether pages of a range may be huge from now on (`madvise(2)`).
    ///
    /// # Errors
    /// `EINVAL` for an unaligned address; `ENOMEM` if not all of it is mapped, after the change of what is.
    pub fn set_huge(&mut self, address: usize, length: usize, huge: Huge) -> Result<(), Errno> {
        let range = self.advised(address, length)?;
        self.check_room(0)?;
        self.vmas.update(range.clone(), |_, vma| vma.huge = huge);
        if self.vmas.covers(range) {
            Ok(())
        } else {
            Err(Errno::ENOMEM)
        }
    }

    /// Brings the page at `address` in (`MADV_POPULATE_READ`, `MADV_POPULATE_WRITE`).
    ///
    /// # Errors
    /// `ENOMEM` if nothing is mapped there or there is no memory; `EINVAL` if the mapping forbids it; `EFAULT` beyond a file.
    pub fn populate(&mut self, address: usize, touch: Touch) -> Result<(), Errno> {
        if self.vmas.get(address).is_none() {
            return Err(Errno::ENOMEM);
        }
        self.fault(address, touch).map_err(|error| match error {
            FaultError::Unmapped | FaultError::OutOfMemory => Errno::ENOMEM,
            FaultError::Forbidden => Errno::EINVAL,
            FaultError::BeyondFile => Errno::EFAULT,
        })
    }

    /// Checks the range of an advice that changes nothing.
    ///
    /// # Errors
    /// `EINVAL` for an unaligned address; `ENOMEM` if not all of it is mapped.
    pub fn check_advised(&self, address: usize, length: usize) -> Result<(), Errno> {
        let range = self.advised(address, length)?;
        if self.vmas.covers(range) {
            Ok(())
        } else {
            Err(Errno::ENOMEM)
        }
    }

    fn advised(&self, address: usize, length: usize) -> Result<Range<usize>, Errno> {
        pages(address, length)?.ok_or(Errno::EINVAL)
    }

    /// For each page of a range whether it is in memory (`mincore(2)`).
    ///
    /// # Errors
    /// `EINVAL` for an unaligned address; `ENOMEM` if not all of it is mapped.
    pub fn pages_present(
        &mut self,
        address: usize,
        length: usize,
        mut page: impl FnMut(bool),
    ) -> Result<(), Errno> {
        let range = pages(address, length)?.ok_or(Errno::ENOMEM)?;
        if !self.vmas.covers(range.clone()) {
            return Err(Errno::ENOMEM);
        }
        for at in range.step_by(PAGE_SIZE) {
            page(self.space.lookup(at).is_some());
        }
        Ok(())
    }
}

/// The meaning that a VMA beginning at `start` has from `at` on (which may be its end).
fn tail_of(vma: &Vma, start: usize, at: usize) -> Vma {
    use threadbare_range_map::Piece;
    vma.clone().cut(at - start)
}
