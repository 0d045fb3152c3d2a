//! Advisory locks: on ranges of a file (`fcntl(2)`) and on whole files (`flock(2)`).
//!
//! The three sorts of owner are a process (`F_SETLK`), an open file (`F_OFD_SETLK`), and an open file with `flock`, whose
//! locks and those of the other two do not see each other. One table holds all locks of the system; it is empty most of
//! the time, and closing a file looks at a counter only.
//!
//! Invariants:
//! 1. Two locks that overlap have the same owner or are both shared; those of one owner do not overlap.
//! 2. A process's locks on a file go when it closes any descriptor of it; an open file's when the last one is closed.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;
use core::sync::atomic::{AtomicUsize, Ordering};

use linux_raw_sys::general::{
    F_GETLK, F_RDLCK, F_SETLKW, F_UNLCK, F_WRLCK, LOCK_EX, LOCK_NB, LOCK_SH, LOCK_UN, SEEK_CUR, SEEK_END,
    SEEK_SET,
};
use threadbare_machine::sync::SpinLock;

use super::Caller;
use crate::error::Errno;
use crate::syscall::abi::Flock;
use crate::vfs::{File, Inode, same_inode};

/// Who holds a lock. Open files are known by their address, which stays theirs while they are open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    Process(u32),
    OpenFile(usize),
    Flock(usize),
    /// Who only asks, and is in nobody's company.
    Nobody,
}

struct Lock {
    /// Keeps the file, and so its address, from being used for another one.
    inode: Arc<dyn Inode>,
    owner: Owner,
    process: u32,
    range: Range<u64>,
    exclusive: bool,
}

static LOCKS: SpinLock<Vec<Lock>> = SpinLock::new(Vec::new());

/// How many locks there are; read without the lock to see whether there are any.
static COUNT: AtomicUsize = AtomicUsize::new(0);

impl Lock {
    fn is_on(&self, inode: &Arc<dyn Inode>) -> bool {
        same_inode(&self.inode, inode)
    }

    fn conflicts(&self, other: &Lock) -> bool {
        let same_sort = matches!(self.owner, Owner::Flock(_)) == matches!(other.owner, Owner::Flock(_));
        let overlaps = self.range.start < other.range.end && other.range.start < self.range.end;
        same_sort && overlaps && self.owner != other.owner && (self.exclusive || other.exclusive)
    }
}

/// `F_GETLK`, `F_SETLK` and `F_SETLKW` of `fcntl(2)`, and their like for open files.
pub(super) fn record(
    caller: &Caller<'_>,
    file: &Arc<File>,
    command: u32,
    address: usize,
    of_file: bool,
) -> Result<usize, Errno> {
    let request: Flock = caller.memory.read(address)?;
    if of_file && request.pid != 0 {
        return Err(Errno::EINVAL);
    }
    let kind = u32::from(request.kind);
    // `F_OFD_GETLK` with `F_UNLCK` asks for any lock at all.
    let asks_for_any = of_file && command == F_GETLK && kind == F_UNLCK;
    let owner = match of_file {
        _ if asks_for_any => Owner::Nobody,
        true => Owner::OpenFile(key(file)),
        false => Owner::Process(caller.process),
    };
    if command == F_GETLK && !of_file && !matches!(kind, F_RDLCK | F_WRLCK) {
        return Err(Errno::EINVAL);
    }
    let range = range_of(file, &request)?;
    let exclusive = match kind {
        F_RDLCK => false,
        F_WRLCK => true,
        F_UNLCK if asks_for_any => true,
        F_UNLCK => {
            release(file.inode(), owner, &range);
            return Ok(0);
        }
        _ => return Err(Errno::EINVAL),
    };
    let lock = Lock {
        inode: file.inode().clone(),
        owner,
        process: caller.process,
        range,
        exclusive,
    };
    if command == F_GETLK {
        return report(caller, request, &lock, address);
    }
    if exclusive {
        file.check_writable()?
    } else {
        file.check_readable()?
    }
    acquire(caller, &lock, command == F_SETLKW)
}

/// `flock(2)`
pub(super) fn flock(caller: &Caller<'_>, fd: i32, operation: u32) -> Result<usize, Errno> {
    let exclusive = match operation & !LOCK_NB {
        LOCK_SH => Some(false),
        LOCK_EX => Some(true),
        LOCK_UN => None,
        _ => return Err(Errno::EINVAL),
    };
    let file = caller.data_file(fd)?;
    let (owner, range) = (Owner::Flock(key(&file)), 0..u64::MAX);
    let Some(exclusive) = exclusive else {
        release(file.inode(), owner, &range);
        return Ok(0);
    };
    let lock = Lock {
        inode: file.inode().clone(),
        owner,
        process: caller.process,
        range,
        exclusive,
    };
    acquire(caller, &lock, operation & LOCK_NB == 0)
}

/// A descriptor of the process has been closed. `file` is its last handle outside of other descriptors.
pub(super) fn file_closed(process: u32, file: &Arc<File>) {
    if COUNT.load(Ordering::Relaxed) == 0 {
        return;
    }
    release(file.inode(), Owner::Process(process), &(0..u64::MAX));
    if Arc::strong_count(file) == 1 {
        release(file.inode(), Owner::OpenFile(key(file)), &(0..u64::MAX));
        release(file.inode(), Owner::Flock(key(file)), &(0..u64::MAX));
    }
}

/// A process has ended: its locks on ranges go.
pub fn release_process(process: u32) {
    let mut removed = Vec::new();
    let mut locks = LOCKS.lock();
    let mut at = 0;
    while let Some(lock) = locks.get(at) {
        if lock.owner == Owner::Process(process) {
            removed.push(locks.swap_remove(at));
        } else {
            at += 1;
        }
    }
    COUNT.store(locks.len(), Ordering::Relaxed);
    drop(locks);
    drop(removed);
}

fn key(file: &Arc<File>) -> usize {
    Arc::as_ptr(file).addr()
}

/// The bytes that a `struct flock` means; the length 0 means all that follow.
fn range_of(file: &File, request: &Flock) -> Result<Range<u64>, Errno> {
    let base = match u32::from(request.whence) {
        SEEK_SET => 0,
        SEEK_CUR => file.offset(),
        SEEK_END => file.inode().metadata().size,
        _ => return Err(Errno::EINVAL),
    };
    let base = i64::try_from(base).map_err(|_| Errno::EOVERFLOW)?;
    let start = base.checked_add(request.start).ok_or(Errno::EOVERFLOW)?;
    let start = u64::try_from(start).map_err(|_| Errno::EINVAL)?;
    let length = request.length.unsigned_abs();
    match request.length {
        0 => Ok(start..u64::MAX),
        // The last byte, not the one after it, has to have an offset.
        1.. if length - 1 > i64::MAX.unsigned_abs() - start => Err(Errno::EOVERFLOW),
        1.. => Ok(start..start + length),
        _ => Ok(start.checked_sub(length).ok_or(Errno::EINVAL)?..start),
    }
}

/// Tells a program which lock stands in the way of the one that it asks about.
fn report(caller: &Caller<'_>, request: Flock, wanted: &Lock, address: usize) -> Result<usize, Errno> {
    let mut answer = Flock {
        kind: u16::try_from(F_UNLCK).unwrap_or_default(),
        ..request
    };
    {
        let locks = LOCKS.lock();
        let other = locks
            .iter()
            .find(|lock| lock.is_on(&wanted.inode) && lock.conflicts(wanted));
        if let Some(lock) = other {
            let kind = if lock.exclusive { F_WRLCK } else { F_RDLCK };
            let length = if lock.range.end == u64::MAX {
                0
            } else {
                lock.range.end - lock.range.start
            };
            answer.kind = u16::try_from(kind).unwrap_or_default();
            answer.whence = 0;
            answer.start = i64::try_from(lock.range.start).unwrap_or(i64::MAX);
            answer.length = i64::try_from(length).unwrap_or(i64::MAX);
            answer.pid = if matches!(lock.owner, Owner::Process(_)) {
                lock.process
            } else {
                u32::MAX
            };
        }
    }
    caller.memory.write(address, &answer)?;
    Ok(0)
}

fn acquire(caller: &Caller<'_>, lock: &Lock, waits: bool) -> Result<usize, Errno> {
    while !try_acquire(lock)? {
        if !waits {
            return Err(Errno::EAGAIN);
        }
        (caller.wait_for_locks)()?;
    }
    Ok(0)
}

/// Takes a lock, in place of what its owner had in the range, if nobody else's is in the way.
fn try_acquire(wanted: &Lock) -> Result<bool, Errno> {
    {
        let mut locks = LOCKS.lock();
        if locks
            .iter()
            .any(|lock| lock.is_on(&wanted.inode) && lock.conflicts(wanted))
        {
            return Ok(false);
        }
        // One for the lock, one for what a hole in another one leaves on its far side.
        locks.try_reserve(2).map_err(|_| Errno::ENOLCK)?;
    }
    let mut removed = Vec::new();
    let mut locks = LOCKS.lock();
    if locks
        .iter()
        .any(|lock| lock.is_on(&wanted.inode) && lock.conflicts(wanted))
    {
        return Ok(false);
    }
    cut(
        &mut locks,
        &wanted.inode,
        wanted.owner,
        &wanted.range,
        &mut removed,
    );
    locks.push(Lock {
        inode: wanted.inode.clone(),
        range: wanted.range.clone(),
        ..*wanted
    });
    COUNT.store(locks.len(), Ordering::Relaxed);
    drop(locks);
    drop(removed);
    Ok(true)
}

fn release(inode: &Arc<dyn Inode>, owner: Owner, range: &Range<u64>) {
    let mut removed = Vec::new();
    let mut locks = LOCKS.lock();
    cut(&mut locks, inode, owner, range, &mut removed);
    COUNT.store(locks.len(), Ordering::Relaxed);
    drop(locks);
    drop(removed);
}

/// Takes a range out of the locks of an owner. What was removed is dropped once the table is free again.
fn cut(
    locks: &mut Vec<Lock>,
    inode: &Arc<dyn Inode>,
    owner: Owner,
    range: &Range<u64>,
    removed: &mut Vec<Lock>,
) {
    let mut at = 0;
    while let Some(lock) = locks.get_mut(at) {
        let overlaps = lock.range.start < range.end && range.start < lock.range.end;
        if lock.owner != owner || !overlaps || !lock.is_on(inode) {
            at += 1;
            continue;
        }
        let (before, after) = (lock.range.start..range.start, range.end..lock.range.end);
        match (before.is_empty(), after.is_empty()) {
            (true, true) => {
                removed.push(locks.swap_remove(at));
                continue;
            }
            (false, true) => lock.range = before,
            (true, false) => lock.range = after,
            (false, false) => {
                let rest = Lock {
                    inode: lock.inode.clone(),
                    range: after,
                    ..*lock
                };
                lock.range = before;
                locks.push(rest);
            }
        }
        at += 1;
    }
}
