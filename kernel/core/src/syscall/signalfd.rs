//! `signalfd(2)`, `signalfd4(2)`.

use super::Call;
use super::install::install;
use crate::error::Errno;
use crate::signal::{SignalFile, SignalSet};
use crate::vfs::OpenFlags;
use linux_raw_sys::general as linux;

/// `signalfd(2)`.
pub(super) fn signalfd(call: &mut Call<'_>, [fd, mask, size, ..]: [usize; 6]) -> Result<usize, Errno> {
    signalfd4(call, [fd, mask, size, 0, 0, 0])
}

/// `signalfd4(2)`: a new descriptor, or other signals for one that there is.
#[expect(
    clippy::cast_possible_truncation,
    reason = "ints are the low halves of their registers"
)]
pub(super) fn signalfd4(
    call: &mut Call<'_>,
    [fd, mask, size, flags, ..]: [usize; 6],
) -> Result<usize, Errno> {
    let flags = flags as u32;
    if size != size_of::<SignalSet>() || flags & !(linux::O_CLOEXEC | linux::O_NONBLOCK) != 0 {
        return Err(Errno::EINVAL);
    }
    let mask = SignalSet::from_bits(call.read::<u64>(mask)?);
    if (fd as u32).cast_signed() != -1 {
        let file = call.file(fd)?;
        file.operations_as::<SignalFile>()
            .ok_or(Errno::EINVAL)?
            .set_mask(mask);
        return Ok(fd as u32 as usize);
    }
    let status = OpenFlags::internal(linux::O_RDWR | flags & linux::O_NONBLOCK);
    let file = SignalFile::open(call.process(), mask, status)?;
    Ok(install(call, file, flags & linux::O_CLOEXEC != 0)? as usize)
}
