//! `mmap`, `munmap`, `mprotect`, `mremap`, `brk`, `madvise`, `msync`, `mincore`, `mlock` and relatives.

use super::Call;
use super::memory::UserMemory;
use crate::error::Errno;
use crate::mm::{Backing, Huge, OnFork, Touch, Vma, Whereto, is_more_than_the_machine};
use crate::vfs::{DeviceNumber, FileType, Inode, Name, Place};
use alloc::format;
use alloc::sync::Arc;
use linux_raw_sys::general as linux;
use threadbare_machine::memory::PAGE_SIZE;
use threadbare_machine::paging::{Access, USER_END};

/// Flags that change nothing here: there is no swap, and memory is not set aside.
const HARMLESS: usize = (linux::MAP_DENYWRITE
    | linux::MAP_EXECUTABLE
    | linux::MAP_NORESERVE
    | linux::MAP_POPULATE
    | linux::MAP_NONBLOCK
    | linux::MAP_STACK
    | linux::MAP_LOCKED) as usize;

/// `/dev/zero`.
const ZERO_DEVICE: DeviceNumber = DeviceNumber { major: 1, minor: 5 };

/// `mmap(2)`.
pub(super) fn mmap(
    call: &mut Call<'_>,
    [address, length, protection, flags, fd, offset]: [usize; 6],
) -> Result<usize, Errno> {
    let access = access(protection)?;
    let flag = |bit: u32| flags & bit as usize != 0;
    if !offset.is_multiple_of(PAGE_SIZE) || length == 0 {
        return Err(Errno::EINVAL);
    }
    let shared = match (flags & linux::MAP_TYPE as usize) as u32 {
        linux::MAP_PRIVATE => false,
        linux::MAP_SHARED | linux::MAP_SHARED_VALIDATE => true,
        _ => return Err(Errno::EINVAL),
    };
    if flag(linux::MAP_HUGETLB) {
        return Err(call.missing("mmap(MAP_HUGETLB)".into(), Errno::ENOMEM));
    }
    let grows_down = flag(linux::MAP_GROWSDOWN);
    if grows_down && (shared || !flag(linux::MAP_ANONYMOUS)) {
        return Err(Errno::EINVAL);
    }
    let known = HARMLESS
        | (linux::MAP_TYPE
            | linux::MAP_FIXED
            | linux::MAP_FIXED_NOREPLACE
            | linux::MAP_ANONYMOUS
            | linux::MAP_GROWSDOWN
            | linux::MAP_32BIT) as usize;
    if flags & linux::MAP_TYPE as usize == linux::MAP_SHARED_VALIDATE as usize && flags & !known != 0 {
        return Err(Errno::EOPNOTSUPP);
    }
    let vma = if flag(linux::MAP_ANONYMOUS) && shared {
        shared_memory(call, length, access)?
    } else if flag(linux::MAP_ANONYMOUS) {
        Vma {
            grows_down,
            ..Vma::anonymous(access)
        }
    } else {
        file_mapping(call, fd, [offset, length], access, shared)?
    };
    let whereto = if flag(linux::MAP_FIXED_NOREPLACE) {
        Whereto::FixedIfFree(address)
    } else if flag(linux::MAP_FIXED) {
        Whereto::Fixed(address)
    } else {
        Whereto::Hint(address)
    };
    let memory = call.process().memory();
    let mut memory = memory.lock();
    let vma = sealed(vma)?;
    memory.map(whereto, length, vma, !flag(linux::MAP_NORESERVE))
}

/// Memory that is shared with those to whom `fork(2)` gives it: a file of the root file system that has no name.
fn shared_memory(call: &Call<'_>, length: usize, access: Access) -> Result<Vma, Errno> {
    let inode = unnamed_memory(call, length)?;
    let place = Place::anonymous(inode.clone(), Name::Static(b"/dev/zero (deleted)"));
    Ok(Vma {
        shared: true,
        backing: Backing::File {
            inode,
            place,
            page: 0,
        },
        ..Vma::anonymous(access)
    })
}

/// A file of whole pages that has no name.
pub(super) fn unnamed_memory(call: &Call<'_>, length: usize) -> Result<Arc<dyn Inode>, Errno> {
    if is_more_than_the_machine(length) {
        return Err(Errno::ENOMEM);
    }
    let mount = call.process().fs.namespace().root();
    let mount = mount.mount().ok_or(Errno::ENODEV)?;
    let inode = mount.file_system.unnamed_file(0o666, false)?;
    let size = length.checked_next_multiple_of(PAGE_SIZE).ok_or(Errno::ENOMEM)?;
    inode.contents().ok_or(Errno::ENODEV)?.truncate(size as u64)?;
    Ok(inode)
}

fn file_mapping(
    call: &Call<'_>,
    fd: usize,
    [offset, length]: [usize; 2],
    access: Access,
    shared: bool,
) -> Result<Vma, Errno> {
    let file = call.file(fd)?;
    file.check_readable().map_err(|_| Errno::EACCES)?;
    let writable = file.check_writable().is_ok();
    if shared && access.write && !writable {
        return Err(Errno::EACCES);
    }
    let kind = file.inode().kind();
    if kind == FileType::CharacterDevice && file.inode().metadata().node == ZERO_DEVICE {
        // /dev/zero: as MAP_ANONYMOUS (zero(4))
        return if shared {
            shared_memory(call, length, access)
        } else {
            Ok(Vma::anonymous(access))
        };
    }
    if kind != FileType::Regular || file.inode().contents().is_none() {
        return Err(Errno::ENODEV);
    }
    let most = Access {
        read: true,
        write: !shared || writable,
        execute: true,
    };
    let page = (offset / PAGE_SIZE) as u64;
    Ok(Vma {
        most,
        shared,
        backing: Backing::file(&file, page),
        ..Vma::anonymous(access)
    })
}

/// A mapping with what the seals of its file leave of its rights. Who seals looks for mappings after that, so it is asked with
/// the memory locked into which it goes.
fn sealed(mut vma: Vma) -> Result<Vma, Errno> {
    const AGAINST_WRITES: u32 = linux::F_SEAL_WRITE | linux::F_SEAL_FUTURE_WRITE;
    if let Backing::File { inode, .. } = &vma.backing
        && vma.shared
        && vma.most.write
        && let Some(seals) = inode.contents().and_then(|contents| contents.seals())
        && seals & AGAINST_WRITES != 0
    {
        if vma.access.write {
            return Err(Errno::EPERM);
        }
        vma.most.write = false;
    }
    Ok(vma)
}

/// `PROT_*` as rights. What can be written or executed can be read, on this machine.
fn access(protection: usize) -> Result<Access, Errno> {
    let known = (linux::PROT_READ | linux::PROT_WRITE | linux::PROT_EXEC) as usize;
    if protection & !known != 0 {
        return Err(Errno::EINVAL);
    }
    let bit = |bit: u32| protection & bit as usize != 0;
    let (write, execute) = (bit(linux::PROT_WRITE), bit(linux::PROT_EXEC));
    Ok(Access {
        read: bit(linux::PROT_READ) || write || execute,
        write,
        execute,
    })
}

/// `munmap(2)`.
pub(super) fn munmap(call: &mut Call<'_>, [address, length, ..]: [usize; 6]) -> Result<usize, Errno> {
    call.process().memory().lock().unmap(address, length)?;
    Ok(0)
}

/// `mprotect(2)`.
pub(super) fn mprotect(
    call: &mut Call<'_>,
    [address, length, protection, ..]: [usize; 6],
) -> Result<usize, Errno> {
    call.process()
        .memory()
        .lock()
        .protect(address, length, access(protection)?)?;
    Ok(0)
}

/// `pkey_alloc(2)`: as on a processor without protection keys, there is none to be had.
pub(super) fn pkey_alloc(_: &mut Call<'_>, [flags, rights, ..]: [usize; 6]) -> Result<usize, Errno> {
    const RIGHTS: usize = (linux::PKEY_DISABLE_ACCESS | linux::PKEY_DISABLE_WRITE) as usize;
    if flags != 0 || rights & !RIGHTS != 0 {
        Err(Errno::EINVAL)
    } else {
        Err(Errno::ENOSPC)
    }
}

/// `pkey_free(2)`: none was given.
pub(super) fn pkey_free(_: &mut Call<'_>, _: [usize; 6]) -> Result<usize, Errno> {
    Err(Errno::EINVAL)
}

/// `pkey_mprotect(2)`: without a key (-1) it is `mprotect(2)`.
pub(super) fn pkey_mprotect(
    call: &mut Call<'_>,
    [address, length, protection, key, ..]: [usize; 6],
) -> Result<usize, Errno> {
    if key & 0xffff_ffff != 0xffff_ffff {
        return Err(Errno::EINVAL);
    }
    mprotect(call, [address, length, protection, 0, 0, 0])
}

/// `mremap(2)`.
pub(super) fn mremap(
    call: &mut Call<'_>,
    [address, old, new, flags, to, _]: [usize; 6],
) -> Result<usize, Errno> {
    let flag = |bit: u32| flags & bit as usize != 0;
    let known = (linux::MREMAP_MAYMOVE | linux::MREMAP_FIXED | linux::MREMAP_DONTUNMAP) as usize;
    if flags & !known != 0 || (flag(linux::MREMAP_FIXED) && !flag(linux::MREMAP_MAYMOVE)) {
        return Err(Errno::EINVAL);
    }
    if flag(linux::MREMAP_DONTUNMAP) {
        if !flag(linux::MREMAP_MAYMOVE) || old != new || !to.is_multiple_of(PAGE_SIZE) {
            return Err(Errno::EINVAL);
        }
        let whereto = if flag(linux::MREMAP_FIXED) {
            Whereto::Fixed(to)
        } else {
            Whereto::Hint(to)
        };
        return call.process().memory().lock().move_pages(address, old, whereto);
    }
    let to = flag(linux::MREMAP_FIXED).then_some(to);
    call.process()
        .memory()
        .lock()
        .remap(address, old, new, flag(linux::MREMAP_MAYMOVE), to)
}

/// `brk(2)`, the system call: returns the break, changed or not.
pub(super) fn brk(call: &mut Call<'_>, [address, ..]: [usize; 6]) -> Result<usize, Errno> {
    Ok(call.process().memory().lock().set_brk(address))
}

/// `madvise(2)`: what only makes things faster on Linux changes nothing here.
pub(super) fn madvise(
    call: &mut Call<'_>,
    [address, length, advice, ..]: [usize; 6],
) -> Result<usize, Errno> {
    let memory = call.process().memory();
    let mut memory = memory.lock();
    let mut on_fork = |on_fork| memory.set_on_fork(address, length, on_fork);
    match u32::try_from(advice).map_err(|_| Errno::EINVAL)? {
        linux::MADV_DONTFORK => on_fork(OnFork::Missing)?,
        linux::MADV_WIPEONFORK => on_fork(OnFork::Wiped)?,
        linux::MADV_DOFORK | linux::MADV_KEEPONFORK => on_fork(OnFork::Copied)?,
        linux::MADV_HUGEPAGE => memory.set_huge(address, length, Huge::Wanted)?,
        linux::MADV_NOHUGEPAGE => memory.set_huge(address, length, Huge::Refused)?,
        linux::MADV_POPULATE_READ | linux::MADV_POPULATE_WRITE => {
            let touch = if advice == linux::MADV_POPULATE_READ as usize {
                Touch::Read
            } else {
                Touch::Write
            };
            memory.check_advised(address, 0)?;
            drop(memory);
            populate(call, address, length, touch)?;
        }
        // MADV_FREE may drop the pages at any time, so also at once.
        linux::MADV_DONTNEED | linux::MADV_FREE | linux::MADV_DONTNEED_LOCKED => {
            memory.discard(address, length)?
        }
        linux::MADV_NORMAL
        | linux::MADV_RANDOM
        | linux::MADV_SEQUENTIAL
        | linux::MADV_WILLNEED
        | linux::MADV_MERGEABLE
        | linux::MADV_UNMERGEABLE
        | linux::MADV_DONTDUMP
        | linux::MADV_DODUMP
        | linux::MADV_COLD
        | linux::MADV_PAGEOUT => memory.check_advised(address, length)?,
        unknown => {
            drop(memory);
            return Err(call.missing(format!("madvise({unknown})"), Errno::EINVAL));
        }
    }
    Ok(0)
}

/// Brings in page after page; others may use the memory meanwhile.
fn populate(call: &Call<'_>, address: usize, length: usize, touch: Touch) -> Result<(), Errno> {
    let end = address
        .checked_add(length)
        .filter(|&end| end <= USER_END)
        .ok_or(Errno::EINVAL)?;
    for page in (address..end).step_by(PAGE_SIZE) {
        if call.thread.is_ending() {
            return Err(Errno::EINTR);
        }
        call.process().memory().lock().populate(page, touch)?;
    }
    Ok(())
}

/// `msync(2)`: file pages are shared, not cached, so there is nothing to write back.
pub(super) fn msync(call: &mut Call<'_>, [address, length, flags, ..]: [usize; 6]) -> Result<usize, Errno> {
    let known = (linux::MS_ASYNC | linux::MS_SYNC | linux::MS_INVALIDATE) as usize;
    let both = (linux::MS_ASYNC | linux::MS_SYNC) as usize;
    if flags & !known != 0 || flags & both == both {
        return Err(Errno::EINVAL);
    }
    call.process().memory().lock().check_advised(address, length)?;
    Ok(0)
}

/// `mlock(2)`, `munlock(2)`, `mlock2(2)`: nothing is ever paged out, so every page that is there is locked.
pub(super) fn mlock(call: &mut Call<'_>, [address, length, ..]: [usize; 6]) -> Result<usize, Errno> {
    let start = address & !(PAGE_SIZE - 1);
    let length = length.checked_add(address - start).ok_or(Errno::EINVAL)?;
    call.process().memory().lock().check_advised(start, length)?;
    Ok(0)
}

/// `mincore(2)`.
pub(super) fn mincore(
    call: &mut Call<'_>,
    [address, length, vector, ..]: [usize; 6],
) -> Result<usize, Errno> {
    const MOST: usize = 4096; // pages at a time, so that the kernel's own memory use is bounded
    let mut at = address;
    let mut left = length.div_ceil(PAGE_SIZE);
    let mut to = vector;
    while left > 0 {
        let pages = left.min(MOST);
        let mut states = alloc::vec::Vec::new();
        states.try_reserve_exact(pages)?;
        call.process()
            .memory()
            .lock()
            .pages_present(at, pages * PAGE_SIZE, |resident| states.push(u8::from(resident)))?;
        call.memory().write_bytes(to, &states)?;
        at += pages * PAGE_SIZE;
        to += pages;
        left -= pages;
    }
    Ok(0)
}
