//! Which address spaces' translations the CPU still holds: process-context identifiers (SDM 3A, 5.10.1).
//!
//! With PCIDs a load of CR3 may keep the translations of all spaces, each tagged by the number in CR3's low bits. The CPU's
//! few most recent spaces have a number each ([`Slots`]); a space that comes back to its own is loaded without a flush.
//!
//! Invariants:
//! 1. Number 0 is the kernel's own table, whose mappings are global or never changed.
//! 2. The CPU holds translations under a slot's number only of the space that the slot names. A slot that gets
//!    another space is loaded with a flush of its number.
//! 3. A space whose tables change while it is not loaded is forgotten, so that its next load flushes; so is one that is about
//!    to be freed, for its table's address may become another's.
//!
//! Rejected: numbers that belong to the space, with generations for when they run out: they would be one more thing to keep per
//! space and CPU, to find a space again that 4,000 others have long displaced from the cache.
//!
//! Without PCIDs every load of another space flushes all that is not global.
//!
//! Tested: the numbers against a model of a CPU that forgets nothing by itself ([`super::slots`]); the whole under Bochs, which
//! has the instructions but drops more than it must. QEMU's emulator has no PCIDs.

use super::slots::Slots;
use crate::cpu::control;
use crate::memory::PhysAddr;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Bit 63 of what is loaded into CR3: keep the translations under this number.
const KEEP: u64 = 1 << 63;

/// Set at boot where the CPU has PCIDs. CR4.PCIDE is set then.
static ENABLED: AtomicBool = AtomicBool::new(false);

/// Of the one CPU: others will have their own.
static RECENT: Slots = Slots::new();

/// From now on numbers are used.
///
/// # Safety
/// 1. CR4.PCIDE has just been set; CR3 holds the kernel's own table.
pub(crate) unsafe fn enable() {
    ENABLED.store(true, Relaxed);
}

/// Whether `space` is loaded.
pub(super) fn is_loaded(space: PhysAddr) -> bool {
    const NUMBER: u64 = 0xfff;
    control::cr3() & !NUMBER == space.0
}

/// Loads `space`, and keeps what the CPU knows of it if that is still true.
///
/// # Safety
/// 1. `space` is a live top-level table with the kernel's half, until another is loaded.
pub(super) unsafe fn load(space: PhysAddr) {
    let value = if ENABLED.load(Relaxed) {
        let load = RECENT.load(space.0);
        space.0 | load.number | if load.keep { KEEP } else { 0 }
    } else {
        space.0
    };
    // SAFETY: (1); by invariant 2 nothing false is kept.
    unsafe { control::set_cr3(value) }
}

/// Loads `space`, and drops what the CPU knows of it.
///
/// # Safety
/// 1. As [`load`].
pub(super) unsafe fn load_afresh(space: PhysAddr) {
    forget(space);
    // SAFETY: (1).
    unsafe { load(space) }
}

/// Loads the kernel's own table.
///
/// # Safety
/// 1. As [`load`]; `root` is the kernel's own.
pub(super) unsafe fn load_kernel(root: PhysAddr) {
    // SAFETY: (1). Number 0.
    unsafe { control::set_cr3(root.0) }
}

/// Lets the next load of `space` flush.
pub(super) fn forget(space: PhysAddr) {
    RECENT.forget(space.0);
}
