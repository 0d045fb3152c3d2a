//! [`AddressSpace`].

use super::vma::Vma;
use crate::error::Errno;
use core::ops::Range;
use threadbare_machine::memory::PAGE_SIZE;
use threadbare_machine::paging::{SpaceHandle, USER_END, UserSpace};
use threadbare_range_map::RangeMap;

/// The lowest address that may be mapped (`vm.mmap_min_addr`): a null pointer plus a small offset always faults.
pub(super) const LOWEST: usize = 0x1_0000;

/// The most mappings that a process may have (`vm.max_map_count`).
pub(super) const MOST_VMAS: usize = 65530;

/// The places in an address space that `execve` fixes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Layout {
    /// New mappings are placed below this address, from the top down.
    pub mmap_top: usize,
    /// Where the heap begins.
    pub brk_start: usize,
    /// Where it ends now: what `brk(2)` sets.
    pub brk: usize,
    /// The main thread's stack, all that it may grow to.
    pub stack: Range2,
    /// The argument strings on it, for `/proc/<pid>/cmdline`.
    pub arguments: Range2,
    /// The environment strings on it.
    pub environment: Range2,
    /// The program's code, by its first and last address.
    pub code: Range2,
}

/// A range that is `Copy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range2 {
    /// The first address.
    pub start: usize,
    /// The first address after it.
    pub end: usize,
}

impl From<Range<usize>> for Range2 {
    fn from(range: Range<usize>) -> Self {
        Range2 {
            start: range.start,
            end: range.end,
        }
    }
}

/// The memory of a process.
#[derive(Debug)]
pub struct AddressSpace {
    pub(super) vmas: RangeMap<Vma>,
    pub(super) space: UserSpace,
    /// Where things are.
    pub layout: Layout,
    /// `RLIMIT_AS`: the most bytes that may be mapped.
    pub limit: usize,
    /// `RLIMIT_STACK`: how large a mapping may be that grows.
    pub stack_limit: usize,
    /// Where the search for room begins, from the top down: what is above was taken or too small the last time.
    pub(super) search_below: usize,
    /// Whether the program wants no large pages that it did not ask for (`PR_SET_THP_DISABLE`).
    pub large_pages_refused: bool,
    /// The most pages that were mapped when somebody looked.
    pub(super) most_held: usize,
}

impl AddressSpace {
    /// An empty space.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn new() -> Result<AddressSpace, Errno> {
        let layout = Layout {
            mmap_top: USER_END,
            ..Layout::default()
        };
        Ok(AddressSpace {
            vmas: RangeMap::new(),
            space: UserSpace::new()?,
            layout,
            limit: usize::MAX,
            stack_limit: usize::MAX,
            search_below: USER_END,
            large_pages_refused: false,
            most_held: 0,
        })
    }

    /// A handle for the task that runs in it.
    pub fn handle(&self) -> SpaceHandle {
        self.space.handle()
    }

    /// The bytes of memory that it has: pages that are mapped.
    pub fn resident(&self) -> usize {
        self.space.held() * PAGE_SIZE
    }

    /// The most bytes of memory that it has had, as far as anybody has looked.
    pub fn most_resident(&mut self) -> u64 {
        self.most_held = self.most_held.max(self.space.held());
        (self.most_held * PAGE_SIZE) as u64
    }

    /// The mappings, in ascending order.
    pub fn vmas(&self) -> impl DoubleEndedIterator<Item = (Range<usize>, &Vma)> {
        self.vmas.iter()
    }

    /// The mapping at an address.
    pub fn vma_at(&self, address: usize) -> Option<(Range<usize>, &Vma)> {
        self.vmas.get(address)
    }

    /// All mapped addresses, in bytes.
    pub fn mapped_bytes(&self) -> usize {
        self.vmas.total()
    }

    /// Checks that `bytes` more may be mapped, in one more mapping or two.
    pub(super) fn check_room(&self, bytes: usize) -> Result<(), Errno> {
        // Adding everything up takes a while with many mappings, so only where there is a limit.
        let mapped = if self.limit < USER_END {
            self.vmas.total()
        } else {
            0
        };
        let total = mapped.checked_add(bytes).ok_or(Errno::ENOMEM)?;
        if total > self.limit.min(USER_END) || self.vmas.len() + 2 > MOST_VMAS || super::usage::is_scarce() {
            return Err(Errno::ENOMEM);
        }
        Ok(())
    }
}

/// `address` and `length` as a range of whole user pages.
///
/// # Errors
/// `EINVAL` if the address is not page-aligned; `None` inside if the range does not fit the user's half.
pub(super) fn pages(address: usize, length: usize) -> Result<Option<Range<usize>>, Errno> {
    if !address.is_multiple_of(PAGE_SIZE) {
        return Err(Errno::EINVAL);
    }
    let end = page_up(length).and_then(|length| address.checked_add(length));
    Ok(end.filter(|&end| end <= USER_END).map(|end| address..end))
}

/// Rounds up to whole pages; `None` when that overflows.
pub(super) fn page_up(bytes: usize) -> Option<usize> {
    bytes.checked_next_multiple_of(PAGE_SIZE)
}
