//! `shmget`, `shmat`, `shmdt`, `shmctl`: shared memory of System V.

use super::Call;
use super::call::unsigned;
use super::mapping::unnamed_memory;
use crate::error::Errno;
use crate::ipc::shared_memory::{self as segments, PRIVATE, Segment};
use crate::mm::{self, Backing, Vma, Whereto};
use crate::vfs::{Name, Place, Timestamp, same_inode};
use alloc::format;
use threadbare_machine::memory::PAGE_SIZE;
use threadbare_machine::paging::Access;
use zerocopy::{FromBytes, Immutable, IntoBytes};

const IPC_CREAT: u32 = 0o1000;
const IPC_EXCL: u32 = 0o2000;
const SHM_HUGETLB: u32 = 0o4000;
const SHM_RDONLY: u32 = 0o10000;
const SHM_RND: u32 = 0o20000;
const SHM_REMAP: u32 = 0o40000;
const SHM_EXEC: u32 = 0o100_000;
/// `SHM_DEST` in the mode of one that is removed.
const REMOVED: u32 = 0o1000;

const IPC_RMID: u32 = 0;
const IPC_SET: u32 = 1;
const IPC_STAT: u32 = 2;
const IPC_INFO: u32 = 3;
const SHM_LOCK: u32 = 11;
const SHM_UNLOCK: u32 = 12;
const SHM_STAT: u32 = 13;
const SHM_INFO: u32 = 14;
const SHM_STAT_ANY: u32 = 15;

/// `struct shmid64_ds`
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct Status {
    key: u32,
    owner: [u32; 2],
    creator: [u32; 2],
    mode: u32,
    sequence: u16,
    padding: [u16; 3],
    unused: [u64; 2],
    size: u64,
    times: [i64; 3],
    processes: [u32; 2],
    attached: u64,
    unused_too: [u64; 2],
}

/// `shmget(2)`.
pub(super) fn shmget(call: &mut Call<'_>, [key, size, flags, ..]: [usize; 6]) -> Result<usize, Errno> {
    let (key, flags) = (unsigned(key), unsigned(flags));
    if flags & SHM_HUGETLB != 0 {
        return Err(call.missing("shmget(SHM_HUGETLB)".into(), Errno::ENOMEM));
    }
    loop {
        if let Some(segment) = segments::find_key(key).filter(|_| key != PRIVATE) {
            return open(call, &segment, size, flags).map(|id| id as usize);
        }
        if key != PRIVATE && flags & IPC_CREAT == 0 {
            return Err(Errno::ENOENT);
        }
        if size == 0 {
            return Err(Errno::EINVAL);
        }
        let process = call.process();
        let file = unnamed_memory(call, size)?;
        let made = Segment::new(key, size, flags, file, &process.credentials(), process.pid);
        match segments::add(made) {
            Err(Errno::EEXIST) => {} // somebody was faster
            Err(errno) => return Err(errno),
            Ok(id) => {
                segments::with(id, |segment| segment.times[2] = Timestamp::now().seconds)?;
                return Ok(id as usize);
            }
        }
    }
}

fn open(call: &Call<'_>, segment: &Segment, size: usize, flags: u32) -> Result<u32, Errno> {
    if flags & (IPC_CREAT | IPC_EXCL) == IPC_CREAT | IPC_EXCL {
        return Err(Errno::EEXIST);
    }
    segment.check(&call.process().credentials(), flags >> 6 | flags >> 3 | flags)?;
    if size > segment.size {
        return Err(Errno::EINVAL);
    }
    Ok(segment.id)
}

/// `shmat(2)`.
pub(super) fn shmat(call: &mut Call<'_>, [id, address, flags, ..]: [usize; 6]) -> Result<usize, Errno> {
    let flag = |bit: u32| unsigned(flags) & bit != 0;
    let offset = address % PAGE_SIZE;
    if (offset != 0 && !flag(SHM_RND)) || (address == 0 && flag(SHM_REMAP)) {
        return Err(Errno::EINVAL);
    }
    let whereto = match address - offset {
        0 if address == 0 => Whereto::Hint(0),
        at if flag(SHM_REMAP) => Whereto::Fixed(at),
        at => Whereto::FixedIfFree(at),
    };
    let segment = segments::find(unsigned(id))?;
    let access = Access {
        read: true,
        write: !flag(SHM_RDONLY),
        execute: flag(SHM_EXEC),
    };
    let wanted = 4 | u32::from(access.write) << 1 | u32::from(access.execute);
    segment.check(&call.process().credentials(), wanted)?;
    let inode = segment.file().ok_or(Errno::EINVAL)?;
    let label = format!("/SYSV{:08x} (deleted)", segment.key);
    let place = Place::anonymous(inode.clone(), Name::Shared(label.into_bytes().into()));
    let vma = Vma {
        shared: true,
        most: access,
        backing: Backing::File {
            inode,
            place,
            page: 0,
        },
        ..Vma::anonymous(access)
    };
    let memory = call.process().memory();
    let mapped = memory.lock().map(whereto, segment.size, vma, true);
    let at = mapped.map_err(|errno| {
        if errno == Errno::EEXIST {
            Errno::EINVAL
        } else {
            errno
        }
    })?;
    note(call, segment.id, 0);
    Ok(at)
}

/// Notes who has attached (0) or detached (1), and when.
fn note(call: &Call<'_>, id: u32, which: usize) {
    let _ = segments::with(id, |segment| {
        segment.processes[1] = call.process().pid;
        if let Some(time) = segment.times.get_mut(which) {
            *time = Timestamp::now().seconds;
        }
    });
}

/// `shmdt(2)`.
pub(super) fn shmdt(call: &mut Call<'_>, [address, ..]: [usize; 6]) -> Result<usize, Errno> {
    let file = {
        let memory = call.process().memory();
        let memory = memory.lock();
        let (range, vma) = memory.vma_at(address).ok_or(Errno::EINVAL)?;
        match &vma.backing {
            Backing::File { inode, page: 0, .. } if range.start == address && vma.shared => inode.clone(),
            _ => return Err(Errno::EINVAL),
        }
    };
    let is_this = |segment: &Segment| segment.file().is_some_and(|other| same_inode(&other, &file));
    let segment = segments::find_that(is_this).ok_or(Errno::EINVAL)?;
    call.process().memory().lock().detach(address, &file);
    note(call, segment.id, 1);
    Ok(0)
}

/// `shmctl(2)`.
pub(super) fn shmctl(call: &mut Call<'_>, [id, command, to, ..]: [usize; 6]) -> Result<usize, Errno> {
    let (id, who) = (unsigned(id), call.process().credentials());
    // `IPC_64` says which structure; there is only one on this machine.
    match unsigned(command) & !0o400 {
        IPC_STAT => {
            let segment = segments::find(id)?;
            segment.check(&who, 4)?;
            call.write(to, &status(&segment))?;
        }
        IPC_SET => {
            let new: Status = call.read(to)?;
            segments::find(id)?.check_owner(&who)?;
            segments::with(id, |segment| {
                segment.owner = new.owner.into();
                segment.mode = new.mode & 0o777;
                segment.times[2] = Timestamp::now().seconds;
            })?;
        }
        IPC_RMID => {
            segments::find(id)?.check_owner(&who)?;
            segments::remove(id)?;
        }
        IPC_INFO => {
            // shmmax, shmmin, shmmni, shmseg, shmall: as Linux has them.
            let most = u64::MAX - (1 << 24);
            let limits = [
                most,
                1,
                segments::MOST as u64,
                segments::MOST as u64,
                most,
                0,
                0,
                0,
                0,
            ];
            call.write(to, &limits)?;
            return Ok(segments::at(0).1);
        }
        SHM_INFO => {
            // used_ids, shm_tot, shm_rss, shm_swp and two that are always zero.
            let last = segments::at(0).1;
            let all = (0..=last).filter_map(|place| segments::at(place).0);
            let (count, pages) = all.fold((0, 0), |(count, pages), segment| {
                (count + 1, pages + segment.size.div_ceil(PAGE_SIZE) as u64)
            });
            call.write(to, &[count, pages, pages, 0, 0, 0])?;
            return Ok(last);
        }
        SHM_STAT | SHM_STAT_ANY => {
            let segment = segments::at(id as usize).0.ok_or(Errno::EINVAL)?;
            if unsigned(command) & !0o400 == SHM_STAT {
                segment.check(&who, 4)?;
            }
            call.write(to, &status(&segment))?;
            return Ok(segment.id as usize);
        }
        // Nothing is ever paged out.
        SHM_LOCK | SHM_UNLOCK => segments::find(id)?.check_owner(&who)?,
        other => return Err(call.missing(format!("shmctl({other})"), Errno::EINVAL)),
    }
    Ok(0)
}

fn status(segment: &Segment) -> Status {
    let attached = segment.file().map_or(0, |file| mm::count_mappings(&file));
    let removed = if segment.is_removed() { REMOVED } else { 0 };
    Status {
        key: segment.key,
        owner: segment.owner.into(),
        creator: segment.creator.into(),
        mode: segment.mode | removed,
        sequence: 0,
        padding: [0; 3],
        unused: [0; 2],
        size: segment.size as u64,
        times: segment.times,
        processes: segment.processes,
        attached: attached as u64,
        unused_too: [0; 2],
    }
}
