//! Copies from file to file (`sendfile(2)`, `copy_file_range(2)`).

use alloc::sync::Arc;

use linux_raw_sys::general::O_APPEND;

use super::Caller;
use super::transfer::{offset, room};
use super::user_data::TRANSFER_LIMIT;
use crate::error::Errno;
use crate::vfs::{File, FileType, Offsets, Sink, SliceSource, Source, VecSink};

/// How much is on its way at a time.
const PART: usize = 16 * 1024;

/// `sendfile(2)`
pub(super) fn sendfile(
    caller: &Caller<'_>,
    output: i32,
    input: i32,
    offset_address: usize,
    count: usize,
) -> Result<usize, Errno> {
    let (input, output) = (caller.data_file(input)?, caller.data_file(output)?);
    input.check_readable()?;
    output.check_writable()?;
    if input.inode().kind() == FileType::Directory || output.flags().has(O_APPEND) {
        return Err(Errno::EINVAL);
    }
    let start = read_offset(caller, offset_address)?;
    if start.is_some() {
        input.check_offsets()?;
    }
    if input.operations().offsets() == Offsets::None {
        return Err(Errno::EINVAL); // nothing shall be taken from a pipe or terminal that may not find its way
    }
    let (mut from, mut to) = (Position::new(&input, start), Position::new(&output, None));
    let copied = copy(caller, &mut from, &mut to, count)?;
    from.finish(caller, offset_address)?;
    to.finish(caller, 0)?;
    Ok(copied)
}

/// `copy_file_range(2)`
pub(super) fn copy_file_range(
    caller: &Caller<'_>,
    input: i32,
    input_offset: usize,
    output: i32,
    output_offset: usize,
    count: usize,
    flags: u32,
) -> Result<usize, Errno> {
    let (input, output) = (caller.data_file(input)?, caller.data_file(output)?);
    let starts = (
        read_offset(caller, input_offset)?,
        read_offset(caller, output_offset)?,
    );
    if flags != 0 {
        return Err(Errno::EINVAL);
    }
    check_regular(&input)?;
    check_regular(&output)?;
    if !input.flags().readable() || !output.flags().writable() || output.flags().has(O_APPEND) {
        return Err(Errno::EBADF);
    }
    let count = count.min(TRANSFER_LIMIT);
    let (mut from, mut to) = (Position::new(&input, starts.0), Position::new(&output, starts.1));
    let count = check_ranges(&from, &to, count)?;
    let copied = copy(caller, &mut from, &mut to, count)?;
    from.finish(caller, input_offset)?;
    to.finish(caller, output_offset)?;
    Ok(copied)
}

/// Where a copy reads or writes. A file's own offset is taken at the start and put back at the end: the two sides may
/// be one file.
pub(super) struct Position<'a> {
    file: &'a Arc<File>,
    /// `None` where offsets mean nothing.
    at: Option<u64>,
    /// It is the offset of the file.
    is_own: bool,
}

impl<'a> Position<'a> {
    pub(super) fn new(file: &'a Arc<File>, given: Option<u64>) -> Self {
        let own = || file.check_offsets().is_ok().then(|| file.offset());
        Position {
            file,
            at: given.or_else(own),
            is_own: given.is_none(),
        }
    }

    pub(super) fn file(&self) -> &'a Arc<File> {
        self.file
    }

    /// Where it is; `None` where offsets mean nothing.
    pub(super) fn at(&self) -> Option<u64> {
        self.at
    }

    pub(super) fn read(&self, sink: &mut dyn Sink) -> Result<usize, Errno> {
        match self.at {
            Some(offset) => self.file.read_at(offset, sink),
            None => self.file.read(sink),
        }
    }

    pub(super) fn write(&self, source: &mut dyn Source) -> Result<usize, Errno> {
        match self.at {
            Some(offset) => self.file.write_at(offset, source),
            None => self.file.write(source),
        }
    }

    pub(super) fn advance(&mut self, count: usize) {
        if let Some(offset) = &mut self.at {
            *offset = offset.saturating_add(count as u64);
        }
    }

    /// Tells where the copy has ended: the file, or the program.
    pub(super) fn finish(&self, caller: &Caller<'_>, address: usize) -> Result<(), Errno> {
        match self.at {
            Some(offset) if !self.is_own => caller.memory.write(address, &offset),
            Some(offset) if self.file.operations().offsets() == Offsets::Bytes => {
                self.file.set_offset(offset);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn copy(
    caller: &Caller<'_>,
    from: &mut Position<'_>,
    to: &mut Position<'_>,
    count: usize,
) -> Result<usize, Errno> {
    let count = count.min(TRANSFER_LIMIT);
    let mut copied = 0;
    while copied < count {
        match copy_part(caller, from, to, PART.min(count - copied)) {
            Ok((_, 0)) => break,
            Ok((read, written)) => {
                copied += written;
                if written < read {
                    break;
                }
            }
            Err(errno) if copied == 0 => return Err(errno),
            Err(_) => break,
        }
    }
    Ok(copied)
}

/// Copies at most `count` bytes; returns how many were read and how many of those were written. What a file gave and was not
/// written stays to be read: its offset moves by what was written.
fn copy_part(
    caller: &Caller<'_>,
    from: &mut Position<'_>,
    to: &mut Position<'_>,
    count: usize,
) -> Result<(usize, usize), Errno> {
    let count =
        match room(caller.size_limit, to.file, to.at).inspect_err(|_| (caller.exceeds_size_limit)())? {
            Some(room) => count.min(usize::try_from(room).unwrap_or(usize::MAX)),
            None => count,
        };
    let mut sink = VecSink::new(count);
    let read = from.read(&mut sink)?;
    let bytes = sink.into_bytes();
    let result = if read == 0 {
        Ok(0)
    } else {
        to.write(&mut SliceSource::new(&bytes))
    };
    let written = *result.as_ref().unwrap_or(&0);
    from.advance(written);
    to.advance(written);
    result.map(|written| (read, written))
}

fn check_regular(file: &File) -> Result<(), Errno> {
    match file.inode().kind() {
        FileType::Regular => Ok(()),
        FileType::Directory => Err(Errno::EISDIR),
        _ => Err(Errno::EINVAL),
    }
}

/// How much there is to copy: nothing past the end of the input. Within one file, the two ranges are to lie apart.
fn check_ranges(from: &Position<'_>, to: &Position<'_>, count: usize) -> Result<usize, Errno> {
    let (start, other) = (from.at.unwrap_or_default(), to.at.unwrap_or_default());
    let end = |start: u64, count: usize| {
        let end = start
            .checked_add(count as u64)
            .filter(|end| i64::try_from(*end).is_ok());
        end.ok_or(Errno::EOVERFLOW)
    };
    let _ = (end(start, count)?, end(other, count)?);
    let left = from.file.inode().metadata().size.saturating_sub(start);
    let count = count.min(usize::try_from(left).unwrap_or(usize::MAX));
    if other >= i64::MAX.unsigned_abs() {
        return Err(Errno::EFBIG);
    }
    let same = from.file.place().is_same(to.file.place());
    if same && start < end(other, count)? && other < end(start, count)? {
        return Err(Errno::EINVAL);
    }
    Ok(count)
}

pub(super) fn read_offset(caller: &Caller<'_>, address: usize) -> Result<Option<u64>, Errno> {
    match address {
        0 => Ok(None),
        address => offset(caller.memory.read::<i64>(address)?).map(Some),
    }
}
