//! Where in a page table there is something, so that nobody looks at 512 entries to find three: a bit for each *group* of 16.
//!
//! Invariant: where an entry of a user space's table is not empty, the bit of its group is set. A bit of an empty group may be
//! set, too: bits go only when the whole table is emptied. The kernel's entries have none.
//!
//! The bits lie in the counter that each frame has: a page table is no [`Frame`](crate::memory::Frame), so nobody counts it. They
//! change under the exclusive borrow of the space.
//!
//! Rejected: bounds of what is used (a table often holds a program's lowest pages and its highest); bits in the entries of the
//! table above, of which there are too few.

use super::entry::Entry;
use crate::memory::{PhysAddr, direct, frames};
use core::ops::Range;
use core::sync::atomic::Ordering::Relaxed;

/// Entries in a group.
pub(super) const GROUP: usize = 16;

/// The bits of a table.
pub(super) fn of(table: PhysAddr) -> u32 {
    frames::count(table.frame_number()).load(Relaxed)
}

/// Sets the bit for the entry at `index`, before it is written.
#[inline]
pub(super) fn note(table: PhysAddr, index: usize) {
    note_all(table, 1 << (index / GROUP));
}

/// Sets these bits, before the entries of the groups are written.
#[inline]
pub(super) fn note_all(table: PhysAddr, bits: u32) {
    let groups = frames::count(table.frame_number());
    groups.store(groups.load(Relaxed) | bits, Relaxed);
}

/// Says that the whole table is empty.
pub(super) fn note_empty(table: PhysAddr) {
    frames::count(table.frame_number()).store(0, Relaxed);
}

/// The bits of the groups that have entries in a range of indices, which is not empty.
pub(super) fn overlapping(range: Range<usize>) -> u32 {
    let (first, last) = (range.start / GROUP, (range.end - 1) / GROUP);
    u32::MAX << first & u32::MAX >> (31 - last)
}

/// The indices of the first entries of the groups in `bits`, in ascending order.
pub(super) fn starts(mut bits: u32) -> impl Iterator<Item = usize> {
    core::iter::from_fn(move || {
        let group = (bits != 0).then(|| bits.trailing_zeros() as usize)?;
        bits &= bits - 1;
        Some(group * GROUP)
    })
}

/// The entries of one group.
///
/// # Safety
/// 1. `table` is a live table that nobody else changes while `'a` lasts; `start` comes from [`starts`].
pub(super) unsafe fn entries<'a>(table: PhysAddr, start: usize) -> &'a mut [Entry; GROUP] {
    debug_assert!(start.is_multiple_of(GROUP) && start < 512);
    // SAFETY: (1): 16 of the table's 512 entries. The accessed and dirty bits that the CPU may set meanwhile are lost only
    // where the caller writes.
    unsafe { &mut *direct::<Entry>(table).add(start).cast() }
}

/// Whether all entries of a table are empty.
///
/// # Safety
/// 1. As [`entries`].
pub(super) unsafe fn is_empty(table: PhysAddr) -> bool {
    starts(of(table)).all(|start| {
        // SAFETY: (1).
        let entries = unsafe { entries(table, start) };
        entries.iter().fold(0, |all, entry| all | entry.0) == 0
    })
}
