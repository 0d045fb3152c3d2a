//! What the end of a thread does to futexes: robust mutexes are handed on, and who joins it is woken
//! (`set_robust_list(2)`, `set_tid_address(2)`).
//!
//! The list is the program's own and may be anything: it is followed for a bounded number of steps, and a bad address ends
//! the walk.

use super::buckets::wake;
use super::key::Key;
use crate::error::Errno;
use crate::mm::CurrentMemory;
use crate::process::Thread;
use crate::syscall::Call;
use crate::syscall::memory::UserMemory;
use core::sync::atomic::Ordering;
use linux_raw_sys::general as linux;

/// The size of `struct robust_list_head`: the first entry, the offset from entries to words, the entry being changed.
const HEAD_BYTES: usize = 24;

/// `set_robust_list(2)`.
pub(in crate::syscall) fn set_robust_list(
    call: &mut Call<'_>,
    [head, length, ..]: [usize; 6],
) -> Result<usize, Errno> {
    if length != HEAD_BYTES {
        return Err(Errno::EINVAL);
    }
    call.thread.robust_list.store(head, Ordering::Relaxed);
    Ok(0)
}

/// `get_robust_list(2)`, of threads of the same process.
pub(in crate::syscall) fn get_robust_list(
    call: &mut Call<'_>,
    [tid, head, length, ..]: [usize; 6],
) -> Result<usize, Errno> {
    let found = if tid == 0 {
        call.thread.robust_list.load(Ordering::Relaxed)
    } else {
        let thread = call
            .process()
            .threads()
            .find(|thread| thread.tid() as usize == tid);
        thread.ok_or(Errno::ESRCH)?.robust_list.load(Ordering::Relaxed)
    };
    call.write(length, &HEAD_BYTES)?;
    call.write(head, &found)?;
    Ok(0)
}

/// At the end of a thread, and before `execve(2)` takes its memory away: the robust mutexes that it holds.
pub(crate) fn hand_mutexes_on(thread: &Thread) {
    let head = thread.robust_list.swap(0, Ordering::Relaxed);
    if head != 0 {
        // A list that cannot be read is the program's own affair.
        let _ = hand_on_all(&CurrentMemory::new(&thread.process), head, thread.tid());
    }
}

/// At the end of a thread, and before `execve(2)` takes its memory away: those who wait for that.
pub(crate) fn announce_end(thread: &Thread) {
    let memory = CurrentMemory::new(&thread.process);
    let address = thread.clear_child_tid.swap(0, Ordering::Relaxed);
    if address != 0 && memory.write_bytes(address, &[0; 4]).is_ok() {
        wake_at(&memory, address);
    }
}

fn wake_at(memory: &CurrentMemory<'_>, address: usize) {
    if let Ok(key) = Key::in_memory(memory, address, false) {
        wake(key, 1, u32::MAX);
    }
}

/// An entry of the list: its address, and whether its word is a mutex with priority inheritance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    address: usize,
    inherits_priority: bool,
}

impl Entry {
    fn at(memory: &CurrentMemory<'_>, pointer: usize) -> Result<Entry, Errno> {
        let raw = read(memory, pointer)?;
        Ok(Entry {
            address: raw & !1,
            inherits_priority: raw & 1 != 0,
        })
    }
}

/// Hands on all robust mutexes that thread `tid` holds.
fn hand_on_all(memory: &CurrentMemory<'_>, head: usize, tid: u32) -> Result<(), Errno> {
    /// As on Linux: longer lists are taken for loops.
    const LONGEST: usize = 2048;
    let mut entry = Entry::at(memory, head)?;
    let offset = read(memory, head.wrapping_add(8))?;
    let pending = Entry::at(memory, head.wrapping_add(16))?;
    for _ in 0..LONGEST {
        if entry.address == head {
            break;
        }
        let next = Entry::at(memory, entry.address);
        if entry.address != pending.address {
            hand_on(memory, entry, offset, tid, false)?;
        }
        entry = next?;
    }
    if pending.address != 0 {
        hand_on(memory, pending, offset, tid, true)?;
    }
    Ok(())
}

/// Marks a mutex that thread `tid` holds as left by a dead owner, and wakes one that waits for it. One that is `pending` may
/// have been given back already, but its waiter not woken.
fn hand_on(
    memory: &CurrentMemory<'_>,
    entry: Entry,
    offset: usize,
    tid: u32,
    pending: bool,
) -> Result<(), Errno> {
    let word = entry.address.wrapping_add(offset);
    if !word.is_multiple_of(4) {
        return Err(Errno::EINVAL);
    }
    let mut value = memory.load_word(word)?;
    if pending && !entry.inherits_priority && value == 0 {
        wake_at(memory, word);
        return Ok(());
    }
    while value & linux::FUTEX_TID_MASK == tid {
        let left = value & linux::FUTEX_WAITERS | linux::FUTEX_OWNER_DIED;
        let found = memory.compare_exchange_word(word, value, left)?;
        if found == value {
            if !entry.inherits_priority && value & linux::FUTEX_WAITERS != 0 {
                wake_at(memory, word);
            }
            break;
        }
        value = found;
    }
    Ok(())
}

fn read(memory: &CurrentMemory<'_>, from: usize) -> Result<usize, Errno> {
    let mut bytes = [0; 8];
    memory.read_bytes(from, &mut bytes)?;
    Ok(usize::from_le_bytes(bytes))
}
