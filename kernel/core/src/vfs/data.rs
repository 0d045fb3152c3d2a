//! [`Sink`] and [`Source`]: where data goes and where it comes from.
//!
//! A file system pushes what it reads and pulls what it writes, without knowing whether the other side is user
//! memory, several pieces of it (`readv(2)`), or a buffer of the kernel (`sendfile(2)`).

use alloc::vec::Vec;
use core::ops::Range;

use threadbare_machine::memory::Frame;

use crate::error::Errno;

/// How much a page that cannot be copied directly moves at a time: small enough for a kernel stack.
const BOUNCE: usize = 512;

/// Where data that is read goes.
pub trait Sink {
    /// How many bytes still fit.
    fn remaining(&self) -> usize;

    /// Takes the next bytes, of which there are at most [`remaining`](Sink::remaining).
    ///
    /// # Errors
    /// `EFAULT` if there is no memory to put them. Some of them may have been taken then.
    fn put(&mut self, bytes: &[u8]) -> Result<(), Errno>;

    /// Takes the next bytes out of a page.
    ///
    /// # Errors
    /// As [`put`](Sink::put).
    fn put_page(&mut self, page: &Frame, range: Range<usize>) -> Result<(), Errno> {
        let mut buffer = [0; BOUNCE];
        for start in range.clone().step_by(BOUNCE) {
            let length = BOUNCE.min(range.end - start);
            let part = buffer.get_mut(..length).unwrap_or_default();
            page.read(start, part);
            self.put(part)?;
        }
        Ok(())
    }

    /// Takes `count` zero bytes.
    ///
    /// # Errors
    /// As [`put`](Sink::put).
    fn put_zeroes(&mut self, mut count: usize) -> Result<(), Errno> {
        static ZEROES: [u8; 4096] = [0; 4096];
        if let Some(zeroes) = ZEROES.get(..count) {
            return self.put(zeroes);
        }
        while count > 0 {
            let part = ZEROES.get(..count).unwrap_or(&ZEROES);
            self.put(part)?;
            count -= part.len();
        }
        Ok(())
    }
}

/// Where data that is written comes from.
pub trait Source {
    /// How many bytes are left.
    fn remaining(&self) -> usize;

    /// Gives the next bytes: `into` is filled, and asks for at most [`remaining`](Source::remaining).
    ///
    /// # Errors
    /// `EFAULT` if there is no memory to get them from.
    fn take(&mut self, into: &mut [u8]) -> Result<(), Errno>;

    /// Gives the next bytes into a page.
    ///
    /// # Errors
    /// As [`take`](Source::take); some bytes may have been written then.
    fn take_into_page(&mut self, page: &Frame, range: Range<usize>) -> Result<(), Errno> {
        let mut buffer = [0; BOUNCE];
        for start in range.clone().step_by(BOUNCE) {
            let length = BOUNCE.min(range.end - start);
            let part = buffer.get_mut(..length).unwrap_or_default();
            self.take(part)?;
            page.write(start, part);
        }
        Ok(())
    }

    /// Gives the next `count` bytes, at most a page of them, at the start of a page of their own.
    ///
    /// # Errors
    /// As [`take`](Source::take); `ENOMEM`.
    fn take_page(&mut self, count: usize) -> Result<Frame, Errno> {
        let page = Frame::zeroed()?;
        self.take_into_page(&page, 0..count)?;
        Ok(page)
    }
}

/// A sink in kernel memory that holds at most so many bytes.
#[derive(Debug)]
pub struct VecSink {
    bytes: Vec<u8>,
    limit: usize,
}

impl VecSink {
    /// An empty sink for `limit` bytes; memory is asked for as they come.
    pub fn new(limit: usize) -> Self {
        VecSink {
            bytes: Vec::new(),
            limit,
        }
    }

    /// What has been put.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl Sink for VecSink {
    fn remaining(&self) -> usize {
        self.limit.saturating_sub(self.bytes.len())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Errno> {
        self.bytes.try_reserve(bytes.len())?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }
}

/// A source in kernel memory.
#[derive(Debug)]
pub struct SliceSource<'a> {
    bytes: &'a [u8],
}

impl<'a> SliceSource<'a> {
    /// A source of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        SliceSource { bytes }
    }
}

impl Source for SliceSource<'_> {
    fn remaining(&self) -> usize {
        self.bytes.len()
    }

    fn take(&mut self, into: &mut [u8]) -> Result<(), Errno> {
        let (taken, rest) = self.bytes.split_at_checked(into.len()).ok_or(Errno::EFAULT)?;
        into.copy_from_slice(taken);
        self.bytes = rest;
        Ok(())
    }
}
