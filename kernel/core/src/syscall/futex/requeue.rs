//! `FUTEX_REQUEUE` and `FUTEX_CMP_REQUEUE`.

use super::buckets::{Bucket, positive, wake_in, with_both};
use super::key::Key;
use crate::error::Errno;
use crate::mm::Touch;
use crate::syscall::Call;
use threadbare_machine::user;

/// Wakes up to `wake` of those who wait for `from`, lets up to `move_` others wait for `to` instead, and returns how many
/// that are together. With `expected`, only if the word at that address has that value.
///
/// # Errors
/// `EAGAIN` if it has not; `EINVAL` for negative counts; `EFAULT`, `ENOMEM`.
pub(super) fn requeue(
    call: &Call<'_>,
    from: Key,
    to: Key,
    wake: u32,
    moved: u32,
    expected: Option<(usize, u32)>,
) -> Result<usize, Errno> {
    if wake.cast_signed() < 0 || moved.cast_signed() < 0 {
        return Err(Errno::EINVAL);
    }
    loop {
        let done = with_both(from, to, |source, target| {
            match expected.map(|(address, value)| (user::load_word(address), value)) {
                Some((Err(_), _)) => return None,
                Some((Ok(word), value)) if word != value => return Some(Err(Errno::EAGAIN)),
                _ => {}
            }
            let woken = if wake == 0 {
                0
            } else {
                wake_in(source, from, wake, u32::MAX)
            };
            Some(transfer(source, target, from, to, positive(moved)).map(|moved| woken + moved))
        });
        match (done, expected) {
            (Some(result), _) => return result,
            (None, Some((address, _))) => call.memory().bring_in(address, Touch::Read)?,
            (None, None) => return Ok(0),
        }
    }
}

/// Moves up to `most` waiters; without `target` both words have one bucket.
fn transfer(
    source: &mut Bucket,
    target: Option<&mut Bucket>,
    from: Key,
    to: Key,
    most: usize,
) -> Result<usize, Errno> {
    let Some(target) = target else {
        let same = source.iter_mut().filter(|waiter| waiter.key == from).take(most);
        return Ok(same.map(|waiter| waiter.key = to).count());
    };
    let coming = source
        .iter()
        .filter(|waiter| waiter.key == from)
        .take(most)
        .count();
    target.try_reserve(coming)?;
    let mut moved = 0;
    let mut at = 0;
    while moved < coming {
        if source.get(at).is_none_or(|waiter| waiter.key != from) {
            at += 1;
            continue;
        }
        if let Some(mut waiter) = source.remove(at) {
            waiter.key = to;
            target.push_back(waiter);
        }
        moved += 1;
    }
    Ok(moved)
}
