//! How scarce memory is.

use threadbare_machine::memory::usage;

/// Whether the kernel's reserve has been dipped into: nothing that makes the kernel allocate is granted then.
pub(crate) fn is_scarce() -> bool {
    threadbare_machine::memory::is_scarce()
}

/// Whether there is memory for one more thread or process, and for what those that have just been made will touch when
/// they first run: a sixteenth of the machine is left to them.
pub(crate) fn has_room_for_threads() -> bool {
    let now = usage();
    now.free > now.reserve + now.total / 16
}

/// Whether half of the machine's memory stays free when `bytes` more are used.
pub(super) fn is_plentiful(bytes: usize) -> bool {
    let now = usage();
    now.free > now.reserve + now.total / 2 + bytes / threadbare_machine::memory::PAGE_SIZE
}

/// Whether the kernel can allocate `bytes` for itself at once without dipping into its reserve.
pub(super) fn can_spare(bytes: usize) -> bool {
    let now = usage();
    let pages = bytes.div_ceil(threadbare_machine::memory::PAGE_SIZE);
    now.free.saturating_sub(now.reserve) > pages
}

/// Whether `bytes` of private writable memory are more than the machine could ever give: refused at once, as Linux'
/// heuristic overcommit does for obvious overcommits (`proc(5)`, `overcommit_memory` 0).
pub(crate) fn is_more_than_the_machine(bytes: usize) -> bool {
    bytes / threadbare_machine::memory::PAGE_SIZE > usage().total
}
