//! `select(2)`, `pselect6(2)`.

use super::Call;
use super::memory::UserMemory;
use super::poll::{AT_ONCE, deadline, time_left, timespec_deadline, with_mask, write_time_left};
use crate::error::Errno;
use crate::ipc::{self, Interest};
use crate::vfs::Readiness;
use alloc::vec::Vec;
use linux_raw_sys::general as linux;
use threadbare_machine::time::Nanoseconds;
use zerocopy::IntoBytes;

/// How many sets there are: for reading, writing, and exceptions.
const SETS: usize = 3;

/// What each set asks for, and what puts a descriptor into it (`select(2)`, "Correspondence").
const ASKS: [Readiness; SETS] = [
    Readiness::from_bits(
        linux::POLLRDNORM | linux::POLLRDBAND | linux::POLLIN | linux::POLLHUP | linux::POLLERR,
    ),
    Readiness::from_bits(linux::POLLWRNORM | linux::POLLWRBAND | linux::POLLOUT | linux::POLLERR),
    Readiness::from_bits(linux::POLLPRI),
];

/// `select(2)`. The time that is left is written back.
pub(super) fn select(
    call: &mut Call<'_>,
    [count, read, write, except, timeout, _]: [usize; 6],
) -> Result<usize, Errno> {
    let until = if timeout == 0 {
        None
    } else {
        let [seconds, microseconds] = call.read::<[i64; 2]>(timeout)?;
        let seconds = u64::try_from(seconds).map_err(|_| Errno::EINVAL)?;
        let microseconds = u64::try_from(microseconds).map_err(|_| Errno::EINVAL)?;
        let nanoseconds = seconds
            .saturating_mul(1_000_000_000)
            .saturating_add(microseconds.saturating_mul(1000));
        Some(deadline(nanoseconds))
    };
    let result = select_until(call, count, [read, write, except], until);
    if let Some(until) = until {
        let left = time_left(until);
        let _ = call.write(timeout, &[left / 1_000_000_000, left % 1_000_000_000 / 1000]);
    }
    result
}

/// `pselect6(2)`. The time that is left is written back.
pub(super) fn pselect6(
    call: &mut Call<'_>,
    [count, read, write, except, timeout, mask]: [usize; 6],
) -> Result<usize, Errno> {
    let until = timespec_deadline(call, timeout)?;
    let [mask, size] = if mask == 0 { [0, 0] } else { call.read(mask)? };
    let result = with_mask(call, mask, size, || {
        select_until(call, count, [read, write, except], until)
    });
    write_time_left(call, timeout, until);
    result
}

/// The words of so many that fit the kernel stack.
const FEW: usize = 4;

/// The three sets as asked, and as told.
struct Sets<'a> {
    /// How many words each set has.
    length: usize,
    asked: &'a mut [u64],
    told: &'a mut [u64],
}

fn select_until(
    call: &Call<'_>,
    count: usize,
    addresses: [usize; SETS],
    until: Option<Nanoseconds>,
) -> Result<usize, Errno> {
    if i32::try_from(count).is_err() {
        return Err(Errno::EINVAL);
    }
    // Beyond the limit nothing can be open, but for what was when the limit was higher.
    let most = call.process().limits.lock().open_files().max(1024) as usize;
    let count = count.min(most);
    let length = count.div_ceil(64);
    let mut few = [0; FEW * SETS * 2];
    let mut many = Vec::new();
    let words = if let Some(words) = few.get_mut(..length * SETS * 2) {
        words
    } else {
        many.try_reserve_exact(length * SETS * 2)?;
        many.resize(length * SETS * 2, 0);
        &mut many[..]
    };
    let (asked, told) = words.split_at_mut(length * SETS);
    let mut sets = Sets { length, asked, told };
    for (set, &address) in addresses.iter().enumerate() {
        if address != 0 {
            call.memory()
                .read_bytes(address, sets.asked_of(set).as_mut_bytes())?;
        }
    }
    let total = match look(call, count, &mut sets)? {
        0 if until == Some(AT_ONCE) && call.thread.is_interrupted() => return Err(Errno::ERESTARTNOHAND),
        0 if until != Some(AT_ONCE) => wait(call, count, &mut sets, until)?,
        total => total,
    };
    for (set, &address) in addresses.iter().enumerate() {
        if address != 0 {
            call.memory().write_bytes(address, sets.told_of(set).as_bytes())?;
        }
    }
    Ok(total)
}

impl Sets<'_> {
    fn asked_of(&mut self, set: usize) -> &mut [u64] {
        let start = set * self.length;
        self.asked.get_mut(start..start + self.length).unwrap_or_default()
    }

    fn told_of(&self, set: usize) -> &[u64] {
        let start = set * self.length;
        self.told.get(start..start + self.length).unwrap_or_default()
    }

    /// The word of a set in which descriptor `fd` stands.
    fn word(&self, set: usize, fd: usize) -> usize {
        set * self.length + fd / 64
    }

    /// What is asked of `fd`, over all sets.
    fn asks(&self, fd: usize) -> Readiness {
        (0..SETS)
            .filter(|&set| self.has(set, fd))
            .filter_map(|set| ASKS.get(set).copied())
            .fold(Readiness::NONE, Readiness::or)
    }

    fn has(&self, set: usize, fd: usize) -> bool {
        self.asked
            .get(self.word(set, fd))
            .is_some_and(|word| word >> (fd % 64) & 1 != 0)
    }

    /// The descriptors from `from` on that stand in any set.
    fn next(&self, from: usize, count: usize) -> Option<usize> {
        let mut fd = from;
        while fd < count {
            let any = (0..SETS).fold(0, |any, set| {
                any | self.asked.get(self.word(set, fd)).copied().unwrap_or(0)
            });
            match any >> (fd % 64) {
                0 => fd = (fd / 64 + 1) * 64,
                rest => {
                    let next = fd + rest.trailing_zeros() as usize;
                    return (next < count).then_some(next);
                }
            }
        }
        None
    }

    /// Puts `fd` into the sets that asked for what is `ready`, and returns how many those are.
    fn tell(&mut self, fd: usize, ready: Readiness) -> usize {
        let mut sets = 0;
        for (set, asks) in ASKS.iter().enumerate() {
            if ready.intersects(*asks) && self.has(set, fd) {
                let word = self.word(set, fd);
                if let Some(word) = self.told.get_mut(word) {
                    *word |= 1 << (fd % 64);
                    sets += 1;
                }
            }
        }
        sets
    }
}

/// Tells what is ready now, and returns how often.
fn look(call: &Call<'_>, count: usize, sets: &mut Sets<'_>) -> Result<usize, Errno> {
    let mut total = 0;
    let mut from = 0;
    while let Some(fd) = sets.next(from, count) {
        let file = call.file(fd)?;
        let ready = file.operations().poll(&file);
        total += sets.tell(fd, ready);
        from = fd + 1;
    }
    Ok(total)
}

/// Waits until a descriptor is ready.
fn wait(
    call: &Call<'_>,
    count: usize,
    sets: &mut Sets<'_>,
    until: Option<Nanoseconds>,
) -> Result<usize, Errno> {
    let (mut interests, mut numbers) = (Vec::new(), Vec::new());
    let mut from = 0;
    while let Some(fd) = sets.next(from, count) {
        interests.try_reserve(1)?;
        numbers.try_reserve(1)?;
        numbers.push(fd);
        interests.push(Interest {
            file: call.file(fd)?,
            asked: sets.asks(fd),
            ready: Readiness::NONE,
        });
        from = fd + 1;
    }
    let interrupted = || call.thread.is_interrupted();
    ipc::wait_for_any(&mut interests, until, interrupted)?.ok_or(Errno::ERESTARTNOHAND)?;
    Ok(numbers
        .iter()
        .zip(&interests)
        .map(|(&fd, interest)| sets.tell(fd, interest.ready))
        .sum())
}
