//! `FUTEX_WAIT` and `FUTEX_WAIT_BITSET`.

use super::buckets::{self, Waiter};
use super::key::Key;
use crate::clock;
use crate::error::Errno;
use crate::mm::Touch;
use crate::sched::{self, KernelData};
use crate::syscall::Call;
use crate::syscall::times::read_timespec;
use core::sync::atomic::{AtomicU32, Ordering};
use threadbare_machine::task;
use threadbare_machine::time::Nanoseconds;
use threadbare_machine::user;

/// A deadline given as a duration; `None` for a null pointer.
pub(super) fn relative(call: &Call<'_>, timeout: usize) -> Result<Option<Nanoseconds>, Errno> {
    if timeout == 0 {
        return Ok(None);
    }
    let duration = read_timespec(call, timeout)?;
    Ok(Some(Nanoseconds(clock::monotonic().saturating_add(duration))))
}

/// A deadline given as a time; `None` for a null pointer.
pub(super) fn absolute(
    call: &Call<'_>,
    timeout: usize,
    realtime: bool,
) -> Result<Option<Nanoseconds>, Errno> {
    if timeout == 0 {
        return Ok(None);
    }
    let time = read_timespec(call, timeout)?;
    let ahead = if realtime {
        clock::realtime().saturating_sub(clock::monotonic())
    } else {
        0
    };
    Ok(Some(Nanoseconds(time.saturating_sub(ahead))))
}

/// Waits for a wake with one of `bits`, if the word at `address` is `expected`.
pub(super) fn wait(
    call: &Call<'_>,
    address: usize,
    private: bool,
    expected: u32,
    bits: u32,
    deadline: Option<Nanoseconds>,
) -> Result<usize, Errno> {
    if bits == 0 {
        return Err(Errno::EINVAL);
    }
    let key = Key::of(call, address, private)?;
    begin();
    enter(call, address, expected, key, bits, 1)?;
    match sleep(call, deadline) {
        Ok(_) => Ok(0),
        Err(why) => give_up(core::iter::once(key)).map_or_else(
            || {
                let arguments = [
                    address,
                    expected as usize,
                    bits as usize,
                    usize::from(private),
                    0,
                    0,
                ];
                Err(restart(call, why, arguments, deadline))
            },
            |_| Ok(0), // a wake that came while giving up has been consumed: it counts
        ),
    }
}

/// The error of a wait that ended for `why`; one with a deadline goes on until the same if no handler runs.
fn restart(call: &Call<'_>, why: Errno, mut arguments: [usize; 6], deadline: Option<Nanoseconds>) -> Errno {
    match deadline {
        Some(Nanoseconds(deadline)) if why == Errno::ERESTARTSYS => {
            arguments[4] = usize::try_from(deadline).unwrap_or(usize::MAX);
            call.restart_by(wait_again, arguments)
        }
        _ => why,
    }
}

fn wait_again(
    call: &mut Call<'_>,
    [address, expected, bits, private, deadline, _]: [usize; 6],
) -> Result<usize, Errno> {
    #[expect(clippy::cast_possible_truncation, reason = "both were 32 bits long")]
    let (expected, bits) = (expected as u32, bits as u32);
    let deadline = Some(Nanoseconds(deadline as u64));
    wait(call, address, private != 0, expected, bits, deadline)
}

/// The running task is about to enter buckets.
pub(super) fn begin() {
    with_woken(|woken| woken.store(0, Ordering::Relaxed)); // it is in no bucket, so nobody else writes
}

/// Puts the running task into the bucket of `key`, if the word at `address` is `expected`.
///
/// # Errors
/// `EAGAIN` if it is not; `EFAULT`, `ENOMEM`.
pub(super) fn enter(
    call: &Call<'_>,
    address: usize,
    expected: u32,
    key: Key,
    bits: u32,
    number: u32,
) -> Result<(), Errno> {
    loop {
        let mut bucket = buckets::lock(key);
        match user::load_word(address) {
            Ok(word) if word == expected => {
                let task = task::current();
                let waiter = Waiter {
                    key,
                    bits,
                    number,
                    task,
                };
                return buckets::push(&mut bucket, waiter);
            }
            Ok(_) => return Err(Errno::EAGAIN),
            Err(_) => drop(bucket),
        }
        call.memory().bring_in(address, Touch::Read)?;
    }
}

/// Sleeps until the running task is woken from a bucket, and returns by which.
///
/// # Errors
/// `ETIMEDOUT`, `ERESTARTSYS`.
pub(super) fn sleep(call: &Call<'_>, deadline: Option<Nanoseconds>) -> Result<usize, Errno> {
    loop {
        if let Some(number) = woken() {
            return Ok(number);
        }
        if call.thread.is_interrupted() {
            return Err(Errno::ERESTARTSYS);
        }
        match deadline {
            Some(deadline) if !sched::park_until(deadline) => return woken().ok_or(Errno::ETIMEDOUT),
            Some(_) => {}
            None => sched::park(),
        }
    }
}

/// Takes the running task out of the buckets that it entered for `keys`; the number of the word that has woken it, if one has.
pub(super) fn give_up(keys: impl Iterator<Item = Key>) -> Option<usize> {
    buckets::forget(&task::current(), keys);
    woken()
}

/// Which of its words has woken the running task.
fn woken() -> Option<usize> {
    // Acquire pairs with the release of the one that wakes.
    match with_woken(|woken| woken.load(Ordering::Acquire)) {
        0 => None,
        number => Some(number as usize),
    }
}

fn with_woken<R: Default>(action: impl FnOnce(&AtomicU32) -> R) -> R {
    task::with_current(|current| {
        KernelData::of(current)
            .map(|data| action(&data.woken_futex))
            .unwrap_or_default()
    })
}
