//! User memory as a sink and a source of data, in one piece or many (`readv(2)`).

use alloc::vec::Vec;
use core::ops::Range;

use threadbare_machine::memory::Frame;

use crate::error::Errno;
use crate::syscall::abi::IoVec;
use crate::syscall::memory::UserMemory;
use crate::vfs::{Sink, Source};

/// The most that one call moves (`MAX_RW_COUNT`).
pub(super) const TRANSFER_LIMIT: usize = 0x7fff_f000;

/// How many pieces one call takes (`UIO_MAXIOV`).
const PIECE_LIMIT: usize = 1024;

/// Pieces of user memory, used up from the front.
pub(in crate::syscall) struct UserData<'a> {
    memory: &'a dyn UserMemory,
    /// The pieces after the current one, last first.
    rest: Vec<IoVec>,
    current: IoVec,
    remaining: usize,
}

impl<'a> UserData<'a> {
    /// One piece.
    pub(in crate::syscall) fn new(memory: &'a dyn UserMemory, base: usize, length: usize) -> Self {
        let length = length.min(TRANSFER_LIMIT);
        UserData {
            memory,
            rest: Vec::new(),
            current: IoVec { base, length },
            remaining: length,
        }
    }

    /// The pieces that an array of `count` `struct iovec` describes.
    ///
    /// # Errors
    /// `EINVAL` for too many or too large ones, `EFAULT`, `ENOMEM`.
    pub(in crate::syscall) fn vector(
        memory: &'a dyn UserMemory,
        array: usize,
        count: usize,
    ) -> Result<Self, Errno> {
        if count > PIECE_LIMIT {
            return Err(Errno::EINVAL);
        }
        let mut rest = Vec::new();
        rest.try_reserve_exact(count)?;
        let mut remaining: usize = 0;
        for index in 0..count {
            let at = array
                .checked_add(index * size_of::<IoVec>())
                .ok_or(Errno::EFAULT)?;
            let mut piece: IoVec = memory.read(at)?;
            if isize::try_from(piece.length).is_err() {
                return Err(Errno::EINVAL);
            }
            piece.length = piece.length.min(TRANSFER_LIMIT - remaining);
            remaining += piece.length;
            rest.push(piece);
        }
        rest.reverse();
        Ok(UserData {
            memory,
            rest,
            current: IoVec::default(),
            remaining,
        })
    }

    /// Keeps only the first `limit` bytes.
    pub(super) fn limit(&mut self, limit: u64) {
        self.remaining = self.remaining.min(usize::try_from(limit).unwrap_or(usize::MAX));
    }

    /// Calls `transfer` with address and range for each piece that the next `length` bytes touch.
    fn advance(
        &mut self,
        length: usize,
        mut transfer: impl FnMut(&dyn UserMemory, usize, Range<usize>) -> Result<(), Errno>,
    ) -> Result<(), Errno> {
        let mut done = 0;
        while done < length {
            if self.current.length == 0 {
                self.current = self.rest.pop().ok_or(Errno::EFAULT)?;
                continue;
            }
            let part = self.current.length.min(length - done);
            transfer(self.memory, self.current.base, done..done + part)?;
            self.current.base = self.current.base.checked_add(part).ok_or(Errno::EFAULT)?;
            self.current.length -= part;
            self.remaining = self.remaining.saturating_sub(part);
            done += part;
        }
        Ok(())
    }
}

impl Sink for UserData<'_> {
    fn remaining(&self) -> usize {
        self.remaining
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Errno> {
        self.advance(bytes.len(), |memory, to, range| {
            memory.write_bytes(to, bytes.get(range).unwrap_or_default())
        })
    }

    fn put_page(&mut self, page: &Frame, range: Range<usize>) -> Result<(), Errno> {
        let start = range.start;
        self.advance(range.len(), |memory, to, part| {
            memory.write_from_page(to, page, start + part.start..start + part.end)
        })
    }
}

impl Source for UserData<'_> {
    fn remaining(&self) -> usize {
        self.remaining
    }

    fn take(&mut self, into: &mut [u8]) -> Result<(), Errno> {
        self.advance(into.len(), |memory, from, range| {
            memory.read_bytes(from, into.get_mut(range).unwrap_or_default())
        })
    }

    fn take_page(&mut self, count: usize) -> Result<Frame, Errno> {
        if self.current.length < count {
            let page = Frame::zeroed()?;
            self.take_into_page(&page, 0..count)?;
            return Ok(page);
        }
        let page = self.memory.new_page(self.current.base, count)?;
        self.current.base = self.current.base.checked_add(count).ok_or(Errno::EFAULT)?;
        self.current.length -= count;
        self.remaining = self.remaining.saturating_sub(count);
        Ok(page)
    }

    fn take_into_page(&mut self, page: &Frame, range: Range<usize>) -> Result<(), Errno> {
        let start = range.start;
        self.advance(range.len(), |memory, from, part| {
            memory.read_into_page(from, page, start + part.start..start + part.end)
        })
    }
}
