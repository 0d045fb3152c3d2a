//! Moving data from file to file inside the kernel.

use super::{Call, io::file_offset};
use crate::error::Errno;
use crate::vfs::{File, FileType, SliceSource, VecSink};
use linux_raw_sys::general as linux;

/// How much is moved at a time.
const CHUNK: usize = 64 * 1024;
/// The most bytes that one call moves.
const MOST: usize = 0x7fff_f000;

/// `sendfile(2)`.
pub(super) fn sendfile(call: &mut Call<'_>, [to, from, offset, count, ..]: [usize; 6]) -> Result<usize, Errno> {
    let (from, to) = (call.file(from)?, call.file(to)?);
    from.check_readable()?;
    to.check_writable()?;
    if from.inode().contents().is_none() && from.inode().kind() != FileType::CharacterDevice {
        return Err(Errno::EINVAL);
    }
    if to.flags().has(linux::O_APPEND) {
        return Err(Errno::EINVAL);
    }
    let start = match offset {
        0 => None,
        at => Some(file_offset(call.read::<usize>(at)?)?),
    };
    let (moved, end) = copy(call, &from, &to, start, None, count.min(MOST))?;
    if offset != 0 {
        call.write(offset, &end)?;
    }
    Ok(moved)
}

/// `copy_file_range(2)`.
pub(super) fn copy_file_range(call: &mut Call<'_>, [from, from_at, to, to_at, count, flags]: [usize; 6]) -> Result<usize, Errno> {
    let (from, to) = (call.file(from)?, call.file(to)?);
    from.check_readable()?;
    to.check_writable()?;
    if flags != 0 || from.inode().contents().is_none() || to.inode().contents().is_none() {
        return Err(Errno::EINVAL);
    }
    if to.flags().has(linux::O_APPEND) {
        return Err(Errno::EBADF);
    }
    let position = |at: usize| -> Result<Option<u64>, Errno> {
        match at {
            0 => Ok(None),
            at => Ok(Some(file_offset(call.read::<usize>(at)?)?)),
        }
    };
    let (source, target) = (position(from_at)?, position(to_at)?);
    let source_start = source.unwrap_or_else(|| from.offset());
    let target_start = target.unwrap_or_else(|| to.offset());
    let same = core::ptr::addr_eq(alloc::sync::Arc::as_ptr(from.inode()), alloc::sync::Arc::as_ptr(to.inode()));
    if same && source_start.abs_diff(target_start) < count as u64 {
        return Err(Errno::EINVAL);
    }
    let (moved, _) = copy(call, &from, &to, source, target, count.min(MOST))?;
    if from_at != 0 {
        call.write(from_at, &(source_start + moved as u64))?;
    }
    if to_at != 0 {
        call.write(to_at, &(target_start + moved as u64))?;
    }
    Ok(moved)
}

/// Copies up to `count` bytes; positions that are `None` are the files' own and move along. Returns how many and where
/// the source stands then.
fn copy(
    call: &Call<'_>,
    from: &File,
    to: &File,
    start: Option<u64>,
    target: Option<u64>,
    count: usize,
) -> Result<(usize, u64), Errno> {
    let mut at = start.unwrap_or_else(|| from.offset());
    let mut moved = 0;
    while moved < count && !call.thread.is_ending() {
        let mut sink = VecSink::new((count - moved).min(CHUNK));
        let read = from.read_at(at, &mut sink);
        let written = read.and_then(|_| {
            let bytes = sink.into_bytes();
            let mut source = SliceSource::new(&bytes);
            match target {
                _ if bytes.is_empty() => Ok(0),
                Some(target) => to.write_at(target + moved as u64, &mut source),
                None => to.write(&mut source),
            }
        });
        match written {
            Ok(0) => break,
            Ok(written) => {
                moved += written;
                at += written as u64;
            }
            Err(_) if moved > 0 => break,
            Err(error) => return Err(error),
        }
    }
    if start.is_none() {
        from.set_offset(at);
    }
    Ok((moved, at))
}
