//! `pipe(2)`, `pipe2(2)`.

use super::Call;
use super::install::install_pair;
use crate::error::Errno;
use crate::ipc;
use crate::vfs::OpenFlags;
use linux_raw_sys::general as linux;

/// `pipe(2)`.
pub(super) fn pipe(call: &mut Call<'_>, [to, ..]: [usize; 6]) -> Result<usize, Errno> {
    make(call, to, 0)
}

/// `pipe2(2)`.
pub(super) fn pipe2(call: &mut Call<'_>, [to, flags, ..]: [usize; 6]) -> Result<usize, Errno> {
    make(call, to, flags as u32)
}

fn make(call: &mut Call<'_>, to: usize, flags: u32) -> Result<usize, Errno> {
    const KNOWN: u32 = linux::O_CLOEXEC | linux::O_NONBLOCK | linux::O_DIRECT;
    /// `O_NOTIFICATION_PIPE`
    const NOTIFICATION: u32 = linux::O_EXCL;
    if flags & !(KNOWN | NOTIFICATION) != 0 {
        return Err(Errno::EINVAL);
    }
    if flags & NOTIFICATION != 0 {
        return Err(call.missing("pipe2: O_NOTIFICATION_PIPE".into(), Errno::ENOPKG));
    }
    let credentials = call.process().credentials();
    let status = OpenFlags::internal(flags & (linux::O_NONBLOCK | linux::O_DIRECT));
    let [reader, writer] = ipc::pipe::create(status, &credentials)?;
    install_pair(call, [reader, writer], flags & linux::O_CLOEXEC != 0, to)
}
