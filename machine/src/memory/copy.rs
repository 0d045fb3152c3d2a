//! Copies of bytes that ring 3 may be changing meanwhile.
//!
//! A Rust reference to such bytes would be undefined behaviour; these copies happen in assembly, which the compiler
//! takes as "anything may have been there". Words first, since emulators count and pay for every iteration.

use core::arch::asm;

/// Copies `length` bytes from `from` to `to`.
///
/// # Safety
/// 1. Both ranges are mapped, `to` writable, and they do not overlap.
/// 2. Neither range is the referent of a live Rust reference, but for the private side.
pub(crate) unsafe fn bytes(to: *mut u8, from: *const u8, length: usize) {
    // SAFETY: (1) and (2). The direction flag is clear by the ABI.
    unsafe {
        asm!(
            "rep movsq",
            "mov ecx, {tail:e}",
            "rep movsb",
            tail = in(reg) length & 7,
            inout("rcx") length >> 3 => _,
            inout("rdi") to => _,
            inout("rsi") from => _,
            options(nostack, preserves_flags),
        );
    }
}

/// Zeroes `length` bytes from `start` on.
///
/// # Safety
/// 1. They are mapped writable, and nothing refers to them by a Rust reference.
pub(crate) unsafe fn zero(start: *mut u8, length: usize) {
    // SAFETY: (1). The direction flag is clear by the ABI.
    unsafe {
        asm!(
            "rep stosb",
            "mov rcx, {words}",
            "rep stosq",
            words = in(reg) length >> 3,
            inout("rcx") length & 7 => _,
            inout("rdi") start => _,
            in("rax") 0,
            options(nostack, preserves_flags),
        );
    }
}

/// Zeroes a whole page.
///
/// # Safety
/// 1. `page` is mapped writable, page-aligned, and nothing refers to it by a Rust reference.
pub(crate) unsafe fn zero_page(page: *mut u8) {
    // SAFETY: (1).
    unsafe {
        asm!(
            "rep stosq",
            inout("rcx") super::PAGE_SIZE / 8 => _,
            inout("rdi") page => _,
            in("rax") 0,
            options(nostack, preserves_flags),
        );
    }
}
