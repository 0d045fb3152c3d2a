//! Parents, process groups and sessions (`credentials(7)`).

use super::Call;
use super::wait::process_or_self;
use crate::error::Errno;
use crate::process;

/// `getppid(2)`.
pub(super) fn getppid(call: &mut Call<'_>, _: [usize; 6]) -> Result<usize, Errno> {
    Ok(call.process().parent() as usize)
}

/// `getpgrp(2)`.
pub(super) fn getpgrp(call: &mut Call<'_>, _: [usize; 6]) -> Result<usize, Errno> {
    Ok(call.process().group() as usize)
}

/// `getpgid(2)`.
pub(super) fn getpgid(call: &mut Call<'_>, [pid, ..]: [usize; 6]) -> Result<usize, Errno> {
    Ok(process_or_self(call, pid)?.group() as usize)
}

/// `getsid(2)`.
pub(super) fn getsid(call: &mut Call<'_>, [pid, ..]: [usize; 6]) -> Result<usize, Errno> {
    Ok(process_or_self(call, pid)?.session() as usize)
}

/// `setsid(2)`.
pub(super) fn setsid(call: &mut Call<'_>, _: [usize; 6]) -> Result<usize, Errno> {
    Ok(process::start_session(call.process())? as usize)
}

/// `setpgid(2)`.
pub(super) fn setpgid(call: &mut Call<'_>, [pid, group, ..]: [usize; 6]) -> Result<usize, Errno> {
    #[expect(clippy::cast_possible_truncation, reason = "pid_t is an int")]
    let (pid, group) = (pid as u32, group as u32);
    if group.cast_signed() < 0 {
        return Err(Errno::EINVAL);
    }
    let pid = if pid == 0 { call.process().pid } else { pid };
    let group = if group == 0 { pid } else { group };
    process::set_group(call.process(), pid, group)?;
    Ok(0)
}
