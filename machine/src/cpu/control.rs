//! Control registers and the protections that they switch on.

use super::features::{self, Features};
use core::arch::asm;
use core::sync::atomic::{AtomicU64, Ordering};

/// How often another address space was loaded, for statistics.
pub(crate) static SPACE_LOADS: AtomicU64 = AtomicU64::new(0);

/// CR4 bits (SDM 3A, 2.5).
mod cr4 {
    pub(super) const PGE: u64 = 1 << 7;
    pub(super) const OSFXSR: u64 = 1 << 9;
    pub(super) const OSXMMEXCPT: u64 = 1 << 10;
    pub(super) const UMIP: u64 = 1 << 11;
    pub(super) const FSGSBASE: u64 = 1 << 16;
    pub(super) const PCIDE: u64 = 1 << 17;
    pub(super) const OSXSAVE: u64 = 1 << 18;
    pub(super) const SMEP: u64 = 1 << 20;
    pub(super) const SMAP: u64 = 1 << 21;
}

/// CR0 bits: write protection holds in ring 0 too, and the FPU is there.
const CR0_MP: u64 = 1 << 1;
const CR0_EM: u64 = 1 << 2;
const CR0_TS: u64 = 1 << 3;
const CR0_NE: u64 = 1 << 5;
const CR0_WP: u64 = 1 << 16;

/// Switches on, on this CPU, every protection and extension that it has and that the kernel relies on.
///
/// # Safety
/// 1. Called in ring 0, once per CPU, before ring 3 is first entered.
/// 2. `stac`/`clac` have been patched in already when the CPU has SMAP.
/// 3. CR3 holds the kernel's own table.
pub(crate) unsafe fn enable_protections() {
    let Features {
        smep,
        smap,
        umip,
        fsgsbase,
        xsave,
        global_pages,
        pcid,
        ..
    } = *features::features();
    let wanted = cr4::OSFXSR
        | cr4::OSXMMEXCPT
        | if global_pages { cr4::PGE } else { 0 }
        | if pcid { cr4::PCIDE } else { 0 }
        | if umip { cr4::UMIP } else { 0 }
        | if fsgsbase { cr4::FSGSBASE } else { 0 }
        | if xsave { cr4::OSXSAVE } else { 0 }
        | if smep { cr4::SMEP } else { 0 }
        | if smap { cr4::SMAP } else { 0 };
    // SAFETY: (1): each bit is set only where CPUID reports it; the kernel maps nothing executable for ring 3 that
    // it runs itself (SMEP) and touches user memory only between `stac` and `clac` (SMAP, (2)). CR3's low bits are zero, as PCIDE wants (3); global
    // pages are the kernel's, the same in every space.
    unsafe {
        let cr0: u64;
        asm!("mov {}, cr0", out(reg) cr0, options(nomem, nostack, preserves_flags));
        let cr0 = (cr0 | CR0_MP | CR0_NE | CR0_WP) & !(CR0_EM | CR0_TS);
        asm!("mov cr0, {}", in(reg) cr0, options(nostack, preserves_flags));
        let cr4: u64;
        asm!("mov {}, cr4", out(reg) cr4, options(nomem, nostack, preserves_flags));
        asm!("mov cr4, {}", in(reg) cr4 | wanted, options(nostack, preserves_flags));
        #[cfg(target_os = "none")]
        if pcid {
            crate::paging::recent::enable();
        }
    }
}

/// The address that the last page fault of this CPU was about.
pub(crate) fn cr2() -> usize {
    let value;
    // SAFETY: reading CR2 has no effect; the caller runs in ring 0 (elsewhere it faults, which is not unsound).
    unsafe { asm!("mov {}, cr2", out(reg) value, options(nomem, nostack, preserves_flags)) }
    value
}

/// The physical address of the running top-level page table.
pub(crate) fn cr3() -> u64 {
    let value: u64;
    // SAFETY: as `cr2`.
    unsafe { asm!("mov {}, cr3", out(reg) value, options(nomem, nostack, preserves_flags)) }
    value
}

/// Loads CR3: switches the address space and drops all its non-global translations.
///
/// # Safety
/// 1. `root` is the physical address of a top-level table whose upper half is the kernel's, and which stays alive
///    until another is loaded.
pub(crate) unsafe fn set_cr3(root: u64) {
    SPACE_LOADS.fetch_add(1, Ordering::Relaxed);
    // SAFETY: (1).
    unsafe { asm!("mov cr3, {}", in(reg) root, options(nostack, preserves_flags)) }
}
