//! [`UserMemory`]: what system calls read from and write to the program that calls.
//!
//! The kernel reads each piece of user memory once and works on the copy: a second look could find something else.

use alloc::vec::Vec;
use core::ops::{Deref, Range};

use linux_raw_sys::general::PATH_MAX;
use threadbare_machine::memory::{Frame, PAGE_SIZE};
use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::error::Errno;
use crate::vfs::bytes::position;

/// The memory of the program that calls. Addresses are the program's, unchecked; a range that wraps, or that is
/// not all the program's, is `EFAULT`.
pub trait UserMemory {
    /// Copies from the program.
    ///
    /// # Errors
    /// `EFAULT`; the beginning may have been copied then.
    fn read_bytes(&self, from: usize, into: &mut [u8]) -> Result<(), Errno>;

    /// Copies to the program.
    ///
    /// # Errors
    /// `EFAULT`; the beginning may have been copied then.
    fn write_bytes(&self, to: usize, from: &[u8]) -> Result<(), Errno>;

    /// Copies to the program out of a page.
    ///
    /// # Errors
    /// As [`write_bytes`](UserMemory::write_bytes).
    fn write_from_page(&self, to: usize, page: &Frame, range: Range<usize>) -> Result<(), Errno> {
        let mut buffer = [0; 512];
        for (at, start) in range.clone().step_by(512).enumerate() {
            let part = buffer.get_mut(..512.min(range.end - start)).unwrap_or_default();
            page.read(start, part);
            self.write_bytes(to.checked_add(at * 512).ok_or(Errno::EFAULT)?, part)?;
        }
        Ok(())
    }

    /// A new page that begins with bytes from the program, `length` of them, at most a page.
    ///
    /// # Errors
    /// As [`read_bytes`](UserMemory::read_bytes); `ENOMEM`.
    fn new_page(&self, from: usize, length: usize) -> Result<Frame, Errno> {
        let page = Frame::zeroed()?;
        self.read_into_page(from, &page, 0..length)?;
        Ok(page)
    }

    /// Copies from the program into a page.
    ///
    /// # Errors
    /// As [`read_bytes`](UserMemory::read_bytes).
    fn read_into_page(&self, from: usize, page: &Frame, range: Range<usize>) -> Result<(), Errno> {
        let mut buffer = [0; 512];
        for (at, start) in range.clone().step_by(512).enumerate() {
            let part = buffer.get_mut(..512.min(range.end - start)).unwrap_or_default();
            self.read_bytes(from.checked_add(at * 512).ok_or(Errno::EFAULT)?, part)?;
            page.write(start, part);
        }
        Ok(())
    }
}

/// A path that a program gave. Most are short, and take no memory of the heap.
#[derive(Debug)]
pub struct PathBytes(Bytes);

/// How long a short one may be, with its NUL.
const SHORT: usize = 64;

#[derive(Debug)]
enum Bytes {
    Short { length: usize, bytes: [u8; SHORT] },
    Long(Vec<u8>),
}

impl PathBytes {
    /// No path.
    pub const EMPTY: PathBytes = PathBytes(Bytes::Long(Vec::new()));

    /// The same on the heap.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn into_vec(self) -> Result<Vec<u8>, Errno> {
        if let Bytes::Long(bytes) = self.0 {
            return Ok(bytes);
        }
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(self.len())?;
        bytes.extend_from_slice(&self);
        Ok(bytes)
    }
}

impl Deref for PathBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Bytes::Short { length, bytes } => bytes.get(..*length).unwrap_or_default(),
            Bytes::Long(bytes) => bytes,
        }
    }
}

impl dyn UserMemory + '_ {
    /// Reads a value.
    ///
    /// # Errors
    /// `EFAULT`.
    pub fn read<T: FromBytes + IntoBytes>(&self, from: usize) -> Result<T, Errno> {
        let mut value = T::new_zeroed();
        self.read_bytes(from, value.as_mut_bytes())?;
        Ok(value)
    }

    /// Writes a value.
    ///
    /// # Errors
    /// `EFAULT`.
    pub fn write<T: IntoBytes + Immutable>(&self, to: usize, value: &T) -> Result<(), Errno> {
        self.write_bytes(to, value.as_bytes())
    }

    /// Reads a path with its NUL, and returns it without.
    ///
    /// # Errors
    /// `EFAULT`; `ENAMETOOLONG` if it is longer than `PATH_MAX` with its NUL; `ENOMEM`.
    pub fn read_path(&self, from: usize) -> Result<PathBytes, Errno> {
        let mut bytes = [0; SHORT];
        // A piece that lies in one page.
        if from % PAGE_SIZE <= PAGE_SIZE - SHORT {
            self.read_bytes(from, &mut bytes)?;
            if let Some(length) = position(&bytes, 0) {
                return Ok(PathBytes(Bytes::Short { length, bytes }));
            }
        }
        let path = self.read_string(from, PATH_MAX as usize - 1)?;
        Ok(PathBytes(Bytes::Long(path.ok_or(Errno::ENAMETOOLONG)?)))
    }

    /// Reads a string of at most `limit` bytes with its NUL, and returns it without; `None` if it is longer.
    ///
    /// # Errors
    /// `EFAULT`; `ENOMEM`.
    pub fn read_string(&self, from: usize, limit: usize) -> Result<Option<Vec<u8>>, Errno> {
        const PART: usize = 128;
        let mut string = Vec::new();
        let mut buffer = [0; PART];
        while string.len() <= limit {
            let at = from.checked_add(string.len()).ok_or(Errno::EFAULT)?;
            // Up to the end of a page at most: the next one may not be there, and the string may end before it.
            let length = PART.min(PAGE_SIZE - at % PAGE_SIZE);
            let part = buffer.get_mut(..length).unwrap_or_default();
            self.read_bytes(at, part)?;
            let text = position(part, 0).and_then(|length| part.get(..length));
            let text = text.unwrap_or(part);
            string.try_reserve(text.len())?;
            string.extend_from_slice(text);
            if text.len() < length {
                return Ok((string.len() <= limit).then_some(string));
            }
        }
        Ok(None)
    }
}
