//! Where the linker script put the sections of the image.

use crate::memory::{IMAGE_BASE, PhysAddr};
use core::ops::Range;

unsafe extern "C" {
    static __boot_start: u8;
    static __text_start: u8;
    static __text_end: u8;
    static __rodata_start: u8;
    static __rodata_end: u8;
    static __data_start: u8;
    static __kernel_end: u8;
}

fn range(start: *const u8, end: *const u8) -> Range<usize> {
    start as usize..end as usize
}

/// Executable, read-only.
pub(super) fn text() -> Range<usize> {
    range(&raw const __text_start, &raw const __text_end)
}

/// Read-only, not executable.
pub(super) fn rodata() -> Range<usize> {
    range(&raw const __rodata_start, &raw const __rodata_end)
}

/// Writable, not executable: `.data` and `.bss`.
pub(super) fn data() -> Range<usize> {
    range(&raw const __data_start, &raw const __kernel_end)
}

/// The physical pages of the whole image, the boot sections included.
pub(super) fn physical() -> Range<PhysAddr> {
    let end = &raw const __kernel_end as usize - IMAGE_BASE;
    PhysAddr(&raw const __boot_start as u64)..PhysAddr(end as u64)
}

/// Whether `address` lies in the kernel's code: what a return address in a backtrace must satisfy.
pub(crate) fn is_kernel_text(address: usize) -> bool {
    text().contains(&address)
}
