//! Bringing a page in when it is first touched.

use super::address_space::AddressSpace;
use super::vma::{Backing, Vma};
use crate::error::Errno;
use crate::vfs::PageUse;
use core::ops::Range;
use threadbare_machine::memory::{Frame, OutOfMemory, PAGE_SIZE};
use threadbare_machine::paging::{Access, USER_END};

/// How many pages of a file are mapped around one that was asked for, when they cost nothing but a table entry.
const AROUND: usize = 16;

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
        let page = address & !(PAGE_SIZE - 1);
        let (range, vma) = self.vmas.get(address).ok_or(FaultError::Unmapped)?;
        if !touch.allowed_by(vma.access) {
            return Err(FaultError::Forbidden);
        }
        let vma = vma.clone();
        let Some(mapped) = self.space.lookup(page) else {
            return self.bring(page, &range, &vma, touch);
        };
        if touch == Touch::Write && !mapped.access.write {
            return self.make_writable(page, mapped.frame, &vma);
        }
        if !touch.allowed_by(mapped.access) {
            let access = self.rights(&vma, &mapped.frame, 2);
            self.space.map(page, mapped.frame, access)?;
        }
        Ok(()) // or another thread has brought it in meanwhile
    }

    fn bring(
        &mut self,
        page: usize,
        range: &Range<usize>,
        vma: &Vma,
        touch: Touch,
    ) -> Result<(), FaultError> {
        let Backing::File {
            inode, page: first, ..
        } = &vma.backing
        else {
            return Ok(self.space.map(page, Frame::zeroed()?, vma.access)?);
        };
        let contents = inode.contents().ok_or(FaultError::BeyondFile)?;
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
            return Ok(self.space.map(page, frame.duplicate()?, vma.access)?);
        }
        let access = self.rights(vma, &frame, 1);
        self.space.map(page, frame, access)?;
        if !vma.shared {
            self.bring_around(page, range, vma, |page| {
                contents.page(index_of(page), page_use).ok()
            });
        }
        Ok(())
    }

    /// Maps the neighbours of a file page that lie in place in the initial RAM disk: one fault instead of sixteen.
    fn bring_around(
        &mut self,
        page: usize,
        range: &Range<usize>,
        vma: &Vma,
        frame_at: impl Fn(usize) -> Option<Frame>,
    ) {
        let window = page & !(AROUND * PAGE_SIZE - 1);
        let window = window.max(range.start)..(window + AROUND * PAGE_SIZE).min(range.end);
        let access = Access {
            write: false,
            ..vma.access
        };
        for neighbour in window.step_by(PAGE_SIZE) {
            let mut cursor = self.space.cursor(neighbour);
            if neighbour == page || cursor.mapping().is_some() {
                continue;
            }
            let in_place = frame_at(neighbour).filter(Frame::is_read_only);
            if in_place.is_some_and(|frame| cursor.map(frame, access).is_err()) {
                return;
            }
        }
    }

    /// A write to a page that is mapped read-only though the mapping allows writing: its first write since it was
    /// shared with a file or another process.
    fn make_writable(&mut self, page: usize, frame: Frame, vma: &Vma) -> Result<(), FaultError> {
        // The mapping itself and `frame` are two handles: a third means that somebody else shares it. Dropping the
        // mapping first leaves `frame` as the one to ask.
        let alone = {
            let mut cursor = self.space.cursor(page);
            drop(cursor.take());
            !frame.is_read_only() && (vma.shared || !frame.is_shared())
        };
        let frame = if alone { frame } else { frame.duplicate()? };
        Ok(self.space.map(page, frame, vma.access)?)
    }

    /// The rights with which a frame is mapped; `handles` are those that the caller and the mapping hold.
    fn rights(&self, vma: &Vma, frame: &Frame, handles: usize) -> Access {
        let alone = handles == 1 && !frame.is_shared();
        let write = vma.access.write && !frame.is_read_only() && (vma.shared || alone);
        Access { write, ..vma.access }
    }
}
