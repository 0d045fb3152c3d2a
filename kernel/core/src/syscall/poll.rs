//! `poll(2)`, `ppoll(2)`.
//!
//! What is ready at once is told without keeping the files and without allocating, for up to [`FEW`] descriptors.

use super::Call;
use super::call::int;
use super::memory::UserMemory;
use super::times::read_timespec;
use crate::clock;
use crate::error::Errno;
use crate::ipc::{self, Interest};
use crate::signal::{self, SignalSet};
use crate::vfs::{File, Readiness};
use alloc::sync::Arc;
use alloc::vec::Vec;
use threadbare_machine::time::Nanoseconds;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// `struct pollfd`.
#[derive(Clone, Copy, Default, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct PollFd {
    fd: i32,
    events: u16,
    revents: u16,
}

/// How many fit the kernel stack.
const FEW: usize = 32;

/// Where `revents` stands in a `struct pollfd`.
const REVENTS: usize = 6;

/// `poll(2)`.
pub(super) fn poll(call: &mut Call<'_>, [fds, count, timeout, ..]: [usize; 6]) -> Result<usize, Errno> {
    let milliseconds = u64::try_from(int(timeout)).ok();
    let deadline = milliseconds.map_or(FOREVER, |ms| deadline(ms * 1_000_000).0 as usize);
    go_on_polling(call, [fds, count, deadline, 0, 0, 0])
}

/// The deadline of a wait without one, where a number is needed.
const FOREVER: usize = usize::MAX;

/// Polls until a deadline; interrupted, it can be called again.
fn go_on_polling(call: &mut Call<'_>, arguments: [usize; 6]) -> Result<usize, Errno> {
    let [fds, count, deadline, ..] = arguments;
    let until = (deadline != FOREVER).then_some(Nanoseconds(deadline as u64));
    poll_until(call, fds, count, until).map_err(|error| match error {
        Errno::ERESTARTNOHAND => call.restart_by(go_on_polling, arguments),
        error => error,
    })
}

/// `ppoll(2)`. The time that is left is written back.
pub(super) fn ppoll(
    call: &mut Call<'_>,
    [fds, count, timeout, mask, size, _]: [usize; 6],
) -> Result<usize, Errno> {
    let until = timespec_deadline(call, timeout)?;
    let result = with_mask(call, mask, size, || poll_until(call, fds, count, until));
    write_time_left(call, timeout, until);
    result
}

/// When a timeout given as a `struct timespec` at `address` ends; `None` for never, if that is null.
///
/// # Errors
/// `EFAULT`; `EINVAL`.
pub(super) fn timespec_deadline(call: &Call<'_>, address: usize) -> Result<Option<Nanoseconds>, Errno> {
    if address == 0 {
        return Ok(None);
    }
    Ok(Some(deadline(read_timespec(call, address)?)))
}

/// The end of a timeout that begins now; [`AT_ONCE`] for none.
pub(super) fn deadline(nanoseconds: u64) -> Nanoseconds {
    if nanoseconds == 0 {
        AT_ONCE
    } else {
        Nanoseconds(clock::monotonic().saturating_add(nanoseconds))
    }
}

/// The deadline of who only looks.
pub(super) const AT_ONCE: Nanoseconds = Nanoseconds(0);

/// How much of a timeout is left.
pub(super) fn time_left(until: Nanoseconds) -> u64 {
    until.0.saturating_sub(clock::monotonic())
}

/// Writes the time that is left to the `struct timespec` that the timeout came from. As on Linux, a failure to do so
/// is no failure of the call.
pub(super) fn write_time_left(call: &Call<'_>, address: usize, until: Option<Nanoseconds>) {
    if let Some(until) = until {
        let left = time_left(until);
        let _ = call.write(address, &[left / 1_000_000_000, left % 1_000_000_000]);
    }
}

/// Runs `wait` with the signal mask at address `mask`, unless that is null. If a signal ends the wait, the mask of before is
/// restored after that signal was looked at, else at once.
///
/// # Errors
/// `EFAULT`; `EINVAL` for another size than a mask's.
pub(super) fn with_mask(
    call: &Call<'_>,
    mask: usize,
    size: usize,
    wait: impl FnOnce() -> Result<usize, Errno>,
) -> Result<usize, Errno> {
    if mask == 0 {
        return wait();
    }
    if size != size_of::<SignalSet>() {
        return Err(Errno::EINVAL);
    }
    let mask = SignalSet::from_bits(call.read::<u64>(mask)?);
    signal::set_mask_meanwhile(call.thread, mask);
    let result = wait();
    if matches!(result, Err(Errno::ERESTARTNOHAND | Errno::EINTR)) {
        call.thread.signals.call_attention(); // the mask goes back when signals have been looked at
    } else {
        signal::restore_mask(call.thread);
    }
    result
}

/// The open file of a descriptor, if it is open.
fn open_file(call: &Call<'_>, fd: u32) -> Option<Arc<File>> {
    call.file(fd as usize).ok()
}

fn poll_until(call: &Call<'_>, fds: usize, count: usize, until: Option<Nanoseconds>) -> Result<usize, Errno> {
    if count > FEW && count as u64 > u64::from(call.process().limits.lock().open_files()) {
        return Err(Errno::EINVAL);
    }
    let mut few = [PollFd::default(); FEW];
    let mut many = Vec::new();
    let entries = if let Some(entries) = few.get_mut(..count) {
        entries
    } else {
        many.try_reserve_exact(count)?;
        many.resize(count, PollFd::default());
        &mut many
    };
    call.memory().read_bytes(fds, entries.as_mut_bytes())?;
    let ready = match look(call, fds, entries)? {
        0 if until == Some(AT_ONCE) && call.thread.is_interrupted() => return Err(Errno::ERESTARTNOHAND),
        0 if until != Some(AT_ONCE) => wait(call, fds, entries, until)?,
        ready => ready,
    };
    Ok(ready)
}

/// Tells what is ready now, and returns how many are.
fn look(call: &Call<'_>, fds: usize, entries: &[PollFd]) -> Result<usize, Errno> {
    let mut count = 0;
    for (at, entry) in entries.iter().enumerate() {
        let ready = match u32::try_from(entry.fd).map(|fd| open_file(call, fd)) {
            Err(_) => Readiness::NONE,
            Ok(None) => Readiness::INVALID,
            Ok(Some(file)) => file.operations().poll(&file).and(entry.asked()),
        };
        count += usize::from(!ready.is_none());
        tell(call, fds, at, entry, ready)?;
    }
    Ok(count)
}

/// Waits until one is ready. None was at the last look, and all that are not negative were open.
fn wait(call: &Call<'_>, fds: usize, entries: &[PollFd], until: Option<Nanoseconds>) -> Result<usize, Errno> {
    let (mut interests, mut places) = (Vec::new(), Vec::new());
    interests.try_reserve_exact(entries.len())?;
    places.try_reserve_exact(entries.len())?;
    for (at, entry) in entries.iter().enumerate() {
        if let Some(file) = u32::try_from(entry.fd).ok().and_then(|fd| open_file(call, fd)) {
            places.push(at);
            interests.push(Interest {
                file,
                asked: entry.asked(),
                ready: Readiness::NONE,
            });
        }
    }
    let interrupted = || call.thread.is_interrupted();
    let ready = ipc::wait_for_any(&mut interests, until, interrupted)?.ok_or(Errno::ERESTARTNOHAND)?;
    for (&at, interest) in places.iter().zip(&interests) {
        if let Some(entry) = entries.get(at) {
            let before = PollFd { revents: 0, ..*entry };
            tell(call, fds, at, &before, interest.ready)?;
        }
    }
    Ok(ready)
}

impl PollFd {
    fn asked(self) -> Readiness {
        Readiness::from_bits(u32::from(self.events)).or(Readiness::ALWAYS)
    }
}

/// Writes what is ready into the entry at place `at`, unless that stands there; nothing else of it.
fn tell(call: &Call<'_>, fds: usize, at: usize, entry: &PollFd, ready: Readiness) -> Result<(), Errno> {
    let revents = u16::try_from(ready.bits() & 0xffff).unwrap_or_default();
    if revents == entry.revents {
        return Ok(());
    }
    let address = fds.wrapping_add(at.wrapping_mul(size_of::<PollFd>()) + REVENTS);
    call.write(address, &revents)
}
