//! Memory for page tables: a few empty tables and top-level tables are kept, so that the next process finds them without
//! a page of zeroes to be written.
//!
//! Invariant: a kept table is empty but for the kernel's half of a top-level one, and nothing leads to it.

use super::{groups, kernel};
use crate::memory::frames::{self, For};
use crate::memory::{PhysAddr, direct};
use crate::sync::SpinLock;

/// How many of each sort are kept.
const KEPT: usize = 16;

struct Kept {
    tables: [PhysAddr; KEPT],
    count: usize,
}

impl Kept {
    const fn new() -> SpinLock<Kept> {
        SpinLock::new(Kept {
            tables: [PhysAddr(0); KEPT],
            count: 0,
        })
    }

    fn take(&mut self) -> Option<PhysAddr> {
        self.count = self.count.checked_sub(1)?;
        Some(self.tables[self.count])
    }

    fn keep(&mut self, table: PhysAddr) -> bool {
        let room = self.count < KEPT;
        if room {
            self.tables[self.count] = table;
            self.count += 1;
        }
        room
    }
}

static TABLES: SpinLock<Kept> = Kept::new();
static ROOTS: SpinLock<Kept> = Kept::new();

/// A new table, all empty.
pub(super) fn new() -> Option<PhysAddr> {
    if let Some(table) = TABLES.lock().take() {
        return Some(table);
    }
    let address = PhysAddr::of_frame(frames::allocate(0, For::Program)?);
    // SAFETY: the frame is new and ours.
    unsafe { crate::memory::copy::zero_page(direct(address)) };
    groups::note_empty(address);
    Some(address)
}

/// A new top-level table: the kernel's half, and nothing else.
pub(super) fn new_root() -> Option<PhysAddr> {
    if let Some(root) = ROOTS.lock().take() {
        return Some(root);
    }
    let root = new()?;
    kernel::share_upper_half(root);
    Some(root)
}

/// Gives a table back.
///
/// # Safety
/// 1. It came from [`new`] and is empty again; no table and no CPU leads to it.
pub(super) unsafe fn free(table: PhysAddr) {
    groups::note_empty(table);
    let kept = TABLES.lock().keep(table);
    if !kept {
        // SAFETY: (1).
        unsafe { frames::release(table.frame_number(), 0) }
    }
}

/// Gives a top-level table back.
///
/// # Safety
/// 1. It came from [`new_root`] and its user half is empty again; no CPU has it loaded.
pub(super) unsafe fn free_root(root: PhysAddr) {
    groups::note_empty(root);
    let kept = ROOTS.lock().keep(root);
    if !kept {
        // SAFETY: (1).
        unsafe { frames::release(root.frame_number(), 0) }
    }
}
