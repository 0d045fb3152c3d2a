//! `eventfd(2)`, `eventfd2(2)`.

use super::Call;
use super::install::install;
use crate::error::Errno;
use crate::ipc::EventCounter;
use crate::vfs::OpenFlags;
use linux_raw_sys::general as linux;

/// `eventfd(2)`.
pub(super) fn eventfd(call: &mut Call<'_>, [value, ..]: [usize; 6]) -> Result<usize, Errno> {
    make(call, value as u32, 0)
}

/// `eventfd2(2)`.
pub(super) fn eventfd2(call: &mut Call<'_>, [value, flags, ..]: [usize; 6]) -> Result<usize, Errno> {
    make(call, value as u32, flags as u32)
}

fn make(call: &Call<'_>, value: u32, flags: u32) -> Result<usize, Errno> {
    if flags & !(linux::EFD_SEMAPHORE | linux::O_CLOEXEC | linux::O_NONBLOCK) != 0 {
        return Err(Errno::EINVAL);
    }
    let status = OpenFlags::internal(linux::O_RDWR | flags & linux::O_NONBLOCK);
    let file = EventCounter::open(value, flags & linux::EFD_SEMAPHORE != 0, status);
    Ok(install(call, file, flags & linux::O_CLOEXEC != 0)? as usize)
}
