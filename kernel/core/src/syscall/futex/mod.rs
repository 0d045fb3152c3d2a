//! `futex(2)`: waiting for a word of memory to change, and waking those who wait.
//!
//! Waiters stand in [`buckets`], found by the [`Key`](key::Key) of their word. A wait looks at the word with the lock
//! of its bucket held, and a wake takes that lock: who changes the word and then wakes finds everybody who has seen the old
//! value.
//!
//! Invariants:
//! 1. User memory is touched under a bucket's lock only by single accesses that do not wait for a page
//!    ([`threadbare_machine::user::load_word`]). If one is missing, the lock is given up, the page brought in, and all
//!    begins again.
//! 2. Two buckets are locked in the order of their numbers.
//! 3. A waiter is in a bucket until it is woken or takes itself out. `KernelData::woken_futex` is 0 until it is woken.
//!
//! Operations with priority inheritance (`FUTEX_LOCK_PI` and its kin) are not there: `ENOSYS`, named.

mod buckets;
mod key;
mod operation;
mod requeue;
mod robust;
mod several;
mod wait;

pub(crate) use robust::{announce_end, hand_mutexes_on};
pub(super) use robust::{get_robust_list, set_robust_list};
pub(super) use several::futex_waitv;

use super::Call;
use crate::error::Errno;
use alloc::format;
use key::Key;
use linux_raw_sys::general as linux;

/// `futex(2)`.
#[expect(
    clippy::cast_possible_truncation,
    reason = "ints are the low halves of their registers"
)]
pub(super) fn futex(
    call: &mut Call<'_>,
    [address, operation, value, timeout, address2, value3]: [usize; 6],
) -> Result<usize, Errno> {
    let (operation, value, value3) = (operation as u32, value as u32, value3 as u32);
    let private = operation & linux::FUTEX_PRIVATE_FLAG != 0;
    let realtime = operation & linux::FUTEX_CLOCK_REALTIME != 0;
    let command = operation & !(linux::FUTEX_PRIVATE_FLAG | linux::FUTEX_CLOCK_REALTIME);
    if realtime && command != linux::FUTEX_WAIT_BITSET {
        return Err(call.missing(
            format!("FUTEX_CLOCK_REALTIME with operation {command}"),
            Errno::ENOSYS,
        ));
    }
    let key = || Key::of(call, address, private);
    match command {
        linux::FUTEX_WAIT => {
            let deadline = wait::relative(call, timeout)?;
            wait::wait(call, address, private, value, u32::MAX, deadline)
        }
        linux::FUTEX_WAIT_BITSET => {
            let deadline = wait::absolute(call, timeout, realtime)?;
            wait::wait(call, address, private, value, value3, deadline)
        }
        linux::FUTEX_WAKE => Ok(buckets::wake(key()?, value, u32::MAX)),
        linux::FUTEX_WAKE_BITSET if value3 == 0 => Err(Errno::EINVAL),
        linux::FUTEX_WAKE_BITSET => Ok(buckets::wake(key()?, value, value3)),
        linux::FUTEX_REQUEUE | linux::FUTEX_CMP_REQUEUE => {
            let expected = (command == linux::FUTEX_CMP_REQUEUE).then_some((address, value3));
            let to = Key::of(call, address2, private)?;
            requeue::requeue(call, key()?, to, value, timeout as u32, expected)
        }
        linux::FUTEX_WAKE_OP => {
            let second = Key::of(call, address2, private)?;
            operation::wake_op(call, key()?, value, (address2, second), timeout as u32, value3)
        }
        unknown => Err(call.missing(format!("futex operation {unknown}"), Errno::ENOSYS)),
    }
}
