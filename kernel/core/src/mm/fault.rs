//! Bringing a page in when it is first touched.

use super::address_space::AddressSpace;
use super::huge::bring_huge;
use super::vma::{Backing, Vma};
use crate::error::Errno;
use crate::trace::{self, Event};
use crate::vfs::PageUse;
use core::ops::Range;
use threadbare_machine::memory::{Frame, OutOfMemory, PAGE_SIZE};
use threadbare_machine::paging::{Access, Cursor, USER_END};

/// How many pages of a file are mapped around one that was asked for, when they cost nothing but a table entry.
const AROUND: usize = 16;

/// How many pages of fresh memory are brought in beyond the one that was asked for, when the one before it is there.
const AHEAD: usize = 3;

/// What is done with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// A load.
    Read,
    /// A store.
    Write,
    /// An instruction fetch.
    Execute,
}

impl Touch {
    fn allowed_by(self, access: Access) -> bool {
        match self {
            Touch::Read => access.read,
            Touch::Write => access.write,
            Touch::Execute => access.execute,
        }
    }
}

/// Why an address cannot be touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultError {
    /// Nothing is mapped there: SIGSEGV, `SEGV_MAPERR`.
    Unmapped,
    /// The mapping forbids it: SIGSEGV, `SEGV_ACCERR`.
    Forbidden,
    /// The file ends before the page: SIGBUS, `BUS_ADRERR`.
    BeyondFile,
    /// There is no memory for the page: the process is killed.
    OutOfMemory,
}

impl From<OutOfMemory> for FaultError {
    fn from(_: OutOfMemory) -> Self {
        FaultError::OutOfMemory
    }
}

impl AddressSpace {
    /// Makes the page at `address` available for `touch`, or says why that cannot be.
    ///
    /// # Errors
    /// See [`FaultError`].
    pub fn fault(&mut self, address: usize, touch: Touch) -> Result<(), FaultError> {
        if address >= USER_END {
            return Err(FaultError::Unmapped);
        }
        // After `fork` most faults are these; the page's entry alone says what is allowed.
        let page = address & !(PAGE_SIZE - 1);
        if touch == Touch::Write && self.space.cursor(page).copy_on_write()? {
            return Ok(());
        }
        if self.vmas.get(address).is_none() {
            self.grow_down(page).ok_or(FaultError::Unmapped)?;
        }
        let (range, vma) = self.vmas.get(address).ok_or(FaultError::Unmapped)?;
        if !touch.allowed_by(vma.access) {
            return Err(FaultError::Forbidden);
        }
        let cursor = self.space.cursor(page);
        if !cursor.is_held() {
            return bring(cursor, &range, vma, touch, self.large_pages_refused);
        }
        let access = cursor.access();
        if touch == Touch::Write && !access.write {
            return make_writable(cursor, vma);
        }
        if !touch.allowed_by(access) {
            allow(cursor, vma);
        }
        Ok(()) // or another thread has brought it in meanwhile
    }
}

/// Brings the page in; a small one where `small` says so.
fn bring(
    mut cursor: Cursor<'_>,
    range: &Range<usize>,
    vma: &Vma,
    touch: Touch,
    small: bool,
) -> Result<(), FaultError> {
    let Backing::File {
        inode, page: first, ..
    } = &vma.backing
    else {
        let huge = !small && bring_huge(&mut cursor, range, vma);
        if !huge {
            cursor.map(Frame::zeroed()?, vma.access)?;
        }
        trace::count(Event::FreshPage);
        if huge {
            return Ok(());
        }
        bring_ahead(cursor, range.end, vma);
        return Ok(());
    };
    trace::count(Event::FilePage);
    let contents = inode.contents().ok_or(FaultError::BeyondFile)?;
    let page = cursor.page();
    let index_of = |page: usize| first + ((page - range.start) / PAGE_SIZE) as u64;
    let page_use = if vma.shared {
        PageUse::Shared
    } else {
        PageUse::Private
    };
    let frame = contents
        .page(index_of(page), page_use)
        .map_err(|error| match error {
            Errno::ENOMEM | Errno::ENOSPC => FaultError::OutOfMemory,
            _ => FaultError::BeyondFile,
        })?;
    if touch == Touch::Write && !vma.shared {
        return Ok(cursor.map(frame.duplicate()?, vma.access)?);
    }
    let access = rights(vma, &frame);
    cursor.map(frame, access)?;
    // The neighbours that are in memory already cost nothing but an entry in the table that is there now.
    let window = page & !(AROUND * PAGE_SIZE - 1);
    let window = window.max(range.start)..(window + AROUND * PAGE_SIZE).min(range.end);
    let pages = index_of(window.start)..index_of(window.end);
    contents.pages_in_memory(pages.clone(), page_use, &mut |index, frame| {
        cursor.move_in_table(window.start + (index - pages.start) as usize * PAGE_SIZE);
        if !cursor.is_held() {
            let access = rights(vma, &frame);
            let _ = cursor.map(frame, access); // its table is there
        }
    });
    Ok(())
}

/// A program that goes upwards through fresh memory gets a few pages at a time.
fn bring_ahead(mut cursor: Cursor<'_>, end: usize, vma: &Vma) {
    if vma.shared || !cursor.is_held_before() {
        return;
    }
    for _ in 0..AHEAD {
        if !cursor.advance_in_table() || cursor.page() >= end || cursor.is_held() {
            return;
        }
        let Ok(frame) = Frame::zeroed() else { return };
        let _ = cursor.map(frame, vma.access); // its table is there
    }
}

/// A write to a page that is mapped read-only though the mapping allows writing: its first write since it was
/// shared with a file or another process.
fn make_writable(mut cursor: Cursor<'_>, vma: &Vma) -> Result<(), FaultError> {
    let Some(frame) = cursor.take() else {
        return Ok(());
    };
    let alone = !frame.is_read_only() && (vma.shared || !frame.is_shared());
    trace::count(if alone { Event::Unshared } else { Event::Copy });
    if alone {
        return Ok(cursor.map(frame, vma.access)?);
    }
    match frame.duplicate() {
        Ok(copy) => Ok(cursor.map(copy, vma.access)?),
        Err(error) => {
            let access = Access {
                write: false,
                ..vma.access
            };
            cursor.map(frame, access)?; // what was there stays there
            Err(error.into())
        }
    }
}

/// A touch that the mapping allows and the page's entry does not, and that is no write to a shared page.
fn allow(mut cursor: Cursor<'_>, vma: &Vma) {
    cursor.protect(vma.access, |frame| vma.shared || !frame.is_shared());
}

/// The rights with which a frame is mapped whose only handle, but for those of others, is the caller's.
fn rights(vma: &Vma, frame: &Frame) -> Access {
    let write = vma.access.write && !frame.is_read_only() && (vma.shared || !frame.is_shared());
    Access { write, ..vma.access }
}
