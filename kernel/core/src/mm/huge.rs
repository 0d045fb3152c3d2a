//! Private memory in pages of 2 MiB, as Linux' transparent huge pages.
//!
//! When: the program touches the first byte of 2 MiB that one private mapping without a file covers, nothing is there yet, and
//! half of the machine's memory stays free. Such a program goes upwards; a stack grows from the other end, and keeps small pages.
//! Where it has asked for huge pages (`MADV_HUGEPAGE`) any touch will do, and a sixteenth that stays free. Where it wants none
//! (`MADV_NOHUGEPAGE`, or `PR_SET_THP_DISABLE` for all of its memory) there are none. Otherwise, and where no 2 MiB of memory lie
//! together, it gets small pages: nobody is told.
//!
//! What it costs: the first touch waits until 2 MiB are zeroes, about 260,000 stores; and a program that touches little of what
//! it maps has more memory than it needs, which is why there are none where memory is not plentiful.
//!
//! What changes a part (`munmap`, `mprotect`, `madvise`, a copy on write after `fork`) makes 512 small pages of it, which stay
//! small (`machine/src/paging/large.rs`).

use super::usage::{has_room_for_threads, is_plentiful};
use super::vma::{Backing, Huge, Vma};
use core::ops::Range;
use threadbare_machine::memory::{LARGE_SIZE, LargeFrame};
use threadbare_machine::paging::Cursor;

/// Maps 2 MiB around the cursor at once, where the module's rule says so; whether it did.
pub(super) fn bring_huge(cursor: &mut Cursor<'_>, range: &Range<usize>, vma: &Vma) -> bool {
    let start = cursor.page() & !(LARGE_SIZE - 1);
    let inside = start >= range.start && range.end - start >= LARGE_SIZE;
    let begins = match vma.huge {
        Huge::Usual => cursor.page() == start && inside && is_plentiful(LARGE_SIZE),
        Huge::Wanted => inside && has_room_for_threads(),
        Huge::Refused => false,
    };
    let private = !vma.shared && matches!(vma.backing, Backing::Anonymous);
    if !begins || !private || !cursor.is_vacant_large() {
        return false;
    }
    LargeFrame::zeroed().is_ok_and(|frame| cursor.map_large(frame, vma.access).is_ok())
}
