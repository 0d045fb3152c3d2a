//! `futex(2)`: waiting for a word of memory to change, and waking those who wait.
//!
//! Waiters are found by process and address (private futexes; there is one process, so shared ones are the same).

use super::Call;
use super::memory::UserMemory;
use super::times::read_timespec;
use crate::clock;
use crate::error::Errno;
use crate::mm::CurrentMemory;
use crate::process::Thread;
use crate::sched;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};
use linux_raw_sys::general as linux;
use threadbare_machine::sync::SpinLock;
use threadbare_machine::task::{self, Task};
use threadbare_machine::time::Nanoseconds;

struct Waiter {
    address: SpinLock<usize>,
    bits: u32,
    task: Arc<Task>,
    woken: AtomicBool,
}

static WAITERS: SpinLock<VecDeque<Arc<Waiter>>> = SpinLock::new(VecDeque::new());

/// `futex(2)`.
pub(super) fn futex(
    call: &mut Call<'_>,
    [address, operation, value, timeout, address2, value3]: [usize; 6],
) -> Result<usize, Errno> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "ints are the low halves of their registers"
    )]
    let (operation, value, value3) = (operation as u32, value as u32, value3 as u32);
    if !address.is_multiple_of(4) {
        return Err(Errno::EINVAL);
    }
    let realtime = operation & linux::FUTEX_CLOCK_REALTIME != 0;
    match operation & !(linux::FUTEX_PRIVATE_FLAG | linux::FUTEX_CLOCK_REALTIME) {
        linux::FUTEX_WAIT => wait(call, address, value, relative(call, timeout)?, u32::MAX),
        linux::FUTEX_WAIT_BITSET => wait(call, address, value, absolute(call, timeout, realtime)?, value3),
        linux::FUTEX_WAKE => Ok(wake(address, value, u32::MAX)),
        linux::FUTEX_WAKE_BITSET if value3 == 0 => Err(Errno::EINVAL),
        linux::FUTEX_WAKE_BITSET => Ok(wake(address, value, value3)),
        linux::FUTEX_REQUEUE => Ok(requeue(address, value, timeout, address2)),
        linux::FUTEX_CMP_REQUEUE => {
            if call.read::<u32>(address)? != value3 {
                return Err(Errno::EAGAIN);
            }
            Ok(requeue(address, value, timeout, address2))
        }
        unknown => Err(call.missing(format!("futex operation {unknown}"), Errno::ENOSYS)),
    }
}

fn relative(call: &Call<'_>, timeout: usize) -> Result<Option<Nanoseconds>, Errno> {
    if timeout == 0 {
        return Ok(None);
    }
    Ok(Some(Nanoseconds(
        clock::monotonic().saturating_add(read_timespec(call, timeout)?),
    )))
}

fn absolute(call: &Call<'_>, timeout: usize, realtime: bool) -> Result<Option<Nanoseconds>, Errno> {
    if timeout == 0 {
        return Ok(None);
    }
    let time = read_timespec(call, timeout)?;
    let passed = if realtime {
        clock::realtime().saturating_sub(clock::monotonic())
    } else {
        0
    };
    Ok(Some(Nanoseconds(time.saturating_sub(passed))))
}

fn wait(
    call: &Call<'_>,
    address: usize,
    expected: u32,
    deadline: Option<Nanoseconds>,
    bits: u32,
) -> Result<usize, Errno> {
    if bits == 0 {
        return Err(Errno::EINVAL);
    }
    let waiter = Arc::new(Waiter {
        address: SpinLock::new(address),
        bits,
        task: task::current(),
        woken: AtomicBool::new(false),
    });
    // In the queue before the word is read: a change and its wake between the two are not missed.
    WAITERS.lock().push_back(waiter.clone());
    let result = sleep(call, &waiter, address, expected, deadline);
    WAITERS.lock().retain(|other| !Arc::ptr_eq(other, &waiter));
    // A wake that came while giving up for another reason counts: it has been consumed.
    if waiter.woken.load(Ordering::Acquire) {
        Ok(0)
    } else {
        result
    }
}

/// Goes on with a wait that a signal interrupted, until the same deadline.
fn wait_again(
    call: &mut Call<'_>,
    [address, expected, deadline, bits, ..]: [usize; 6],
) -> Result<usize, Errno> {
    #[expect(clippy::cast_possible_truncation, reason = "both were 32 bits long")]
    let (expected, bits) = (expected as u32, bits as u32);
    wait(call, address, expected, Some(Nanoseconds(deadline as u64)), bits)
}

fn sleep(
    call: &Call<'_>,
    waiter: &Waiter,
    address: usize,
    expected: u32,
    deadline: Option<Nanoseconds>,
) -> Result<usize, Errno> {
    if call.read::<u32>(address)? != expected {
        return Err(Errno::EAGAIN);
    }
    loop {
        if waiter.woken.load(Ordering::Acquire) {
            return Ok(0);
        }
        if call.thread.is_interrupted() {
            return Err(match deadline {
                Some(Nanoseconds(deadline)) => call.restart_by(
                    wait_again,
                    [
                        address,
                        expected as usize,
                        deadline as usize,
                        waiter.bits as usize,
                        0,
                        0,
                    ],
                ),
                None => Errno::ERESTARTSYS,
            });
        }
        match deadline {
            Some(deadline) if !sched::park_until(deadline) => return Err(Errno::ETIMEDOUT),
            Some(_) => {}
            None => sched::park(),
        }
    }
}

/// At the end of a thread: writes 0 where `set_tid_address(2)` or `CLONE_CHILD_CLEARTID` said, and wakes who waits there
/// (`pthread_join`).
pub(crate) fn announce_end(thread: &Thread) {
    let address = thread.clear_child_tid.load(Ordering::Relaxed);
    if address != 0
        && CurrentMemory::new(&thread.process)
            .write_bytes(address, &[0; 4])
            .is_ok()
    {
        wake(address, 1, u32::MAX);
    }
}

/// Wakes up to `most` waiters and returns how many.
fn wake(address: usize, most: u32, bits: u32) -> usize {
    let mut woken = 0;
    let mut waiters = WAITERS.lock();
    waiters.retain(|waiter| {
        let hit = woken < most && *waiter.address.lock() == address && waiter.bits & bits != 0;
        if hit {
            woken += 1;
            waiter.woken.store(true, Ordering::Release);
            sched::unpark(&waiter.task);
        }
        !hit
    });
    woken as usize
}

/// Wakes up to `most` waiters and lets up to `moved` others wait at `to` instead.
fn requeue(from: usize, most: u32, moved: usize, to: usize) -> usize {
    let woken = wake(from, most, u32::MAX);
    let waiters = WAITERS.lock();
    let mut requeued = 0;
    for waiter in waiters.iter() {
        let mut address = waiter.address.lock();
        if requeued < moved && *address == from {
            *address = to;
            requeued += 1;
        }
    }
    woken + requeued
}
