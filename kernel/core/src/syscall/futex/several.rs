//! `futex_waitv(2)`: waiting for any of several words.

use super::key::Key;
use super::wait::{absolute, begin, enter, give_up, sleep};
use crate::error::Errno;
use crate::syscall::Call;
use alloc::vec::Vec;
use linux_raw_sys::general as linux;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// `struct futex_waitv`.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct Word {
    value: u64,
    address: u64,
    flags: u32,
    reserved: u32,
}

/// The most words that one call may wait for.
const MOST: usize = 128;
/// The size that a word must have.
const FUTEX_32: u32 = 2;

/// `futex_waitv(2)`: the answer is the index of the word that has woken the caller.
pub(in crate::syscall) fn futex_waitv(
    call: &mut Call<'_>,
    [words, count, flags, timeout, clock, _]: [usize; 6],
) -> Result<usize, Errno> {
    if flags != 0 || count == 0 || count > MOST || words == 0 {
        return Err(Errno::EINVAL);
    }
    let realtime = match u32::try_from(clock) {
        _ if timeout == 0 => false,
        Ok(linux::CLOCK_MONOTONIC) => false,
        Ok(linux::CLOCK_REALTIME) => true,
        _ => return Err(Errno::EINVAL),
    };
    let deadline = absolute(call, timeout, realtime)?;
    let words = read(call, words, count)?;
    let keys = || words.iter().map(|&(_, key)| key);
    begin();
    for (number, &(word, key)) in (1..).zip(&words) {
        if let Err(error) = enter_one(call, word, key, number) {
            return give_up(keys()).map_or(Err(error), |number| Ok(number - 1));
        }
    }
    let result = sleep(call, deadline);
    give_up(keys()).map_or(result, Ok).map(|number| number - 1)
}

fn read(call: &Call<'_>, from: usize, count: usize) -> Result<Vec<(Word, Key)>, Errno> {
    let mut words = Vec::new();
    words.try_reserve_exact(count)?;
    for at in 0..count {
        let word = call.read::<Word>(from.wrapping_add(at * size_of::<Word>()))?;
        let known = word.flags & !linux::FUTEX_PRIVATE_FLAG == FUTEX_32;
        if !known || word.reserved != 0 {
            return Err(Errno::EINVAL);
        }
        let private = word.flags & linux::FUTEX_PRIVATE_FLAG != 0;
        let address = usize::try_from(word.address).map_err(|_| Errno::EFAULT)?;
        words.push((word, Key::of(call, address, private)?));
    }
    Ok(words)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "Linux too compares the lower half"
)]
fn enter_one(call: &Call<'_>, word: Word, key: Key, number: u32) -> Result<(), Errno> {
    let address = usize::try_from(word.address).map_err(|_| Errno::EFAULT)?;
    enter(call, address, word.value as u32, key, u32::MAX, number)
}
