//! Pages of 2 MiB (SDM 3A, 5.5: a page-directory entry with PS set maps one).
//!
//! To whoever does not care they look like 512 pages: a cursor inside one reads as if there were small entries, and splits
//! it before it changes one of them. Only what is done to the whole is done at once.
//!
//! Invariants:
//! 1. A large entry owns one count of each of its 512 frames, as 512 small ones would. So a split only writes a table, and
//!    changes nobody's counts.
//! 2. A space keeps one spare table for each large entry. So a split needs no memory and cannot fail: neither can `munmap` or
//!    `mprotect` of a part.
//! 3. The CPU never has a translation of another size *and* another meaning (SDM 3A, 5.10.2.3): a split keeps frames and
//!    rights and flushes, before anything is changed; a large entry is made only where nothing was mapped, and the empty table
//!    there is unlinked and flushed first, for the CPU remembers upper levels, too.

use super::cursor::{At, Cursor};
use super::entry::{Access, Entry};
use super::space::{UserSpace, index};
use super::{groups, kernel, tables};
use crate::memory::{LARGE_SIZE, LargeFrame, OutOfMemory, PAGE_SIZE, PhysAddr, direct, large};

/// Tables for splits to come: each one's first word is the address of the next.
#[derive(Debug)]
pub(super) struct Spares {
    first: PhysAddr,
}

impl Spares {
    pub(super) const fn new() -> Spares {
        Spares { first: PhysAddr(0) }
    }

    /// Puts an empty table that nothing leads to by.
    fn put(&mut self, table: PhysAddr) {
        // SAFETY: the table is ours, and no CPU walks it.
        unsafe { direct::<Entry>(table).write(Entry(self.first.0)) };
        self.first = table;
    }

    /// Takes an empty table.
    fn take(&mut self) -> Option<PhysAddr> {
        let table = (self.first.0 != 0).then_some(self.first)?;
        // SAFETY: as `put`; its first word is empty again, as the others are.
        self.first = PhysAddr(unsafe { direct::<Entry>(table).replace(Entry::EMPTY) }.0);
        Some(table)
    }

    /// Gives one back to the allocator.
    pub(super) fn drop_one(&mut self) -> bool {
        // SAFETY: it is empty, and nothing leads to it.
        self.take().map(|table| unsafe { tables::free(table) }).is_some()
    }
}

impl Drop for Spares {
    fn drop(&mut self) {
        while self.drop_one() {}
    }
}

/// Drops what a large entry holds.
///
/// # Safety
/// 1. The entry is gone, and no CPU has its translation.
pub(super) unsafe fn drop_frames(entry: Entry) {
    // SAFETY: (1); it owned the counts (invariant 1).
    drop(unsafe { LargeFrame::from_number(entry.address().frame_number()) });
}

impl Cursor<'_> {
    /// Whether nothing is mapped in the 2 MiB around the page.
    pub fn is_vacant_large(&self) -> bool {
        match self.at() {
            At::Nothing => true,
            // SAFETY: a live table of this space, which is borrowed exclusively.
            At::Table(table) => unsafe { groups::is_empty(table) },
            At::Large(_) => false,
        }
    }

    /// Maps `frame` at the 2 MiB around the page, where nothing is mapped, as one page.
    ///
    /// # Errors
    /// No frame for a page table; `frame` is dropped.
    ///
    /// # Panics
    /// When something is mapped there, or not all of it is for users.
    pub fn map_large(&mut self, frame: LargeFrame, access: Access) -> Result<(), OutOfMemory> {
        assert!(self.is_vacant_large(), "{:#x} is not vacant", self.page());
        let end = self.page() / LARGE_SIZE * LARGE_SIZE + LARGE_SIZE;
        assert!(end <= super::USER_END, "{:#x} is not a user page", self.page());
        let table = self.table_or_new()?; // which becomes the spare
        let slot = self.directory_entry().ok_or(OutOfMemory)?;
        // SAFETY: the entry that leads to this table, which is empty, so nothing is lost. It is unlinked and flushed before it
        // is used otherwise (invariant 3).
        unsafe { slot.write_volatile(Entry::EMPTY) };
        kernel::flush_all(self.space().root());
        self.space().spares.put(table);
        groups::note_empty(table);
        let entry = Entry::user(PhysAddr::of_frame(frame.into_number()), access).large();
        // SAFETY: as above; the slot's group is noted, for it held the table.
        unsafe { slot.write_volatile(entry) };
        self.space().held += large::FRAMES;
        self.look_again();
        Ok(())
    }

    /// Whether the cursor is at the first page of a large one that ends at or before `end`.
    #[inline]
    pub(super) fn is_at_whole_large(&self, end: usize) -> bool {
        self.is_in_large() && index(self.page(), 0) == 0 && end - self.page() >= LARGE_SIZE
    }

    /// Removes the large page here.
    pub(super) fn unmap_large(&mut self) {
        let At::Large(slot) = self.at() else { return };
        // SAFETY: a live entry of this space, which is borrowed exclusively; it is removed and flushed before its frames go.
        unsafe {
            let entry = slot.replace(Entry::EMPTY);
            kernel::flush_page(self.space().root(), self.page());
            drop_frames(entry);
        }
        self.space().held -= large::FRAMES;
        self.space().spares.drop_one();
        self.look_again();
    }

    /// Changes the rights of the large page here; `false` and nothing if frames of it are shared and writing is asked for.
    pub(super) fn protect_large(&mut self, access: Access) -> bool {
        let At::Large(slot) = self.at() else { return false };
        // SAFETY: a live entry of this space, which is borrowed exclusively. Dirty bits that the CPU sets meanwhile are of
        // private memory, of which nobody asks.
        unsafe {
            let old = slot.read_volatile();
            if access.write && large::is_shared(old.address().frame_number()) {
                return false;
            }
            slot.write_volatile(old.with_access(access).large());
        }
        kernel::flush_page(self.space().root(), self.page());
        true
    }

    /// Makes the large page here the space's own and writable if nobody shares it any more; says whether it was so.
    pub(super) fn own_large(&mut self) -> bool {
        let At::Large(slot) = self.at() else { return false };
        // SAFETY: as `protect_large`.
        unsafe {
            let old = slot.read_volatile();
            if large::is_shared(old.address().frame_number()) {
                return false;
            }
            slot.write_volatile(old.written(old.address()));
        }
        kernel::flush_page(self.space().root(), self.page());
        true
    }

    /// Maps the large page here in `other`, too, which has nothing there.
    ///
    /// # Errors
    /// No frame for tables; nothing has changed.
    pub(super) fn share_large(
        &mut self,
        other: &mut UserSpace,
        copy_on_write: bool,
    ) -> Result<(), OutOfMemory> {
        let At::Large(slot) = self.at() else { return Ok(()) };
        let mut copy = Cursor::new(other, self.page());
        let table = copy.table_or_new()?; // which becomes the spare
        let to = copy.directory_entry().ok_or(OutOfMemory)?;
        // SAFETY: live entries of the two spaces, both borrowed exclusively. The other's leads to an empty table, which is
        // unlinked; the caller flushes this space, and the other is not loaded.
        unsafe {
            let mut entry = slot.read_volatile();
            LargeFrame::count_again(entry.address().frame_number());
            if copy_on_write && entry.is_writable() {
                entry = entry.shared_until_written();
                slot.write_volatile(entry);
            }
            to.write_volatile(Entry::EMPTY);
            kernel::flush_all(other.root());
            to.write_volatile(entry);
        }
        groups::note_empty(table);
        other.spares.put(table);
        other.held += large::FRAMES;
        Ok(())
    }

    /// Makes 512 small pages of the large one around the cursor, and returns their table.
    ///
    /// # Panics
    /// When there is no large one.
    #[cold]
    pub(super) fn split(&mut self) -> PhysAddr {
        let At::Large(slot) = self.at() else {
            unreachable!("entries are set in tables or in large pages")
        };
        let table = self
            .space()
            .spares
            .take()
            .expect("each large entry has a spare (invariant 2)");
        groups::note_all(table, u32::MAX);
        // SAFETY: the spare is ours alone; the entry is a live one of this space, which is borrowed exclusively. What it owns
        // goes to the small entries (invariant 1).
        unsafe {
            let entry = slot.read_volatile();
            for number in 0..large::FRAMES {
                direct::<Entry>(table)
                    .add(number)
                    .write(entry.small(number * PAGE_SIZE));
            }
            slot.write_volatile(Entry::table(table));
        }
        kernel::flush_all(self.space().root());
        self.look_again();
        table
    }
}
