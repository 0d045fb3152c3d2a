//! The kernel's own mappings, and what the translation caches must be told.

use super::entry::{self, Entry};
use super::space::index;
use super::tables;
use crate::memory::{OutOfMemory, PhysAddr, direct};
use crate::sync::SpinLock;
use core::sync::atomic::{AtomicU64, Ordering};

/// The top-level table that holds the kernel's mappings and no program's: what runs when no space is loaded.
static KERNEL_ROOT: AtomicU64 = AtomicU64::new(0);

/// The physical address of the kernel's own top-level table.
pub(crate) fn root() -> PhysAddr {
    PhysAddr(KERNEL_ROOT.load(Ordering::Relaxed))
}

/// Writes the kernel's half into a new top-level table.
pub(super) fn share_upper_half(table: PhysAddr) {
    if root() == PhysAddr(0) {
        return; // on the host there is no kernel half
    }
    // SAFETY: both are whole live tables; the kernel's upper half never changes at this level (invariant 3).
    unsafe {
        direct::<Entry>(table)
            .add(256)
            .copy_from_nonoverlapping(direct::<Entry>(root()).add(256), 256)
    }
}

/// Held while the tables of the stack region change: whoever is preempted between looking for a table and making one would
/// else lose what another has entered into its own meanwhile.
static STACK_TABLES: SpinLock<()> = SpinLock::new(());

/// Maps one page of a kernel stack.
///
/// # Safety
/// 1. `page` lies in the stack region and belongs to the caller; `frame` is unused memory.
pub(crate) unsafe fn map_stack_page(page: usize, frame: PhysAddr) -> Result<(), OutOfMemory> {
    let _tables = STACK_TABLES.lock();
    // SAFETY: (1): a new mapping of unused memory at an address that nobody uses; the lock of the region is held.
    unsafe {
        let slot = slot(page, 0)?;
        slot.write_volatile(Entry(
            frame.0 | entry::PRESENT | entry::WRITABLE | entry::NO_EXECUTE | entry::GLOBAL,
        ));
    }
    Ok(())
}

/// Unmaps one page of a kernel stack and returns its memory.
///
/// # Safety
/// 1. `page` lies in the stack region, belongs to the caller, and nothing uses it.
pub(crate) unsafe fn unmap_stack_page(page: usize) -> Option<PhysAddr> {
    let _tables = STACK_TABLES.lock();
    // SAFETY: (1); the lock of the region is held.
    unsafe {
        let slot = slot(page, 0).ok()?;
        let old = slot.read_volatile();
        slot.write_volatile(Entry::EMPTY);
        invalidate(page);
        old.is_present().then(|| old.address())
    }
}

/// The entry of level `level` for a kernel address; tables on the way are made.
///
/// # Safety
/// 1. Nobody else changes the same tables meanwhile: callers hold the lock of their region, or run at boot.
unsafe fn slot(page: usize, level: usize) -> Result<*mut Entry, OutOfMemory> {
    let mut table = root();
    for above in (level + 1..=3).rev() {
        // SAFETY: (1); live tables lead to live tables, a new one is empty before it is linked.
        unsafe {
            let slot = direct::<Entry>(table).add(index(page, above));
            if !(*slot).is_present() {
                let new = tables::new().ok_or(OutOfMemory)?;
                slot.write_volatile(Entry(new.0 | entry::PRESENT | entry::WRITABLE));
            }
            table = (*slot).address();
        }
    }
    // SAFETY: inside the table.
    Ok(unsafe { direct::<Entry>(table).add(index(page, level)) })
}

/// Whether a kernel page is mapped.
#[cfg(feature = "vm-tests")]
pub(crate) fn is_mapped(address: usize) -> bool {
    let mut table = root();
    for level in (0..=3).rev() {
        // SAFETY: live tables lead to live tables; only read.
        let entry = unsafe { direct::<Entry>(table).add(index(address, level)).read() };
        if !entry.is_present() || level == 0 || entry.0 & entry::LARGE != 0 {
            return entry.is_present();
        }
        table = entry.address();
    }
    false
}

/// The last-level entry of a page of the stack region; tables on the way are made.
#[cfg(feature = "vm-tests")]
pub(crate) fn stack_entry(page: usize) -> Result<*mut u64, OutOfMemory> {
    // SAFETY: tests make tables there one after the other.
    unsafe { slot(page, 0).map(<*mut Entry>::cast) }
}

/// The last-level entry of `page` in the space with this top-level table, if its tables are there.
#[cfg(feature = "vm-tests")]
pub(crate) fn entry_in(mut table: PhysAddr, page: usize) -> Option<*mut u64> {
    for level in (1..=3).rev() {
        // SAFETY: live tables lead to live tables; only read.
        let entry = unsafe { direct::<Entry>(table).add(index(page, level)).read() };
        if !entry.is_present() {
            return None;
        }
        table = entry.address();
    }
    // SAFETY: inside the table.
    Some(unsafe { direct::<u64>(table).add(index(page, 0)) })
}

/// Drops the translation of one page of the space with top-level table `space`.
pub(super) fn flush_page(space: PhysAddr, page: usize) {
    if is_loaded(space) {
        invalidate(page);
    } else {
        forget(space);
    }
}

/// Drops all translations of a space, and what the CPU remembers of the upper levels (SDM 3A, 5.10.4.1:
/// paging-structure caches).
pub(super) fn flush_all(space: PhysAddr) {
    if is_loaded(space) {
        load_afresh(space);
    } else {
        forget(space);
    }
}

/// Makes sure that no CPU has `space` loaded, or remembers anything of it.
pub(super) fn leave(space: PhysAddr) {
    if is_loaded(space) {
        load_kernel();
    }
    forget(space);
}

/// Loads a top-level table unless it is the running one.
pub(crate) fn enter(space: PhysAddr) {
    if !is_loaded(space) {
        load(space);
    }
}

#[cfg(target_os = "none")]
use super::recent::{forget, is_loaded};

#[cfg(target_os = "none")]
fn load(space: PhysAddr) {
    // SAFETY: callers pass `Root`s, which are live top-level tables with the kernel's half.
    unsafe { super::recent::load(space) }
}

#[cfg(target_os = "none")]
fn load_afresh(space: PhysAddr) {
    // SAFETY: as `load`.
    unsafe { super::recent::load_afresh(space) }
}

#[cfg(target_os = "none")]
fn load_kernel() {
    // SAFETY: the kernel's own table lives for ever.
    unsafe { super::recent::load_kernel(root()) }
}

#[cfg(target_os = "none")]
fn invalidate(page: usize) {
    #[cfg(feature = "vm-tests")]
    if crate::tests::breaks::NO_INVLPG.load(Ordering::Relaxed) {
        return;
    }
    // SAFETY: dropping a cached translation is always allowed.
    unsafe { core::arch::asm!("invlpg [{}]", in(reg) page, options(nostack, preserves_flags)) }
}

#[cfg(not(target_os = "none"))]
fn is_loaded(_space: PhysAddr) -> bool {
    false
}

#[cfg(not(target_os = "none"))]
fn load(_space: PhysAddr) {}

#[cfg(not(target_os = "none"))]
fn load_afresh(_space: PhysAddr) {}

#[cfg(not(target_os = "none"))]
fn load_kernel() {}

#[cfg(not(target_os = "none"))]
fn forget(_space: PhysAddr) {}

#[cfg(not(target_os = "none"))]
fn invalidate(_page: usize) {}

#[cfg(target_os = "none")]
pub(crate) use boot::{READ_EXECUTE, READ_ONLY, READ_WRITE, map_device, map_range, set_root};

#[cfg(target_os = "none")]
mod boot {
    use super::*;
    use crate::memory::{MMIO_BASE, PAGE_SIZE};
    use crate::sync::SpinLock;

    /// Rights of kernel mappings. Global: the same in every address space.
    pub(crate) const READ_ONLY: u64 = entry::GLOBAL | entry::NO_EXECUTE;
    pub(crate) const READ_WRITE: u64 = entry::GLOBAL | entry::NO_EXECUTE | entry::WRITABLE;
    pub(crate) const READ_EXECUTE: u64 = entry::GLOBAL;

    const MEGABYTES_2: usize = 2 << 20;
    const GIGABYTE: usize = 1 << 30;

    /// Starts the kernel's half: an empty table for each of its regions, so that the top level never changes later.
    ///
    /// # Safety
    /// 1. Called once, at boot, before any [`super::super::UserSpace`] is made.
    pub(crate) unsafe fn set_root(regions: &[usize]) -> Result<(), OutOfMemory> {
        let new = tables::new().ok_or(OutOfMemory)?;
        KERNEL_ROOT.store(new.0, Ordering::Relaxed);
        for &region in regions {
            // SAFETY: (1).
            unsafe { slot(region, 2)? };
        }
        Ok(())
    }

    /// Maps `bytes` of physical memory at `to` with the rights `bits`, in the largest pages that fit.
    ///
    /// # Safety
    /// 1. Called at boot. The mapping breaks no invariant of `memory`: the caller says which rights it gives to what.
    pub(crate) unsafe fn map_range(
        to: usize,
        from: PhysAddr,
        bytes: usize,
        bits: u64,
    ) -> Result<(), OutOfMemory> {
        let mut done = 0;
        while done < bytes {
            let (page, frame) = (to + done, from.plus(done));
            let fits = |size: usize| {
                page.is_multiple_of(size) && frame.0.is_multiple_of(size as u64) && bytes - done >= size
            };
            let (level, size) = if crate::cpu::features().gigabyte_pages && fits(GIGABYTE) {
                (2, GIGABYTE)
            } else if fits(MEGABYTES_2) {
                (1, MEGABYTES_2)
            } else {
                (0, PAGE_SIZE)
            };
            let large = if level == 0 { 0 } else { entry::LARGE };
            // SAFETY: (1).
            unsafe { slot(page, level)?.write(Entry(frame.0 | entry::PRESENT | large | bits)) };
            done += size;
        }
        Ok(())
    }

    /// Maps the registers of a device, uncached, and returns where.
    ///
    /// # Safety
    /// 1. `[from, from + bytes)` are device registers and no ordinary memory.
    pub(crate) unsafe fn map_device(from: PhysAddr, bytes: usize) -> Result<usize, OutOfMemory> {
        static NEXT: SpinLock<usize> = SpinLock::new(MMIO_BASE);
        let first = from.page_down();
        let length = (from.plus(bytes).page_up().0 - first.0) as usize;
        let mut next = NEXT.lock();
        let at = *next;
        let bits = entry::WRITABLE | entry::NO_EXECUTE | entry::CACHE_DISABLE | entry::WRITE_THROUGH;
        for offset in (0..length).step_by(PAGE_SIZE) {
            // SAFETY: (1); the lock keeps two callers apart; the addresses have not been used before.
            unsafe { slot(at + offset, 0)?.write(Entry(first.plus(offset).0 | entry::PRESENT | bits)) };
        }
        *next += length;
        Ok(at + (from.0 - first.0) as usize)
    }
}
