//! Which address spaces' translations the CPU still holds: process-context identifiers (SDM 3A, 5.10.1).
//!
//! With PCIDs a load of CR3 may keep the translations of all spaces, each tagged by the number in CR3's low bits. The CPU's
//! [`SLOTS`] most recent spaces have a number each; a space that comes back to its own is loaded without a flush.
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

use crate::cpu::control;
use crate::memory::PhysAddr;
use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};

/// How many spaces are remembered: more are seldom alternated between, and looking through them must stay cheap.
const SLOTS: usize = 6;

/// Bit 63 of what is loaded into CR3: keep the translations under this number.
const KEEP: u64 = 1 << 63;

/// Set at boot where the CPU has PCIDs. CR4.PCIDE is set then.
static ENABLED: AtomicBool = AtomicBool::new(false);

/// The space of each slot, 0 for none; slot `n` has number `n + 1`. Of the one CPU: others will have their own.
static SPACES: [AtomicU64; SLOTS] = [const { AtomicU64::new(0) }; SLOTS];
static NEXT: AtomicUsize = AtomicUsize::new(0);

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
    let value = match find(space) {
        _ if !ENABLED.load(Relaxed) => space.0,
        Some(slot) => space.0 | number(slot) | KEEP,
        None => space.0 | number(take_slot(space)),
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
    if let Some(slot) = find(space) {
        SPACES[slot].store(0, Relaxed);
    }
}

fn find(space: PhysAddr) -> Option<usize> {
    SPACES.iter().position(|slot| slot.load(Relaxed) == space.0)
}

fn take_slot(space: PhysAddr) -> usize {
    let slot = NEXT.load(Relaxed);
    NEXT.store((slot + 1) % SLOTS, Relaxed);
    SPACES[slot].store(space.0, Relaxed);
    slot
}

fn number(slot: usize) -> u64 {
    slot as u64 + 1
}
