//! `poll(2)`, `ppoll(2)`, `select(2)`, `pselect6(2)`.

use super::Call;
use super::memory::UserMemory;
use super::times::read_timespec;
use crate::clock;
use crate::error::Errno;
use crate::signal::SignalSet;
use crate::vfs::{self, File};
use alloc::sync::Arc;
use alloc::vec::Vec;
use linux_raw_sys::general as linux;
use threadbare_machine::time::Nanoseconds;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// `struct pollfd`.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct PollFd {
    fd: i32,
    events: u16,
    revents: u16,
}

/// What is told without being asked for.
const ALWAYS: u32 = linux::POLLERR | linux::POLLHUP;

/// `poll(2)`.
pub(super) fn poll(call: &mut Call<'_>, [fds, count, timeout, ..]: [usize; 6]) -> Result<usize, Errno> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        reason = "an int is the low half of its register"
    )]
    let timeout = timeout as i32;
    let milliseconds = u64::try_from(timeout).ok();
    poll_until(call, fds, count, milliseconds.map(|ms| deadline(ms * 1_000_000)))
}

/// `ppoll(2)`.
pub(super) fn ppoll(
    call: &mut Call<'_>,
    [fds, count, timeout, mask, size, _]: [usize; 6],
) -> Result<usize, Errno> {
    let deadline = if timeout == 0 {
        None
    } else {
        Some(deadline(read_timespec(call, timeout)?))
    };
    set_mask_meanwhile(call, mask, size)?;
    poll_until(call, fds, count, deadline)
}

fn deadline(nanoseconds: u64) -> Nanoseconds {
    Nanoseconds(if nanoseconds == 0 {
        0
    } else {
        clock::monotonic().saturating_add(nanoseconds)
    })
}

/// Sets the signal mask until the call is over: it is restored when signals have been looked at.
fn set_mask_meanwhile(call: &Call<'_>, mask: usize, size: usize) -> Result<(), Errno> {
    if mask == 0 {
        return Ok(());
    }
    if size != size_of::<SignalSet>() {
        return Err(Errno::EINVAL);
    }
    let mask = SignalSet::from_bits(call.read::<u64>(mask)?).blockable();
    let before = core::mem::replace(&mut *call.thread.signals.mask.lock(), mask);
    *call.thread.signals.saved_mask.lock() = Some(before);
    Ok(())
}

/// One thing to watch: what is asked, the file if it is open.
struct Watched {
    asked: u32,
    file: Option<Arc<File>>,
    ready: u32,
}

fn poll_until(
    call: &Call<'_>,
    fds: usize,
    count: usize,
    deadline: Option<Nanoseconds>,
) -> Result<usize, Errno> {
    if count as u64 > u64::from(call.process().limits.lock().open_files()) {
        return Err(Errno::EINVAL);
    }
    let mut entries: Vec<PollFd> = Vec::new();
    entries.try_reserve_exact(count)?;
    for index in 0..count {
        entries.push(
            call.read(
                fds.checked_add(index * size_of::<PollFd>())
                    .ok_or(Errno::EFAULT)?,
            )?,
        );
    }
    let mut watched = Vec::new();
    watched.try_reserve_exact(count)?;
    for entry in &entries {
        let file = u32::try_from(entry.fd).ok().and_then(|fd| open_file(call, fd));
        watched.push(Watched {
            asked: u32::from(entry.events),
            file,
            ready: 0,
        });
    }
    let invalid = |index: usize| entries[index].fd >= 0;
    let ready = wait(call, &mut watched, deadline, invalid)?;
    for (entry, watched) in entries.iter_mut().zip(&watched) {
        entry.revents = u16::try_from(watched.ready & 0xffff).unwrap_or(0);
    }
    call.memory().write_bytes(fds, entries.as_slice().as_bytes())?;
    Ok(ready)
}

fn open_file(call: &Call<'_>, fd: u32) -> Option<Arc<File>> {
    call.process()
        .files
        .lock()
        .get(fd)
        .ok()
        .map(|descriptor| descriptor.file.clone())
}

/// Waits until something is ready and returns how many are. `invalid` says whether a missing file is an error.
fn wait(
    call: &Call<'_>,
    watched: &mut [Watched],
    deadline: Option<Nanoseconds>,
    invalid: impl Fn(usize) -> bool,
) -> Result<usize, Errno> {
    let mut look = || {
        let mut count = 0;
        for (index, one) in watched.iter_mut().enumerate() {
            one.ready = match &one.file {
                Some(file) => file.operations().poll(file).bits() & (one.asked | ALWAYS),
                None if invalid(index) => linux::POLLNVAL,
                None => 0,
            };
            count += usize::from(one.ready != 0);
        }
        (count > 0).then_some(count)
    };
    if let Some(count) = look() {
        return Ok(count);
    }
    if deadline == Some(Nanoseconds(0)) {
        return Ok(0);
    }
    let found = vfs::readiness::CHANGED.wait_until(deadline, || call.thread.is_interrupted(), look);
    match found {
        Some(count) => Ok(count),
        None if call.thread.is_interrupted() => Err(Errno::EINTR),
        None => Ok(0),
    }
}

/// `select(2)`.
pub(super) fn select(
    call: &mut Call<'_>,
    [count, read, write, except, timeout, _]: [usize; 6],
) -> Result<usize, Errno> {
    let deadline = if timeout == 0 {
        None
    } else {
        let [seconds, microseconds] = call.read::<[i64; 2]>(timeout)?;
        let seconds = u64::try_from(seconds).map_err(|_| Errno::EINVAL)?;
        let microseconds = u64::try_from(microseconds).map_err(|_| Errno::EINVAL)?;
        Some(deadline(
            seconds
                .saturating_mul(1_000_000_000)
                .saturating_add(microseconds.saturating_mul(1000)),
        ))
    };
    select_until(call, count, [read, write, except], deadline)
}

/// `pselect6(2)`.
pub(super) fn pselect6(
    call: &mut Call<'_>,
    [count, read, write, except, timeout, mask]: [usize; 6],
) -> Result<usize, Errno> {
    let deadline = if timeout == 0 {
        None
    } else {
        Some(deadline(read_timespec(call, timeout)?))
    };
    if mask != 0 {
        let [mask, size] = call.read::<[usize; 2]>(mask)?;
        set_mask_meanwhile(call, mask, size)?;
    }
    select_until(call, count, [read, write, except], deadline)
}

/// What each of the three sets asks for, and what puts a descriptor into it (`select(2)`, "Correspondence").
const ASKS: [u32; 3] = [
    linux::POLLIN | linux::POLLRDNORM | linux::POLLHUP | linux::POLLERR,
    linux::POLLOUT | linux::POLLWRNORM | linux::POLLERR,
    linux::POLLPRI,
];

fn select_until(
    call: &Call<'_>,
    count: usize,
    sets: [usize; 3],
    deadline: Option<Nanoseconds>,
) -> Result<usize, Errno> {
    const MOST: usize = 1024;
    if i32::try_from(count).is_err() {
        return Err(Errno::EINVAL);
    }
    let count = count.min(MOST);
    let bytes = count.div_ceil(64) * 8;
    let mut masks = [[0u8; MOST / 8]; 3];
    for (mask, &set) in masks.iter_mut().zip(&sets) {
        if set != 0 {
            call.memory().read_bytes(set, &mut mask[..bytes])?;
        }
    }
    let mut watched = Vec::new();
    let mut numbers = Vec::new();
    for fd in 0..count {
        let asked = (0..3)
            .filter(|&set| is_set(&masks[set], fd))
            .map(|set| ASKS[set])
            .fold(0, |all, one| all | one);
        if asked != 0 {
            let file = open_file(call, u32::try_from(fd).unwrap_or(u32::MAX)).ok_or(Errno::EBADF)?;
            watched.try_reserve(1)?;
            numbers.try_reserve(1)?;
            watched.push(Watched {
                asked,
                file: Some(file),
                ready: 0,
            });
            numbers.push(fd);
        }
    }
    wait(call, &mut watched, deadline, |_| false)?;
    let mut total = 0;
    let mut results = [[0u8; MOST / 8]; 3];
    for (&fd, one) in numbers.iter().zip(&watched) {
        for set in 0..3 {
            if is_set(&masks[set], fd) && one.ready & ASKS[set] != 0 {
                results[set][fd / 8] |= 1 << (fd % 8);
                total += 1;
            }
        }
    }
    for (result, &set) in results.iter().zip(&sets) {
        if set != 0 {
            call.memory().write_bytes(set, &result[..bytes])?;
        }
    }
    Ok(total)
}

fn is_set(mask: &[u8], fd: usize) -> bool {
    mask[fd / 8] & 1 << (fd % 8) != 0
}
