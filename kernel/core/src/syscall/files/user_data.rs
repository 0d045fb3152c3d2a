//! Sinks and sources in the memory of the program that calls.

use crate::error::Errno;
use crate::syscall::memory::UserMemory;
use crate::vfs::{Sink, Source};
use alloc::vec::Vec;
use core::ops::Range;
use threadbare_machine::memory::Frame;

/// A list of ranges of user memory that is filled or emptied from the front: one for `read`, several for `readv`.
pub(super) struct UserData<'a> {
    memory: &'a dyn UserMemory,
    /// Address and length of each, the first one next.
    parts: Parts,
    remaining: usize,
}

enum Parts {
    One(usize, usize),
    /// In reverse order, so that the next one is taken from the end.
    Many(Vec<(usize, usize)>),
}

impl<'a> UserData<'a> {
    /// One range.
    pub(super) fn new(memory: &'a dyn UserMemory, address: usize, length: usize) -> Self {
        UserData { memory, parts: Parts::One(address, length), remaining: length }
    }

    /// Several ranges, in order; at most `limit` bytes of them.
    pub(super) fn many(memory: &'a dyn UserMemory, mut parts: Vec<(usize, usize)>, limit: usize) -> Self {
        let total = parts.iter().map(|&(_, length)| length).fold(0, usize::saturating_add);
        parts.reverse();
        UserData { memory, parts: Parts::Many(parts), remaining: total.min(limit) }
    }

    /// Takes up to `most` bytes from the front and returns where they lie.
    fn advance(&mut self, most: usize) -> Option<(usize, usize)> {
        let part = match &mut self.parts {
            Parts::One(address, length) => {
                let taken = (*address, most.min(*length));
                *address = address.wrapping_add(taken.1);
                *length -= taken.1;
                taken
            }
            Parts::Many(parts) => loop {
                let (address, length) = parts.pop()?;
                let now = most.min(length);
                if now < length {
                    parts.push((address.wrapping_add(now), length - now));
                }
                if now > 0 {
                    break (address, now);
                }
            },
        };
        self.remaining -= part.1.min(self.remaining);
        (part.1 > 0).then_some(part)
    }

    /// Calls `each` with address, offset and length of consecutive pieces that make up `length` bytes.
    fn for_each(&mut self, length: usize, mut each: impl FnMut(&dyn UserMemory, usize, Range<usize>) -> Result<(), Errno>) -> Result<(), Errno> {
        let mut done = 0;
        while done < length {
            let (address, now) = self.advance(length - done).ok_or(Errno::EFAULT)?;
            each(self.memory, address, done..done + now)?;
            done += now;
        }
        Ok(())
    }
}

impl Sink for UserData<'_> {
    fn remaining(&self) -> usize {
        self.remaining
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Errno> {
        self.for_each(bytes.len(), |memory, to, range| memory.write_bytes(to, bytes.get(range).unwrap_or_default()))
    }

    fn put_page(&mut self, page: &Frame, range: Range<usize>) -> Result<(), Errno> {
        self.for_each(range.len(), |memory, to, part| {
            memory.write_from_page(to, page, range.start + part.start..range.start + part.end)
        })
    }
}

impl Source for UserData<'_> {
    fn remaining(&self) -> usize {
        self.remaining
    }

    fn take(&mut self, into: &mut [u8]) -> Result<(), Errno> {
        let length = into.len();
        self.for_each(length, |memory, from, range| {
            memory.read_bytes(from, into.get_mut(range).unwrap_or_default())
        })
    }

    fn take_into_page(&mut self, page: &Frame, range: Range<usize>) -> Result<(), Errno> {
        self.for_each(range.len(), |memory, from, part| {
            memory.read_into_page(from, page, range.start + part.start..range.start + part.end)
        })
    }
}
