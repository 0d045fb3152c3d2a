//! `epoll_create(2)`, `epoll_ctl(2)`, `epoll_wait(2)` and their like.

use super::Call;
use super::install::install;
use super::poll::{AT_ONCE, deadline, timespec_deadline, with_mask};
use crate::error::Errno;
use crate::ipc::epoll::{Epoll, Event, Interest};
use crate::syscall::memory::UserMemory;
use crate::vfs::OpenFlags;
use alloc::sync::Arc;
use linux_raw_sys::general as linux;
use threadbare_machine::paging::USER_END;
use threadbare_machine::time::Nanoseconds;
use zerocopy::IntoBytes;

/// `epoll_create(2)`: the size is only a hint, but must be one.
pub(super) fn epoll_create(call: &mut Call<'_>, [size, ..]: [usize; 6]) -> Result<usize, Errno> {
    if (size as u32).cast_signed() <= 0 {
        return Err(Errno::EINVAL);
    }
    make(call, 0)
}

/// `epoll_create1(2)`.
pub(super) fn epoll_create1(call: &mut Call<'_>, [flags, ..]: [usize; 6]) -> Result<usize, Errno> {
    make(call, flags as u32)
}

fn make(call: &Call<'_>, flags: u32) -> Result<usize, Errno> {
    if flags & !linux::EPOLL_CLOEXEC != 0 {
        return Err(Errno::EINVAL);
    }
    let file = Epoll::open(OpenFlags::internal(linux::O_RDWR));
    Ok(install(call, file, flags != 0)? as usize)
}

/// `epoll_ctl(2)`.
pub(super) fn epoll_ctl(
    call: &mut Call<'_>,
    [epoll, operation, fd, event, ..]: [usize; 6],
) -> Result<usize, Errno> {
    let operation = operation as u32;
    let event = match operation {
        linux::EPOLL_CTL_DEL => None,
        _ => Some(call.read::<Event>(event)?),
    };
    let fd = fd as u32;
    let instance = call.file(epoll)?;
    let target = call.file(fd as usize)?;
    if !target.operations().can_wait() || target.is_path_only() {
        return Err(Errno::EPERM);
    }
    let epoll = instance.operations_as::<Epoll>().ok_or(Errno::EINVAL)?;
    if Arc::ptr_eq(&instance, &target) {
        return Err(Errno::EINVAL);
    }
    match (operation, event) {
        (linux::EPOLL_CTL_ADD, Some(event)) => {
            epoll.add(fd, &target, Interest::new(event.events), event.data)?;
        }
        (linux::EPOLL_CTL_MOD, Some(event)) => {
            epoll.modify(fd, &target, Interest::new(event.events), event.data)?;
        }
        (linux::EPOLL_CTL_DEL, _) => epoll.remove(fd, &target)?,
        _ => return Err(Errno::EINVAL),
    }
    Ok(0)
}

/// `epoll_wait(2)`.
pub(super) fn epoll_wait(
    call: &mut Call<'_>,
    [epoll, events, most, timeout, ..]: [usize; 6],
) -> Result<usize, Errno> {
    wait(call, epoll, events, most, until(timeout))
}

/// `epoll_pwait(2)`.
pub(super) fn epoll_pwait(
    call: &mut Call<'_>,
    [epoll, events, most, timeout, mask, size]: [usize; 6],
) -> Result<usize, Errno> {
    with_mask(call, mask, size, || {
        wait(call, epoll, events, most, until(timeout))
    })
}

/// `epoll_pwait2(2)`: with a `struct timespec`.
pub(super) fn epoll_pwait2(
    call: &mut Call<'_>,
    [epoll, events, most, timeout, mask, size]: [usize; 6],
) -> Result<usize, Errno> {
    let until = timespec_deadline(call, timeout)?;
    with_mask(call, mask, size, || wait(call, epoll, events, most, until))
}

/// The end of a timeout in milliseconds; `None` for never, if that is negative.
fn until(timeout: usize) -> Option<Nanoseconds> {
    let milliseconds = u64::try_from((timeout as u32).cast_signed()).ok()?;
    Some(if milliseconds == 0 {
        AT_ONCE
    } else {
        deadline(milliseconds.saturating_mul(1_000_000))
    })
}

fn wait(
    call: &Call<'_>,
    epoll: usize,
    events: usize,
    most: usize,
    until: Option<Nanoseconds>,
) -> Result<usize, Errno> {
    const MOST: u32 = i32::MAX as u32 / size_of::<Event>() as u32;
    let most = most as u32;
    if most == 0 || most > MOST {
        return Err(Errno::EINVAL);
    }
    let end = events.checked_add(most as usize * size_of::<Event>());
    if end.is_none_or(|end| end > USER_END) {
        return Err(Errno::EFAULT);
    }
    let instance = call.file(epoll)?;
    let epoll = instance.operations_as::<Epoll>().ok_or(Errno::EINVAL)?;
    let memory = call.memory();
    let mut to = events; // the events come in their order
    epoll.wait(most as usize, until, &mut |event| {
        memory.write_bytes(to, event.as_bytes())?;
        to = to.wrapping_add(size_of::<Event>());
        Ok(())
    })
}
