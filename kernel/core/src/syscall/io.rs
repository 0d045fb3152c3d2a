//! `read(2)` and `write(2)`: the calls that programs make most, with nothing built that they do not need.

use super::Call;
use super::memory::UserMemory;
use crate::error::Errno;
use crate::mm::CurrentMemory;
use crate::vfs::{Sink, Source};
use core::ops::Range;
use threadbare_machine::memory::Frame;

/// The most that one call moves (`MAX_RW_COUNT`).
const MOST: usize = 0x7fff_f000;

/// One piece of user memory, used up from the front.
struct UserPiece<'a> {
    memory: CurrentMemory<'a>,
    base: usize,
    length: usize,
}

impl<'a> UserPiece<'a> {
    fn new(call: &'a Call<'_>, base: usize, length: usize) -> Self {
        UserPiece {
            memory: call.memory(),
            base,
            length: length.min(MOST),
        }
    }

    /// Calls `transfer` with the address of the next `count` bytes, and uses them up where it succeeds.
    fn advance<T>(
        &mut self,
        count: usize,
        transfer: impl FnOnce(&CurrentMemory<'a>, usize) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        let left = self.length.checked_sub(count).ok_or(Errno::EFAULT)?;
        let done = transfer(&self.memory, self.base)?;
        self.length = left;
        self.base = self.base.wrapping_add(count);
        Ok(done)
    }
}

impl Sink for UserPiece<'_> {
    fn remaining(&self) -> usize {
        self.length
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Errno> {
        self.advance(bytes.len(), |memory, at| memory.write_bytes(at, bytes))
    }

    fn put_page(&mut self, page: &Frame, range: Range<usize>) -> Result<(), Errno> {
        self.advance(range.len(), |memory, at| memory.write_from_page(at, page, range))
    }
}

impl Source for UserPiece<'_> {
    fn remaining(&self) -> usize {
        self.length
    }

    fn take(&mut self, into: &mut [u8]) -> Result<(), Errno> {
        self.advance(into.len(), |memory, at| memory.read_bytes(at, into))
    }

    fn take_into_page(&mut self, page: &Frame, range: Range<usize>) -> Result<(), Errno> {
        self.advance(range.len(), |memory, at| memory.read_into_page(at, page, range))
    }

    fn take_page(&mut self, count: usize) -> Result<Frame, Errno> {
        self.advance(count, |memory, at| memory.new_page(at, count))
    }
}

/// `read(2)`.
pub(super) fn read(call: &mut Call<'_>, [fd, to, count, ..]: [usize; 6]) -> Result<usize, Errno> {
    let file = call.file(fd)?;
    file.read(&mut UserPiece::new(call, to, count))
}

/// `write(2)`. No file grows past `RLIMIT_FSIZE`.
pub(super) fn write(call: &mut Call<'_>, [fd, from, count, ..]: [usize; 6]) -> Result<usize, Errno> {
    let file = call.file(fd)?;
    let mut data = UserPiece::new(call, from, count);
    if data.length > 0 && file.has_bytes() {
        let limit = call.process().limits.lock().file_size();
        if let Some(room) =
            super::fs::room(limit, &file, None).inspect_err(|_| super::fs::tell_of_size_limit(call.thread))?
        {
            data.length = data.length.min(usize::try_from(room).unwrap_or(usize::MAX));
        }
    }
    file.write(&mut data)
}
