//! Sharing the pages of one space with another: what `fork` does.

use super::cursor::Cursor;
use super::groups::{self, GROUP};
use super::kernel;
use super::space::{UserSpace, index};
use crate::memory::{Frame, OutOfMemory, PAGE_SIZE, PhysAddr};
use core::ops::Range;

impl UserSpace {
    /// Maps everything that is mapped in a range of whole pages at the same addresses of `other`, which has nothing
    /// there. With `copy_on_write` neither side may write afterwards: whoever tries is the one to copy.
    ///
    /// # Errors
    /// No frame for a page table of `other`; what was shared so far stays shared.
    pub fn share(
        &mut self,
        other: &mut UserSpace,
        range: Range<usize>,
        copy_on_write: bool,
    ) -> Result<(), OutOfMemory> {
        let root = self.root();
        let mut cursor = self.cursor(range.start);
        let mut shared = 0;
        let mut large = false;
        let mut result = Ok(());
        while cursor.seek_held(range.end) {
            let page = cursor.page();
            let end = (page / SPAN + 1).saturating_mul(SPAN).min(range.end);
            if cursor.is_at_whole_large(range.end) {
                result = cursor.share_large(other, copy_on_write);
                if result.is_err() {
                    break;
                }
                large = true;
                cursor.jump(end);
                continue;
            }
            let tables = (cursor.table_or_new(), Cursor::new(other, page).table_or_new());
            let (Ok(from), Ok(to)) = tables else {
                result = Err(OutOfMemory);
                break;
            };
            // SAFETY: `from` and `to` are last-level tables of the two spaces, both borrowed exclusively; the range
            // stays in them.
            shared += unsafe { share_entries(from, to, page..end, copy_on_write) };
            cursor.jump(end);
        }
        other.held += shared;
        if copy_on_write && (shared > 0 || large) {
            kernel::flush_all(root); // entries that allowed writing may be cached
        }
        result
    }
}

/// The span of a last-level table.
const SPAN: usize = 512 * PAGE_SIZE;

/// Shares the entries of one table and returns how many.
///
/// # Safety
/// 1. `from` and `to` are live last-level tables that nobody else changes; `to` is empty in the range, which lies in the
///    tables' span.
unsafe fn share_entries(from: PhysAddr, to: PhysAddr, pages: Range<usize>, copy_on_write: bool) -> usize {
    let first = index(pages.start, 0);
    let last = first + pages.len() / PAGE_SIZE;
    let groups = groups::of(from) & groups::overlapping(first..last);
    groups::note_all(to, groups);
    let mut shared = 0;
    for start in groups::starts(groups) {
        // SAFETY: (1): two different live tables. The CPU may set accessed and dirty bits of `from` meanwhile: losing one of
        // them loses nothing that is looked at, for what can be written is written anew by a fault.
        let (from, to) = unsafe { (groups::entries(from, start), groups::entries(to, start)) };
        let part = first.saturating_sub(start)..GROUP.min(last - start);
        for (entry, copy) in from[part.clone()].iter_mut().zip(&mut to[part]) {
            if entry.is_counted() {
                Frame::count_again(entry.address().frame_number());
            }
            if copy_on_write && entry.is_writable() {
                *entry = entry.shared_until_written();
            }
            *copy = *entry;
            shared += usize::from(entry.is_held());
        }
    }
    shared
}
