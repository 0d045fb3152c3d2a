//! Mappings that grow downwards when the page below them is touched (`MAP_GROWSDOWN` of `mmap(2)`).
//!
//! The stack of a first thread is no such mapping here: all that it may grow to is mapped from the beginning.

use super::address_space::AddressSpace;
use threadbare_machine::memory::PAGE_SIZE;

/// What stays free between a mapping that grows and the one below it: Linux' `stack_guard_gap`.
pub(super) const GAP: usize = 256 * PAGE_SIZE;

impl AddressSpace {
    /// Lets the mapping above `page`, which is not mapped, grow down to it. `None` if there is none that grows, or no room, or
    /// it would be larger than `RLIMIT_STACK` allows.
    pub(super) fn grow_down(&mut self, page: usize) -> Option<()> {
        let (range, vma) = self.vmas.next_from(page).filter(|(_, vma)| vma.grows_down)?;
        let vma = vma.clone();
        if range.end - page > self.stack_limit {
            return None;
        }
        let gap = page.checked_sub(GAP)?..page;
        let in_the_way =
            |access: threadbare_machine::paging::Access| access.read || access.write || access.execute;
        if self
            .vmas
            .overlapping(gap)
            .any(|(_, below)| in_the_way(below.access))
        {
            return None;
        }
        self.check_room(range.start - page).ok()?;
        self.vmas.overwrite(page..range.start, vma, |_, _| ());
        Some(())
    }
}
