//! Taking pages of a file back from all who map them: when it is cut (`truncate(2)`) or punched (`fallocate(2)`), and when
//! it is to be sealed against writes.
//!
//! 1. The file is changed first, then [`CUTS`] counted, then the processes are looked at, each with its memory locked. A fault asks
//!    the file under that lock, too, so that it finds the change or is found itself.
//! 2. A process that is being copied is found among all, or its maker finds `CUTS` changed once the copy is there, and
//!    takes the pages back itself ([`Cuts::seen_by`]).

use super::address_space::AddressSpace;
use super::vma::{Backing, Vma};
use crate::error::Errno;
use crate::process::{self, Process};
use crate::vfs::{Contents, Inode, same_inode};
use alloc::sync::Arc;
use core::ops::Range;
use core::sync::atomic::{AtomicU64, Ordering};
use threadbare_machine::memory::PAGE_SIZE;

const PAGE: u64 = PAGE_SIZE as u64;

/// How often pages were taken back.
static CUTS: AtomicU64 = AtomicU64::new(0);

/// Cuts or extends a file; who touches what was cut off gets SIGBUS, or zeroes once the file has grown again.
///
/// # Errors
/// As [`Contents::truncate`].
pub(crate) fn truncate(inode: &Arc<dyn Inode>, contents: &dyn Contents, size: u64) -> Result<(), Errno> {
    let old = contents.size();
    contents.truncate(size)?;
    if size < old {
        take_back(inode, size.div_ceil(PAGE)..old.div_ceil(PAGE), true);
    }
    Ok(())
}

/// Zeroes a range of a file, for those who share it; whether others see that is left open (`mmap(2)`).
///
/// # Errors
/// As [`Contents::punch`].
pub(crate) fn punch(inode: &Arc<dyn Inode>, contents: &dyn Contents, range: Range<u64>) -> Result<(), Errno> {
    let pages = range.start / PAGE..range.end.div_ceil(PAGE);
    let punched = contents.punch(range);
    take_back(inode, pages, false); // also where it got stuck half-way
    punched
}

/// Whether a mapping may write to the file itself.
pub(crate) fn is_written_through_mappings(inode: &Arc<dyn Inode>) -> bool {
    spaces().any(|memory| {
        let memory = memory.lock();
        let mut of_file = memory.vmas().filter(|(_, vma)| pages_of(vma, inode).is_some());
        of_file.any(|(_, vma)| vma.shared && vma.most.write)
    })
}

/// How many mappings of a file there are.
pub(crate) fn count_mappings(inode: &Arc<dyn Inode>) -> usize {
    let of_file = |memory: Arc<process::Memory>| {
        let memory = memory.lock();
        memory
            .vmas()
            .filter(|(_, vma)| pages_of(vma, inode).is_some())
            .count()
    };
    spaces().map(of_file).sum()
}

fn take_back(inode: &Arc<dyn Inode>, pages: Range<u64>, from_private: bool) {
    // Pairs with the acquire of `Cuts`: who sees the count sees the file changed.
    CUTS.fetch_add(1, Ordering::Release);
    for memory in spaces() {
        memory.lock().take_back(inode, &pages, from_private);
    }
}

fn spaces() -> impl Iterator<Item = Arc<process::Memory>> {
    process::all().filter_map(|process| process.memory_if_alive())
}

/// Which cuts there had been when a process began to be copied.
pub(crate) struct Cuts(u64);

impl Cuts {
    /// Those up to now.
    pub(crate) fn so_far() -> Cuts {
        Cuts(CUTS.load(Ordering::Acquire))
    }

    /// Takes back from a copy that is among all processes what was cut while it was made.
    pub(crate) fn seen_by(&self, copy: &Process) {
        if CUTS.load(Ordering::Acquire) != self.0 {
            copy.memory().lock().forget_files();
        }
    }
}

/// So many pages of a mapping, in bytes.
fn bytes(pages: u64) -> usize {
    usize::try_from(pages).map_or(usize::MAX, |pages| pages.saturating_mul(PAGE_SIZE))
}

/// The first page of the file that a mapping shows, if it is one of that file.
fn pages_of(vma: &Vma, file: &Arc<dyn Inode>) -> Option<u64> {
    match &vma.backing {
        Backing::File { inode, page, .. } => same_inode(inode, file).then_some(*page),
        Backing::Anonymous => None,
    }
}

impl AddressSpace {
    fn take_back(&mut self, file: &Arc<dyn Inode>, pages: &Range<u64>, from_private: bool) {
        for (range, vma) in self.vmas.iter() {
            let Some(first) = pages_of(vma, file).filter(|_| vma.shared || from_private) else {
                continue;
            };
            // In pages from the mapping's beginning.
            let mapped = (range.len() / PAGE_SIZE) as u64;
            let within = |page: u64| bytes(page.saturating_sub(first).min(mapped));
            let (start, end) = (within(pages.start), within(pages.end));
            if start < end {
                self.space.clear(range.start + start..range.start + end);
            }
        }
    }

    /// Unmaps whatever belongs to the mapping of a file that began at `address` (`shmdt(2)`).
    pub(crate) fn detach(&mut self, address: usize, file: &Arc<dyn Inode>) {
        let began_there = |range: &Range<usize>, vma: &Vma| {
            let first = pages_of(vma, file).filter(|_| vma.shared).map(bytes);
            first.is_some_and(|first| range.start.checked_sub(first) == Some(address))
        };
        loop {
            let found = self
                .vmas
                .iter()
                .find(|(range, vma)| began_there(range, vma))
                .map(|(range, _)| range);
            let Some(range) = found else { return };
            self.unmap_range(range);
        }
    }

    /// Takes all pages of files back that come again if they are still there, and those that files no longer have.
    fn forget_files(&mut self) {
        for (range, vma) in self.vmas.iter() {
            let Backing::File { inode, page, .. } = &vma.backing else {
                continue;
            };
            let size = inode.contents().map_or(0, |contents| contents.size());
            let left = size.div_ceil(PAGE).saturating_sub(*page);
            let mapped = (range.len() / PAGE_SIZE) as u64;
            let kept = if vma.shared { 0 } else { left.min(mapped) };
            self.space.clear(range.start + bytes(kept)..range.end);
        }
    }
}
