//! [`Cursor`]: a place in an address space from which mappings are read and changed.

use super::entry::{Access, Entry};
use super::groups::{self, GROUP};
use super::kernel;
use super::space::{Mapping, USER_END, UserSpace, index};
use super::tables;
use crate::memory::{Frame, OutOfMemory, PAGE_SIZE, PhysAddr, direct};
use core::{mem, ptr};

/// A place in a [`UserSpace`]. It owns what it maps: mapping consumes a frame, unmapping gives it up.
///
/// The cursor remembers the last-level table that it is in, so that a walk over neighbouring pages descends once for
/// every 512 of them. Translations are flushed before a frame leaves.
#[derive(Debug)]
pub struct Cursor<'a> {
    space: &'a mut UserSpace,
    page: usize,
    /// The last-level table for `page`; `None` when it is not there.
    table: Option<PhysAddr>,
    /// Without a table: the entry of the level above if it maps 2 MiB, else null.
    large: *mut Entry,
}

/// What the tables have for a page.
#[derive(Clone, Copy, Debug)]
pub(super) enum At {
    /// No last-level table.
    Nothing,
    /// A last-level table.
    Table(PhysAddr),
    /// An entry of the level above, which maps 2 MiB.
    Large(*mut Entry),
}

impl<'a> Cursor<'a> {
    #[inline]
    pub(super) fn new(space: &'a mut UserSpace, page: usize) -> Self {
        assert!(
            page.is_multiple_of(PAGE_SIZE) && page <= USER_END,
            "{page:#x} is not a user page"
        );
        let mut cursor = Cursor {
            space,
            page,
            table: None,
            large: ptr::null_mut(),
        };
        cursor.look_again();
        cursor
    }

    /// The page that the cursor is at.
    pub fn page(&self) -> usize {
        self.page
    }

    /// Moves to the next page.
    pub fn advance(&mut self) {
        self.page += PAGE_SIZE;
        if index(self.page, 0) == 0 {
            self.look_again();
        }
    }

    /// Moves to the next page if its entry is in the same last-level table; says whether it is.
    #[inline]
    pub fn advance_in_table(&mut self) -> bool {
        let stays = index(self.page, 0) < 511;
        if stays {
            self.page += PAGE_SIZE;
        }
        stays
    }

    /// Moves to another page of the same last-level table.
    ///
    /// # Panics
    /// When `page` is no page, or of another table.
    #[inline]
    pub fn move_in_table(&mut self, page: usize) {
        const SPAN: usize = 512 * PAGE_SIZE;
        assert!(
            page.is_multiple_of(PAGE_SIZE) && page / SPAN == self.page / SPAN,
            "{page:#x} is no page of the table of {:#x}",
            self.page
        );
        self.page = page;
    }

    /// Whether a page is mapped here.
    #[inline]
    pub fn is_held(&self) -> bool {
        self.entry().is_held()
    }

    /// Whether a page is mapped just before this one, as far as this last-level table tells.
    pub fn is_held_before(&self) -> bool {
        let (Some(table), at @ 1..) = (self.table, index(self.page, 0)) else {
            return false; // in a large page nobody asks: all of it is there
        };
        // SAFETY: as `entry`; the index before this one is in the same table.
        unsafe { direct::<Entry>(table).add(at - 1).read_volatile() }.is_held()
    }

    /// Moves to the first page from here on that holds a frame, but not past `end`; `false` if there is none.
    #[inline]
    pub fn seek_held(&mut self, end: usize) -> bool {
        self.page < end && self.entry().is_held() || self.seek_further(end)
    }

    fn seek_further(&mut self, end: usize) -> bool {
        while self.page < end {
            match self.at() {
                At::Nothing => {
                    let span = 512 * PAGE_SIZE;
                    self.page = (self.page / span + 1) * span;
                    if self.page < end {
                        self.look_again();
                    }
                }
                At::Table(table) => {
                    if self.seek_in_table(table, end) {
                        return true;
                    }
                }
                At::Large(_) => return true,
            }
        }
        false
    }

    /// As [`Cursor::seek_held`] within the last-level table; without one it goes to the first page of the next.
    fn seek_in_table(&mut self, table: PhysAddr, end: usize) -> bool {
        let first = index(self.page, 0);
        let last = (first + (end - self.page).div_ceil(PAGE_SIZE)).min(512);
        let groups = groups::of(table) & groups::overlapping(first..last);
        let held = groups::starts(groups).find_map(|start| {
            // SAFETY: a live table, which the exclusive borrow of the space keeps anybody else from changing; the accessed and
            // dirty bits that the CPU may set meanwhile are not looked at.
            let entries = unsafe { groups::entries(table, start) };
            (start.max(first)..(start + GROUP).min(last)).find(|&at| entries[at % GROUP].is_held())
        });
        let at = held.unwrap_or(last);
        self.page += (at - first) * PAGE_SIZE;
        if at == 512 {
            self.look_again();
        }
        at < last
    }

    /// What is mapped here.
    pub fn mapping(&self) -> Option<Mapping> {
        let entry = self.entry();
        entry.is_held().then(|| Mapping {
            frame: self.borrow_frame(entry, Frame::clone),
            access: entry.access(),
            dirty: entry.is_dirty(),
        })
    }

    /// The rights of the page here; nothing where no frame is held.
    pub fn access(&self) -> Access {
        self.entry().access()
    }

    /// Maps `frame` here and drops what was mapped before.
    ///
    /// # Errors
    /// No frame for a page table; `frame` is dropped.
    ///
    /// # Panics
    /// When a page of the initial RAM disk would become writable.
    pub fn map(&mut self, frame: Frame, access: Access) -> Result<(), OutOfMemory> {
        assert!(self.page < USER_END, "{:#x} is not a user page", self.page);
        assert!(
            !(access.write && frame.is_read_only()),
            "a page of the initial RAM disk is read-only"
        );
        let table = self.table_or_new()?;
        if self.is_held() {
            self.unmap();
        }
        groups::note(table, index(self.page, 0));
        let counted = !frame.is_read_only();
        let entry = Entry::user(PhysAddr::of_frame(frame.into_number()), access);
        self.set(if counted { entry } else { entry.uncounted() }); // an entry that was empty needs no flush
        self.space.held += 1;
        Ok(())
    }

    /// What the tables have for the page.
    #[inline]
    pub(super) fn at(&self) -> At {
        match self.table {
            Some(table) => At::Table(table),
            None if self.large.is_null() => At::Nothing,
            None => At::Large(self.large),
        }
    }

    /// Whether the page is part of a large one.
    #[inline]
    pub(super) fn is_in_large(&self) -> bool {
        self.table.is_none() && !self.large.is_null()
    }

    /// The space that the cursor is in.
    pub(super) fn space(&mut self) -> &mut UserSpace {
        self.space
    }

    /// The last-level table for the page; made if it does not exist, of the large page if there is one.
    #[inline]
    pub(super) fn table_or_new(&mut self) -> Result<PhysAddr, OutOfMemory> {
        match self.table {
            Some(table) => Ok(table),
            None => self.create_tables(),
        }
    }

    /// Moves on to `page`.
    pub(super) fn jump(&mut self, page: usize) {
        self.page = page;
        self.look_again();
    }

    /// Removes what is mapped here and drops it.
    pub fn unmap(&mut self) {
        drop(self.take());
    }

    /// Removes what is mapped here and returns it, its translation flushed.
    pub fn take(&mut self) -> Option<Frame> {
        let entry = self.entry();
        entry.is_held().then(|| {
            self.set(Entry::EMPTY);
            self.space.held -= 1;
            kernel::flush_page(self.space.root(), self.page);
            // SAFETY: the entry owned one count (invariant 1 of `paging`) and is gone.
            unsafe { Frame::from_number(entry.address().frame_number()) }
        })
    }

    /// Makes the page here the space's own and writable, if it was shared by [`UserSpace::share`] until then; `false`
    /// if it was not.
    ///
    /// # Errors
    /// No frame for the copy; nothing has changed.
    pub fn copy_on_write(&mut self) -> Result<bool, OutOfMemory> {
        let entry = self.entry();
        if !entry.is_copied_on_write() {
            return Ok(false);
        }
        if self.table.is_none() && self.own_large() {
            return Ok(true);
        }
        if !self.borrow_frame(entry, Frame::is_shared) {
            self.set(entry.written(entry.address()));
            kernel::flush_page(self.space.root(), self.page);
            return Ok(true);
        }
        let copy = self.borrow_frame(entry, Frame::duplicate)?;
        self.set(entry.written(PhysAddr::of_frame(copy.into_number())));
        kernel::flush_page(self.space.root(), self.page);
        // SAFETY: the entry owned one count (invariant 1 of `paging`) and names another frame now.
        drop(unsafe { Frame::from_number(entry.address().frame_number()) });
        Ok(true)
    }

    /// Changes the rights of what is mapped here. Writing is granted only if `may_write` agrees, and never for a
    /// page of the initial RAM disk.
    pub fn protect(&mut self, access: Access, may_write: impl FnOnce(&Frame) -> bool) {
        let entry = self.entry();
        if entry.is_held() {
            let write =
                access.write && self.borrow_frame(entry, |frame| !frame.is_read_only() && may_write(frame));
            let new = entry.with_access(Access { write, ..access });
            if new != entry {
                self.set(new);
                kernel::flush_page(self.space.root(), self.page);
            }
        }
    }

    fn borrow_frame<R>(&self, entry: Entry, action: impl FnOnce(&Frame) -> R) -> R {
        // SAFETY: the entry owns a count, which is lent for the call and not given up.
        let frame = mem::ManuallyDrop::new(unsafe { Frame::from_number(entry.address().frame_number()) });
        action(&frame)
    }

    /// The entry for the page, or what it would be if a large page were split.
    #[inline]
    fn entry(&self) -> Entry {
        match self.table {
            // SAFETY: a live table of this space, which the cursor borrows exclusively.
            Some(table) => unsafe { self.slot(table).read_volatile() },
            None => self.entry_of_large(),
        }
    }

    #[inline]
    fn entry_of_large(&self) -> Entry {
        if self.large.is_null() {
            return Entry::EMPTY;
        }
        // SAFETY: as `entry`: an entry of a live table.
        unsafe { self.large.read_volatile() }.small(index(self.page, 0) * PAGE_SIZE)
    }

    #[inline]
    fn set(&mut self, entry: Entry) {
        let table = match self.table {
            Some(table) => table,
            None => self.split(),
        };
        // SAFETY: as `entry`. The CPU may set accessed and dirty bits meanwhile; volatile accesses allow for that.
        unsafe { self.slot(table).write_volatile(entry) }
    }

    fn slot(&self, table: PhysAddr) -> *mut Entry {
        direct::<Entry>(table.plus(index(self.page, 0) * size_of::<Entry>()))
    }

    /// Looks again for what there is at the page.
    #[inline]
    pub(super) fn look_again(&mut self) {
        (self.table, self.large) = (None, ptr::null_mut());
        if let Some(slot) = self.directory_entry()
            && self.page < USER_END
        {
            // SAFETY: live tables lead to live tables; the space is borrowed exclusively.
            let entry = unsafe { slot.read_volatile() };
            if entry.leads_to_table() {
                self.table = Some(entry.address());
            } else if entry.is_held() {
                self.large = slot;
            }
        }
    }

    /// The entry of the level above the last one for the page, if there is a table for it.
    #[inline]
    pub(super) fn directory_entry(&self) -> Option<*mut Entry> {
        let directory = self.next_table(self.next_table(self.space.root(), 3)?, 2)?;
        // SAFETY: inside of the table.
        Some(unsafe { direct::<Entry>(directory).add(index(self.page, 1)) })
    }

    /// The table that `table`, of `level`, leads to for the page.
    #[inline]
    fn next_table(&self, table: PhysAddr, level: usize) -> Option<PhysAddr> {
        // SAFETY: live tables lead to live tables; the space is borrowed exclusively.
        let entry = unsafe { direct::<Entry>(table).add(index(self.page, level)).read() };
        entry.is_present().then(|| entry.address())
    }

    #[inline(never)]
    fn create_tables(&mut self) -> Result<PhysAddr, OutOfMemory> {
        if !self.large.is_null() {
            return Ok(self.split());
        }
        let mut table = self.space.root();
        for level in (1..=3).rev() {
            // SAFETY: as `look_again`; a new table is empty before it is linked.
            unsafe {
                let slot = direct::<Entry>(table).add(index(self.page, level));
                if !(*slot).is_present() {
                    let new = tables::new().ok_or(OutOfMemory)?;
                    groups::note(table, index(self.page, level));
                    slot.write(Entry::table(new));
                }
                table = (*slot).address();
            }
        }
        self.table = Some(table);
        Ok(table)
    }
}
