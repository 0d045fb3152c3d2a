//! A reader of `newc` cpio archives (`cpio(5)`, Linux's initramfs buffer format), in place: names and file data
//! are slices of the archive.
//!
//! An entry is a 110-byte header in ASCII hexadecimal, a name that ends in a NUL, padding to four bytes, the
//! data, and padding to four bytes again. An entry named `TRAILER!!!` ends the archive. A writer may pad the name
//! with more NULs, counted in its size, to place the data where it likes: a page boundary, say.
//!
//! Invariants:
//! 1. No input makes the reader panic, loop for ever or allocate.
//! 2. After an error or the trailer, the iterator stays exhausted.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;
#[cfg(test)]
mod tests;

mod hex;

/// The size of the header that precedes every name.
const HEADER: usize = 110;
const MAGIC: &[u8; 6] = b"070701";
const TRAILER: &[u8] = b"TRAILER!!!";

/// An archive in memory.
#[derive(Clone, Copy, Debug)]
pub struct Archive<'a> {
    bytes: &'a [u8],
}

/// One file, directory, symbolic link or node of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The path as it was written, without the NUL. Neither normalised nor checked to be relative.
    pub name: &'a [u8],
    /// The content of a regular file or the target of a symbolic link.
    pub data: &'a [u8],
    /// The inode number: with `device`, the same for all names of one file.
    pub inode: u32,
    /// File type and permission bits, as in `st_mode`.
    pub mode: u32,
    /// The owner.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// How many names the file has.
    pub links: u32,
    /// The time of modification, in seconds since 1970.
    pub modified: u32,
    /// The nanoseconds of that time: what `threadbare` writes into the checksum field, which this format leaves unused;
    /// 0 if it holds no such number.
    pub modified_nanoseconds: u32,
    /// Major and minor number of the device that held the file.
    pub device: (u32, u32),
    /// Major and minor number of a device node.
    pub node: (u32, u32),
}

/// Why an archive cannot be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The bytes end within an entry, or before the trailer.
    Truncated,
    /// A header does not begin with `070701`.
    Magic,
    /// A header field holds something other than hexadecimal digits.
    Digit,
    /// A name has no terminating NUL.
    Name,
}

impl<'a> Archive<'a> {
    /// Reads the archive that begins at the first byte of `bytes`; what follows its trailer is not looked at.
    pub fn new(bytes: &'a [u8]) -> Self {
        Archive { bytes }
    }

    /// The entries in the order of the archive, without the trailer.
    pub fn entries(&self) -> Entries<'a> {
        Entries {
            bytes: self.bytes,
            at: Some(0),
        }
    }
}

/// The entries of an [`Archive`].
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    bytes: &'a [u8],
    /// Where the next header begins; `None` once the trailer or an error was met.
    at: Option<usize>,
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.at.take()?;
        match read(self.bytes, at) {
            Ok((entry, _)) if entry.name == TRAILER => None,
            Ok((entry, next)) => {
                self.at = Some(next);
                Some(Ok(entry))
            }
            Err(error) => Some(Err(error)),
        }
    }
}

impl core::iter::FusedIterator for Entries<'_> {}

/// Reads the entry whose header begins at `at`, and says where the next one begins.
fn read(bytes: &[u8], at: usize) -> Result<(Entry<'_>, usize), Error> {
    let (header, _) = tail(bytes, at)?
        .split_first_chunk::<HEADER>()
        .ok_or(Error::Truncated)?;
    let (magic, fields) = header.split_first_chunk::<6>().ok_or(Error::Truncated)?;
    if magic != MAGIC {
        return Err(Error::Magic);
    }
    let (fields, _) = fields.as_chunks::<8>();
    let field = |index: usize| {
        fields
            .get(index)
            .and_then(|digits| hex::parse(*digits))
            .ok_or(Error::Digit)
    };
    let size = |index: usize| field(index).map(|value| value as usize);

    let name_start = at + HEADER;
    let name_end = name_start.checked_add(size(11)?).ok_or(Error::Truncated)?;
    let data_start = align(name_end)?;
    let data_end = data_start.checked_add(size(6)?).ok_or(Error::Truncated)?;

    let name = bytes.get(name_start..name_end).ok_or(Error::Truncated)?;
    let length = name.iter().position(|byte| *byte == 0).ok_or(Error::Name)?;
    let (name, _) = name.split_at(length);
    // The trailer may be the very end of the bytes, with no padding after it.
    let data = bytes.get(data_start..data_end).unwrap_or(&[]);
    if name != TRAILER && data.len() != data_end - data_start {
        return Err(Error::Truncated);
    }
    let entry = Entry {
        name,
        data,
        inode: field(0)?,
        mode: field(1)?,
        uid: field(2)?,
        gid: field(3)?,
        links: field(4)?,
        modified: field(5)?,
        modified_nanoseconds: Some(field(12)?).filter(|&part| part < 1_000_000_000).unwrap_or(0),
        device: (field(7)?, field(8)?),
        node: (field(9)?, field(10)?),
    };
    Ok((entry, align(data_end)?))
}

fn tail(bytes: &[u8], at: usize) -> Result<&[u8], Error> {
    bytes.get(at..).ok_or(Error::Truncated)
}

fn align(offset: usize) -> Result<usize, Error> {
    offset.checked_next_multiple_of(4).ok_or(Error::Truncated)
}
