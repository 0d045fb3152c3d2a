//! Who waits, by the hash of the word.

use super::key::Key;
use crate::error::Errno;
use crate::sched::{self, KernelData};
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::sync::atomic::Ordering;
use threadbare_machine::sync::{SpinGuard, SpinLock};
use threadbare_machine::task::Task;

/// There are `1 << BITS` buckets.
const BITS: u32 = 8;

/// Those who wait for words with one hash, first come first served. The room that a bucket has once needed stays.
pub(super) type Bucket = VecDeque<Waiter>;

static BUCKETS: [SpinLock<Bucket>; 1 << BITS] = [const { SpinLock::new(VecDeque::new()) }; 1 << BITS];

#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) key: Key,
    /// `FUTEX_WAIT_BITSET`'s mask.
    pub(super) bits: u32,
    /// What `woken_futex` becomes: which of its words this is, from 1.
    pub(super) number: u32,
    pub(super) task: Arc<Task>,
}

impl Waiter {
    /// Lets it go on; it is in no bucket any more.
    fn wake(self) {
        let Some(data) = KernelData::of(&self.task) else {
            return;
        };
        // Release pairs with the acquire of the one that waits.
        data.woken_futex.store(self.number, Ordering::Release);
        sched::unpark_owned(self.task);
    }
}

/// The bucket of a word, locked.
pub(super) fn lock(key: Key) -> SpinGuard<'static, Bucket> {
    BUCKETS[key.hash(BITS)].lock()
}

/// Locks the buckets of two words, which may be one, and lets `action` have them: the second is `None` if it is the first.
pub(super) fn with_both<R>(
    first: Key,
    second: Key,
    action: impl FnOnce(&mut Bucket, Option<&mut Bucket>) -> R,
) -> R {
    let (one, other) = (first.hash(BITS), second.hash(BITS));
    if one == other {
        return action(&mut BUCKETS[one].lock(), None);
    }
    let mut lower = BUCKETS[one.min(other)].lock();
    let mut higher = BUCKETS[one.max(other)].lock();
    if one < other {
        action(&mut lower, Some(&mut higher))
    } else {
        action(&mut higher, Some(&mut lower))
    }
}

/// Puts a waiter behind the others.
///
/// # Errors
/// `ENOMEM`.
pub(super) fn push(bucket: &mut Bucket, waiter: Waiter) -> Result<(), Errno> {
    bucket.try_reserve(1)?;
    bucket.push_back(waiter);
    Ok(())
}

/// Wakes up to `most` of those who wait for `key` with one of `bits`, and returns how many.
pub(super) fn wake(key: Key, most: u32, bits: u32) -> usize {
    wake_in(&mut lock(key), key, most, bits)
}

/// As [`wake`], in a bucket that is held. A number that is not positive wakes one, as on Linux.
pub(super) fn wake_in(bucket: &mut Bucket, key: Key, most: u32, bits: u32) -> usize {
    let most = positive(most).max(1);
    let mut woken = 0;
    let mut at = 0;
    while woken < most {
        let Some(waiter) = bucket.get(at) else { break };
        if waiter.key != key || waiter.bits & bits == 0 {
            at += 1;
            continue;
        }
        let waiter = if at == 0 {
            bucket.pop_front()
        } else {
            bucket.remove(at)
        };
        waiter.into_iter().for_each(Waiter::wake);
        woken += 1;
    }
    woken
}

/// A count given as an `int`; 0 if it is negative.
pub(super) fn positive(count: u32) -> usize {
    usize::try_from(count.cast_signed()).unwrap_or(0)
}

/// Takes all that `task` waits for out, whatever words it has been moved to. `keys` are where it began to wait.
pub(super) fn forget(task: &Arc<Task>, keys: impl Iterator<Item = Key>) {
    let mut expected = 0;
    let mut found = 0;
    for key in keys {
        expected += 1;
        found += forget_in(&mut lock(key), task);
    }
    if found < expected
        && KernelData::of(task).is_none_or(|data| data.woken_futex.load(Ordering::Acquire) == 0)
    {
        // Requeued meanwhile: rare, so it may look everywhere.
        for bucket in &BUCKETS {
            forget_in(&mut bucket.lock(), task);
        }
    }
}

fn forget_in(bucket: &mut Bucket, task: &Arc<Task>) -> usize {
    let before = bucket.len();
    bucket.retain(|waiter| !Arc::ptr_eq(&waiter.task, task));
    before - bucket.len()
}
