//! One program header.

use core::ops::Range;

use crate::read::Record;
use crate::{Error, PAGE_SIZE, USER_END};

/// The size of an ELF64 program header.
pub(crate) const ENTRY: usize = 56;

const PF_X: u32 = 1;
const PF_W: u32 = 2;
const PF_R: u32 = 4;

/// A program header as it stands in the file, unchecked.
pub(crate) struct Raw {
    pub(crate) kind: u32,
    pub(crate) flags: u32,
    pub(crate) offset: u64,
    pub(crate) address: u64,
    pub(crate) file_size: u64,
    pub(crate) memory_size: u64,
    pub(crate) alignment: u64,
}

impl Raw {
    pub(crate) fn parse(bytes: &[u8; ENTRY]) -> Raw {
        let record = Record(bytes);
        Raw {
            kind: record.u32(0),
            flags: record.u32(4),
            offset: record.u64(8),
            address: record.u64(16),
            file_size: record.u64(32),
            memory_size: record.u64(40),
            alignment: record.u64(48),
        }
    }

    pub(crate) fn executable(&self) -> bool {
        self.flags & PF_X != 0
    }
}

/// What a program may do with the memory of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protection {
    /// `PF_R`
    pub read: bool,
    /// `PF_W`
    pub write: bool,
    /// `PF_X`
    pub execute: bool,
}

/// A part of the file to be mapped (`PT_LOAD`). See the crate's invariant 2 for what is known about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The first address, before relocation.
    pub address: u64,
    /// How many bytes it takes in memory; those past `file_size` are zero.
    pub memory_size: u64,
    /// Where its bytes begin in the file.
    pub file_offset: u64,
    /// How many bytes of it come from the file.
    pub file_size: u64,
    /// What the program may do with it.
    pub protection: Protection,
}

impl Segment {
    pub(crate) fn check(raw: &Raw) -> Result<Segment, Error> {
        let end = raw.address.checked_add(raw.memory_size).ok_or(Error::Segment)?;
        // Files end before the largest signed 64-bit offset; the page that holds the last byte has to, too.
        let file_end = raw.offset.checked_add(raw.file_size).ok_or(Error::Segment)?;
        let aligned = raw.address % PAGE_SIZE == raw.offset % PAGE_SIZE;
        if end > USER_END
            || raw.file_size > raw.memory_size
            || file_end > i64::MAX as u64 - PAGE_SIZE
            || !aligned
        {
            return Err(Error::Segment);
        }
        Ok(Segment {
            address: raw.address,
            memory_size: raw.memory_size,
            file_offset: raw.offset,
            file_size: raw.file_size,
            protection: Protection {
                read: raw.flags & PF_R != 0,
                write: raw.flags & PF_W != 0,
                execute: raw.flags & PF_X != 0,
            },
        })
    }

    /// The whole pages that the segment touches, before relocation.
    pub fn pages(&self) -> Range<u64> {
        page_floor(self.address)..page_ceiling(self.address + self.memory_size)
    }

    /// The whole pages that take bytes from the file; empty if none does. In the last one, the bytes from
    /// `address + file_size` on are zero if the segment goes on past them.
    pub fn file_pages(&self) -> Range<u64> {
        let start = page_floor(self.address);
        if self.file_size == 0 {
            return start..start;
        }
        start..page_ceiling(self.address + self.file_size)
    }

    /// The offset in the file of the first byte of `pages()`: a multiple of the page size.
    pub fn file_page_offset(&self) -> u64 {
        page_floor(self.file_offset)
    }
}

fn page_floor(value: u64) -> u64 {
    value - value % PAGE_SIZE
}

/// `value` is at most [`USER_END`], itself a multiple of the page size, so this cannot wrap.
fn page_ceiling(value: u64) -> u64 {
    page_floor(value + (PAGE_SIZE - 1))
}
