//! Between pipes and files (`splice(2)`, `tee(2)`, `vmsplice(2)`).
//!
//! Bytes are copied: only `tee` shares pages. What a program sees is the same.

use alloc::sync::Arc;

use linux_raw_sys::general::{O_APPEND, O_NONBLOCK};

use super::Caller;
use super::copy::{Position, read_offset};
use super::transfer::room;
use super::user_data::{TRANSFER_LIMIT, UserData};
use crate::error::Errno;
use crate::ipc::pipe::End;
use crate::vfs::{File, Offsets, SliceSource, VecSink};

/// `SPLICE_F_MOVE`, `SPLICE_F_NONBLOCK`, `SPLICE_F_MORE`, `SPLICE_F_GIFT`, of which only the second means something here.
const FLAGS: u32 = 0xf;
const NONBLOCK: u32 = 2;

fn pipe(file: &File) -> Option<&End> {
    file.operations_as::<End>()
}

fn is_nonblocking(flags: u32, files: &[&File]) -> bool {
    flags & NONBLOCK != 0 || files.iter().any(|file| file.flags().has(O_NONBLOCK))
}

/// `splice(2)`
pub(super) fn splice(
    caller: &Caller<'_>,
    input: i32,
    input_offset: usize,
    output: i32,
    output_offset: usize,
    count: usize,
    flags: u32,
) -> Result<usize, Errno> {
    if count == 0 {
        return Ok(0);
    }
    if flags & !FLAGS != 0 {
        return Err(Errno::EINVAL);
    }
    let (input, output) = (caller.data_file(input)?, caller.data_file(output)?);
    let (from, to) = (pipe(&input), pipe(&output));
    if from.is_some() && input_offset != 0 || to.is_some() && output_offset != 0 {
        return Err(Errno::ESPIPE);
    }
    input.check_readable()?;
    output.check_writable()?;
    if from.is_none() && to.is_none() {
        return Err(Errno::EINVAL);
    }
    let can_seek = |file: &File| file.operations().offsets() != Offsets::None;
    if input_offset != 0 && !can_seek(&input) || output_offset != 0 && !can_seek(&output) {
        return Err(Errno::EINVAL);
    }
    let starts = (
        read_offset(caller, input_offset)?,
        read_offset(caller, output_offset)?,
    );
    let count = count.min(TRANSFER_LIMIT);
    let (mut read, mut write) = (Position::new(&input, starts.0), Position::new(&output, starts.1));
    let moved = match (from, to) {
        (Some(from), Some(to)) if from.is_of_same_pipe(to) => return Err(Errno::EINVAL),
        (Some(from), Some(to)) => {
            let nonblocking = is_nonblocking(flags, &[&input, &output]);
            let mut take = |sink: &mut VecSink| from.take(nonblocking, sink);
            into_pipe(to, nonblocking, count, &mut take)?
        }
        (None, Some(to)) => {
            let mut take = |sink: &mut VecSink| read.read(sink);
            let moved = into_pipe(to, is_nonblocking(flags, &[&output]), count, &mut take)?;
            read.advance(moved);
            moved
        }
        (Some(_), None) if output.flags().has(O_APPEND) => return Err(Errno::EINVAL),
        (Some(from), None) => out_of_pipe(caller, from, is_nonblocking(flags, &[&input]), count, &mut write)?,
        (None, None) => return Err(Errno::EINVAL),
    };
    read.finish(caller, input_offset)?;
    write.finish(caller, output_offset)?;
    Ok(moved)
}

/// Puts into a pipe what is read at once. Nothing is read that there was no room for; if others take the room meanwhile, it
/// waits until there is some again.
fn into_pipe(
    to: &End,
    nonblocking: bool,
    count: usize,
    take: &mut dyn FnMut(&mut VecSink) -> Result<usize, Errno>,
) -> Result<usize, Errno> {
    let room = to.wait_for_room(nonblocking)?;
    let mut sink = VecSink::new(count.min(room));
    let read = take(&mut sink)?;
    if read == 0 {
        return Ok(0);
    }
    to.put(false, &mut SliceSource::new(&sink.into_bytes()))
}

fn out_of_pipe(
    caller: &Caller<'_>,
    from: &End,
    nonblocking: bool,
    count: usize,
    write: &mut Position<'_>,
) -> Result<usize, Errno> {
    from.give(nonblocking, count, &mut |page, range| {
        let room = room(caller.size_limit, write.file(), write.at())
            .inspect_err(|_| (caller.exceeds_size_limit)())?;
        let length = room.map_or(range.len(), |room| {
            range.len().min(usize::try_from(room).unwrap_or(usize::MAX))
        });
        let mut bytes = alloc::vec::Vec::new();
        bytes.try_reserve_exact(length)?;
        bytes.resize(length, 0);
        page.read(range.start, &mut bytes);
        let written = write.write(&mut SliceSource::new(&bytes))?;
        write.advance(written);
        Ok(written)
    })
}

/// `tee(2)`
pub(super) fn tee(
    caller: &Caller<'_>,
    input: i32,
    output: i32,
    count: usize,
    flags: u32,
) -> Result<usize, Errno> {
    if flags & !FLAGS != 0 {
        return Err(Errno::EINVAL);
    }
    if count == 0 {
        return Ok(0);
    }
    let (input, output) = (caller.data_file(input)?, caller.data_file(output)?);
    input.check_readable()?;
    output.check_writable()?;
    let (from, to) = (
        pipe(&input).ok_or(Errno::EINVAL)?,
        pipe(&output).ok_or(Errno::EINVAL)?,
    );
    if from.is_of_same_pipe(to) {
        return Err(Errno::EINVAL);
    }
    from.tee(to, is_nonblocking(flags, &[&input, &output]), count)
}

/// `vmsplice(2)`: into a pipe as much as there is room for, or out of it, by the end that is given. Pages that are given away are copied all the same.
pub(super) fn vmsplice(
    caller: &Caller<'_>,
    fd: i32,
    array: usize,
    count: usize,
    flags: u32,
) -> Result<usize, Errno> {
    if flags & !FLAGS != 0 {
        return Err(Errno::EINVAL);
    }
    let file: Arc<File> = caller.data_file(fd)?;
    let end = pipe(&file).ok_or(Errno::EBADF)?;
    let mut data = UserData::vector(caller.memory, array, count)?;
    let nonblocking = is_nonblocking(flags, &[&file]);
    match end.directions() {
        (_, true) => {
            data.limit(end.wait_for_room(nonblocking)? as u64);
            end.put(false, &mut data)
        }
        _ => end.take(nonblocking, &mut data),
    }
}
