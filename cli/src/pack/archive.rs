//! The archive: uncompressed `newc` cpio, with each file's data on a page of its own.
//!
//! # Invariants
//!
//! 1. The data of every regular file begins at a multiple of [`PAGE`] bytes, so that a kernel that has the archive in
//!    memory can map file pages in place. More NULs behind the name, counted in its size, do it; no name gets longer
//!    than the 4,096 bytes that Linux accepts too.
//! 2. The first entry is the run specification. All others are the [`Tree`], by their keys (the root as `.`).
//! 3. Names of one file (hard links) have the same inode number; the first of them has the data.
//! 4. It is written in one direction and by few writes: headers and small contents gather in a buffer, a large
//!    file's bytes go from file to archive inside the host's kernel.

use super::tree::{Content, Node, REGULAR, Tree};
use crate::failure::{Context, Failure};
use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};
use threadbare_link::run;

/// What file data is aligned to.
pub(crate) const PAGE: u64 = 4096;

const HEADER: u64 = 110;
/// The longest name that Linux reads, with its NULs.
const MAX_NAME: u64 = 4096;
const TRAILER: &[u8] = b"TRAILER!!!";
/// Buffered bytes that are worth a write.
const FLUSH: usize = 256 * 1024;
/// Files up to this length go through the buffer, which takes fewer system calls.
const SMALL: u64 = 64 * 1024;

/// Writes `spec` and `tree` to `out`, from its current position, which must be 0. Gives the archive's length.
pub(crate) fn write(out: &File, spec: &[u8], tree: &Tree) -> Result<u64, Failure> {
    let mut writer = Writer {
        out,
        buffer: Vec::with_capacity(FLUSH + 128 * 1024),
        written: 0,
        inodes: HashMap::new(),
        last: 0,
    };
    let of_spec = Node {
        mode: REGULAR | 0o400,
        uid: 0,
        gid: 0,
        modified: 0,
        modified_nanoseconds: 0,
        content: Content::Bytes(spec.to_vec()),
        identity: None,
    };
    writer.entry(run::FILE_NAME.as_bytes(), &of_spec)?;
    for (key, node) in tree.nodes() {
        writer.entry(if key.is_empty() { b"." } else { key }, node)?;
    }
    writer
        .finish()
        .context(|| "the archive of the machine's files cannot be written")
}

struct Writer<'a> {
    out: &'a File,
    /// What comes next and is not written yet.
    buffer: Vec<u8>,
    written: u64,
    /// The inode numbers of files with several names.
    inodes: HashMap<(u64, u64), u32>,
    /// The inode number given last.
    last: u32,
}

/// The numbers in a header, in their order.
#[derive(Default)]
struct Header {
    inode: u32,
    mode: u32,
    uid: u32,
    gid: u32,
    links: u32,
    modified: u32,
    /// Goes into the checksum field, which this format leaves unused; Linux ignores it, our kernel reads it.
    modified_nanoseconds: u32,
    length: u32,
    device: (u32, u32),
    node: (u32, u32),
}

impl Writer<'_> {
    fn entry(&mut self, name: &[u8], node: &Node) -> Result<(), Failure> {
        let told = |name: &[u8]| format!("/{} cannot be packed", String::from_utf8_lossy(name));
        let (inode, first) = self.inode_of(node);
        let header = Header {
            inode,
            mode: node.mode,
            uid: node.uid,
            gid: node.gid,
            links: if node.identity.is_some() { 2 } else { 1 },
            modified: node.modified,
            modified_nanoseconds: node.modified_nanoseconds,
            ..Header::default()
        };
        match &node.content {
            Content::File { host, length } if first => self.file(name, header, host, *length),
            Content::File { .. } | Content::Nothing => self.header(name, header),
            Content::Device(major, minor) => self.header(
                name,
                Header {
                    node: (*major, *minor),
                    ..header
                },
            ),
            Content::Bytes(bytes) => self.bytes(name, header, bytes, PAGE),
            Content::Link(target) => self.bytes(name, header, target, 4),
        }
        .context(|| told(name))
    }

    /// The inode number of `node`, and whether it is the first with it.
    fn inode_of(&mut self, node: &Node) -> (u32, bool) {
        let mut fresh = || {
            self.last += 1;
            self.last
        };
        match node.identity {
            None => (fresh(), true),
            Some(identity) => match self.inodes.get(&identity) {
                Some(inode) => (*inode, false),
                None => (*self.inodes.entry(identity).or_insert_with(fresh), true),
            },
        }
    }

    fn header(&mut self, name: &[u8], header: Header) -> io::Result<()> {
        self.bytes(name, header, &[], 4)
    }

    fn bytes(&mut self, name: &[u8], header: Header, data: &[u8], alignment: u64) -> io::Result<()> {
        let length = u32::try_from(data.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
        self.place(name, &Header { length, ..header }, alignment)?;
        self.buffer.extend_from_slice(data);
        self.pad(4);
        self.flush_if_large()
    }

    fn file(&mut self, name: &[u8], header: Header, host: &Path, length: u64) -> io::Result<()> {
        let length_32 = u32::try_from(length).map_err(|_| io::ErrorKind::FileTooLarge)?;
        // Not following links: what `host` was when it was found is what is meant.
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        let file = File::options()
            .read(true)
            .custom_flags(flags.bits().cast_signed())
            .open(host)?;
        self.place(
            name,
            &Header {
                length: length_32,
                ..header
            },
            PAGE,
        )?;
        if length <= SMALL {
            self.through_buffer(&file, length)?;
            self.pad(4);
            return self.flush_if_large();
        }
        self.flush()?;
        let copied = copy(&file, self.out, length)?;
        self.written += copied;
        // The file got shorter meanwhile; what was promised must come.
        io::copy(&mut io::repeat(0).take(length - copied), &mut self.out)?;
        self.written += length - copied;
        self.pad(4);
        Ok(())
    }

    /// Takes `length` bytes of `file`; NULs for what the file lacks of them by now.
    fn through_buffer(&mut self, file: &File, length: u64) -> io::Result<()> {
        let start = self.buffer.len();
        self.buffer
            .resize(start + usize::try_from(length).expect("at most SMALL"), 0);
        let mut free = &mut self.buffer[start..];
        while !free.is_empty() {
            match rustix::io::read(file, &mut *free) {
                Ok(0) => break,
                Ok(read) => free = &mut free[read..],
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn position(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    /// Writes a header and a name such that the data that follows is aligned.
    fn place(&mut self, name: &[u8], header: &Header, alignment: u64) -> io::Result<()> {
        let least = name.len() as u64 + 1;
        if least > PAGE - HEADER {
            return Err(io::ErrorKind::InvalidFilename.into());
        }
        let size = name_size(self.position(), least, alignment);
        if size > MAX_NAME {
            // The name must cross the page boundary by too much. An entry in between that says what is known already,
            // that the root is a directory, takes it beyond.
            let size = name_size(self.position(), 2, PAGE);
            self.last += 1;
            let root = Header {
                mode: 0o040_755,
                links: 1,
                inode: self.last,
                ..Header::default()
            };
            self.raw_header(b".", &root, size);
            return self.place(name, header, alignment);
        }
        self.raw_header(name, header, size);
        self.flush_if_large()
    }

    fn raw_header(&mut self, name: &[u8], header: &Header, name_size: u64) {
        let fields = [
            header.inode,
            header.mode,
            header.uid,
            header.gid,
            header.links,
            header.modified,
            header.length,
            header.device.0,
            header.device.1,
            header.node.0,
            header.node.1,
            u32::try_from(name_size).expect("at most MAX_NAME, or the caller pads to less than two pages"),
            header.modified_nanoseconds,
        ];
        self.buffer.extend_from_slice(b"070701");
        for field in fields {
            write!(self.buffer, "{field:08X}").expect("a Vec takes everything");
        }
        let end = self.buffer.len() + usize::try_from(name_size).expect("small");
        self.buffer.extend_from_slice(name);
        self.buffer.resize(end, 0);
        self.pad(4);
    }

    fn pad(&mut self, alignment: u64) {
        let missing = self.position().next_multiple_of(alignment) - self.position();
        let end = self.buffer.len() + usize::try_from(missing).expect("less than the alignment");
        self.buffer.resize(end, 0);
    }

    fn flush_if_large(&mut self) -> io::Result<()> {
        if self.buffer.len() >= FLUSH {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.write_all(&self.buffer)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    fn finish(mut self) -> io::Result<u64> {
        self.raw_header(
            TRAILER,
            &Header {
                links: 1,
                ..Header::default()
            },
            TRAILER.len() as u64 + 1,
        );
        self.pad(PAGE);
        self.flush()?;
        Ok(self.written)
    }
}

/// The size of a name with its NULs, at least `least`, such that what follows a header at `position` is aligned.
fn name_size(position: u64, least: u64, alignment: u64) -> u64 {
    (position + HEADER + least).next_multiple_of(alignment) - position - HEADER
}

/// Copies `length` bytes, or what there is, from the start of `from` to the position of `to`.
fn copy(from: &File, to: &File, length: u64) -> io::Result<u64> {
    let mut copied = 0;
    while copied < length {
        let chunk = usize::try_from((length - copied).min(1 << 30)).expect("2^30 fits");
        match rustix::fs::sendfile(to, from, Some(&mut copied), chunk) {
            Ok(0) => break,
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            // A file system without splice(2).
            Err(_) if copied == 0 => return io::copy(&mut from.take(length), &mut &*to),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(copied)
}

#[cfg(test)]
mod tests;
