//! Instructions of ring 0 that may fault, and where to go on when they do.
//!
//! Only the accesses to user memory are listed ([`crate::user::copy`], [`crate::user::atomic`]). Each entry is two addresses: the instruction, its fix-up.

unsafe extern "C" {
    static __ex_table_start: [usize; 2];
    static __ex_table_end: [usize; 2];
}

/// The fix-up for a fault at `rip`, if there is one.
pub(super) fn fix_up(rip: usize) -> Option<usize> {
    let (start, end) = (&raw const __ex_table_start, &raw const __ex_table_end);
    // SAFETY: the linker script puts the two symbols around the section's entries, which are read-only.
    let entries = unsafe { core::slice::from_raw_parts(start, end.offset_from_unsigned(start)) };
    entries.iter().find(|entry| entry[0] == rip).map(|entry| entry[1])
}
