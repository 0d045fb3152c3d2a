//! [`UserSpace`]: the user half of an address space and the frames mapped in it.

use super::cursor::Cursor;
use super::entry::{Access, Entry};
use super::large::{self, Spares};
use super::{groups, kernel, tables};
use crate::memory::{Frame, OutOfMemory, PAGE_SIZE, PhysAddr, direct};
use alloc::sync::Arc;
use core::ops::Range;

/// The end of the user half: the last page below the canonical hole stays unmapped, so that a SYSCALL there cannot
/// return to a non-canonical address (as on Linux).
pub const USER_END: usize = 0x0000_7fff_ffff_f000;

/// The table that `Arc`s count: alive while the space, a task or a CPU uses it.
#[derive(Debug)]
pub(crate) struct Root(PhysAddr);

impl Root {
    /// The physical address of the top-level table.
    pub(crate) fn address(&self) -> PhysAddr {
        self.0
    }
}

/// An address space that programs run in.
#[derive(Debug)]
pub struct UserSpace {
    root: Arc<Root>,
    /// How many pages are mapped.
    pub(super) held: usize,
    /// Of large pages.
    pub(super) spares: Spares,
}

/// Keeps an address space alive and loadable, without giving access to its mappings.
#[derive(Clone, Debug)]
pub struct SpaceHandle(pub(crate) Arc<Root>);

/// What lies at a page.
#[derive(Debug)]
pub struct Mapping {
    /// The page itself, shared with the mapping.
    pub frame: Frame,
    /// What ring 3 may do there.
    pub access: Access,
    /// Whether ring 3 has written through this mapping.
    pub dirty: bool,
}

impl UserSpace {
    /// An empty space.
    pub fn new() -> Result<UserSpace, OutOfMemory> {
        let address = tables::new_root().ok_or(OutOfMemory)?;
        Ok(UserSpace {
            root: Arc::new(Root(address)),
            held: 0,
            spares: Spares::new(),
        })
    }

    /// How many pages are mapped.
    pub fn held(&self) -> usize {
        self.held
    }

    /// A handle for tasks that run in this space.
    pub fn handle(&self) -> SpaceHandle {
        SpaceHandle(self.root.clone())
    }

    /// A cursor at `page`, to look and change from there upwards.
    ///
    /// # Panics
    /// When `page` is not page-aligned or not below [`USER_END`].
    #[inline]
    pub fn cursor(&mut self, page: usize) -> Cursor<'_> {
        Cursor::new(self, page)
    }

    /// Maps `frame` at `page`. What was mapped there before is dropped.
    ///
    /// # Errors
    /// No frame for a page table.
    ///
    /// # Panics
    /// When `page` is not a user page, or a page of the initial RAM disk would become writable.
    pub fn map(&mut self, page: usize, frame: Frame, access: Access) -> Result<(), OutOfMemory> {
        self.cursor(page).map(frame, access)
    }

    /// Removes all mappings in a range of whole pages and gives back the tables that it empties.
    pub fn unmap(&mut self, range: Range<usize>) {
        self.clear(range.clone());
        self.prune(range);
    }

    /// Removes all mappings in a range of whole pages and keeps the tables, for pages that will soon be touched again.
    pub fn clear(&mut self, range: Range<usize>) {
        let mut cursor = self.cursor(range.start);
        while cursor.seek_held(range.end) {
            if cursor.is_at_whole_large(range.end) {
                cursor.unmap_large();
            } else {
                cursor.unmap();
            }
        }
    }

    /// Changes the rights of all mappings in a range of whole pages. Pages of the initial RAM disk never become
    /// writable; a shared frame becomes writable only where `may_write` says so for its page.
    pub fn protect(
        &mut self,
        range: Range<usize>,
        access: Access,
        mut may_write: impl FnMut(&Frame) -> bool,
    ) {
        let mut cursor = self.cursor(range.start);
        while cursor.seek_held(range.end) {
            if cursor.is_at_whole_large(range.end) && cursor.protect_large(access) {
                cursor.jump(cursor.page() + BIG);
                continue;
            }
            loop {
                cursor.protect(access, &mut may_write);
                if !cursor.advance_in_table() {
                    cursor.advance();
                    break;
                }
                if cursor.page() >= range.end || !cursor.is_held() {
                    break;
                }
            }
        }
    }

    /// Moves the mappings of a range of whole pages to `to`, as `mremap` does. The ranges do not overlap.
    ///
    /// # Errors
    /// No frame for a page table; the mappings moved so far stay moved.
    pub fn relocate(&mut self, range: Range<usize>, to: usize) -> Result<(), OutOfMemory> {
        let mut at = range.start;
        loop {
            let mut cursor = self.cursor(at);
            if !cursor.seek_held(range.end) {
                break;
            }
            at = cursor.page();
            let access = cursor.access();
            let Some(frame) = cursor.take() else { break };
            self.cursor(to + (at - range.start)).map(frame, access)?;
        }
        self.prune(range);
        Ok(())
    }

    /// What is mapped at `page`.
    pub fn lookup(&mut self, page: usize) -> Option<Mapping> {
        self.cursor(page).mapping()
    }

    pub(super) fn root(&self) -> PhysAddr {
        self.root.0
    }

    /// Frees the page tables under `range` that hold nothing any more.
    fn prune(&mut self, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        let mut pruned = false;
        for first in (range.start & !(BIG - 1)..range.end).step_by(BIG) {
            // SAFETY: the root is this space's own; `&mut self` means nobody walks its tables meanwhile.
            pruned |= unsafe { prune_path(self.root(), first) };
        }
        if pruned {
            kernel::flush_all(self.root());
        }
    }
}

/// The span of one last-level table.
const BIG: usize = 512 * PAGE_SIZE;

/// Frees the tables under which `page` lies and which hold nothing; whether there are any.
///
/// # Safety
/// 1. `root` is a live top-level table that nobody else walks.
unsafe fn prune_path(root: PhysAddr, page: usize) -> bool {
    let mut path = [(core::ptr::null_mut::<Entry>(), PhysAddr(0)); 3];
    let mut table = root;
    for (depth, slot) in path.iter_mut().enumerate() {
        // SAFETY: (1): entries of live tables lead to live tables.
        unsafe {
            let entry = direct::<Entry>(table).add(index(page, 3 - depth));
            if !(*entry).leads_to_table() {
                return false;
            }
            table = (*entry).address();
            *slot = (entry, table);
        }
    }
    let mut pruned = false;
    for (slot, table) in path.into_iter().rev() {
        // SAFETY: (1). An empty table is unlinked; `flush_all` follows before any of its memory could be
        // walked again, and with one CPU nothing walks it in between.
        unsafe {
            if !groups::is_empty(table) {
                return pruned;
            }
            pruned = true;
            *slot = Entry::EMPTY;
            tables::free(table);
        }
    }
    pruned
}

/// The index of `page` in its table of `level` (0 = the last, 3 = the top).
pub(super) fn index(page: usize, level: usize) -> usize {
    page >> (12 + 9 * level) & 511
}

impl Drop for Root {
    fn drop(&mut self) {
        kernel::leave(self.0);
        // SAFETY: the last handle is gone and no CPU has it loaded (`leave`), so nobody walks it.
        unsafe {
            free_level(self.0, 3);
            tables::free_root(self.0);
        }
    }
}

/// Drops everything below a table, and empties it; of a top-level table the user half.
///
/// # Safety
/// 1. The table is live and nobody walks it, now or later.
unsafe fn free_level(table: PhysAddr, level: usize) {
    for start in groups::starts(groups::of(table)) {
        // SAFETY: (1).
        let entries = unsafe { groups::entries(table, start) };
        for entry in entries.iter() {
            // SAFETY: (1); entries own what they name (invariant 1 of `paging`), once: they are emptied below. The table below
            // is empty after its turn.
            unsafe {
                if level == 0 {
                    if entry.is_counted() {
                        drop(Frame::from_number(entry.address().frame_number()));
                    }
                } else if entry.is_held() {
                    large::drop_frames(*entry);
                } else if entry.is_present() {
                    free_level(entry.address(), level - 1);
                    tables::free(entry.address());
                }
            }
        }
        entries.fill(Entry::EMPTY);
    }
    groups::note_empty(table);
}
