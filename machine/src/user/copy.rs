//! Copies between the kernel and the running program's memory.
//!
//! A copy may hit a page that is not mapped, or not yet. The fault handler finds the instruction in the exception
//! table and continues at the fix-up: the copy ends early and says how far it came. Resolving the fault and going on
//! is the caller's business, so nothing here ever waits.

use crate::memory::{Frame, OutOfMemory, PAGE_SIZE};
use crate::paging::USER_END;
use crate::trap::entry::clac;
use core::arch::naked_asm;
use core::ops::Range;

/// A copy met a page that could not be accessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopyFault {
    /// The bytes copied before. The fault lies at or after this offset, in the same or the next page.
    pub copied: usize,
}

/// Copies from the program's memory at `from`.
///
/// # Errors
/// A page that cannot be read, or addresses that are not the user's.
#[inline]
pub fn copy_in(from: usize, into: &mut [u8]) -> Result<(), CopyFault> {
    check(from, into.len())?;
    // SAFETY: the user range was checked; `into` is ours alone.
    let left = unsafe { copy_user(into.as_mut_ptr(), from as *const u8, into.len()) };
    done(into.len(), left)
}

/// Copies to the program's memory at `to`.
///
/// # Errors
/// A page that cannot be written, or addresses that are not the user's.
#[inline]
pub fn copy_out(to: usize, from: &[u8]) -> Result<(), CopyFault> {
    check(to, from.len())?;
    // SAFETY: the user range was checked: no kernel memory is mapped there.
    let left = unsafe { copy_user(to as *mut u8, from.as_ptr(), from.len()) };
    done(from.len(), left)
}

/// Copies a part of a page to the program's memory at `to`.
///
/// # Errors
/// As [`copy_out`].
///
/// # Panics
/// When `part` leaves the page.
pub fn copy_out_of_page(to: usize, page: &Frame, part: Range<usize>) -> Result<(), CopyFault> {
    assert!(
        part.start <= part.end && part.end <= PAGE_SIZE,
        "a part that leaves the page"
    );
    check(to, part.len())?;
    // SAFETY: the user range was checked; the page lives as long as its handle and is read as raw memory.
    let left = unsafe { copy_user(to as *mut u8, page.pointer().add(part.start), part.len()) };
    done(part.len(), left)
}

/// Copies from the program's memory at `from` into a part of a page.
///
/// # Errors
/// As [`copy_in`].
///
/// # Panics
/// When `part` leaves the page, or the page is read-only for ever.
pub fn copy_into_page(from: usize, page: &Frame, part: Range<usize>) -> Result<(), CopyFault> {
    assert!(
        part.start <= part.end && part.end <= PAGE_SIZE,
        "a part that leaves the page"
    );
    assert!(
        !page.is_read_only(),
        "a page of the initial RAM disk is read-only"
    );
    check(from, part.len())?;
    // SAFETY: the user range was checked; the page lives as long as its handle and is written as raw memory.
    let left = unsafe { copy_user(page.pointer().add(part.start), from as *const u8, part.len()) };
    done(part.len(), left)
}

/// A new page that begins with `length` bytes of the program's memory at `from`; the rest is zeroes.
///
/// # Errors
/// No memory; within, as [`copy_in`], and there is no page.
///
/// # Panics
/// When `length` is more than a page.
pub fn copy_into_new_page(from: usize, length: usize) -> Result<Result<Frame, CopyFault>, OutOfMemory> {
    Frame::filled(length, |to| {
        check(from, length)?;
        // SAFETY: the user range was checked; `to` is a page that nobody else knows, of which `length` is at most all.
        let left = unsafe { copy_user(to, from as *const u8, length) };
        done(length, left)
    })
}

#[inline]
fn check(start: usize, length: usize) -> Result<(), CopyFault> {
    let end = start.checked_add(length);
    if end.is_some_and(|end| end <= USER_END) {
        Ok(())
    } else {
        Err(CopyFault { copied: 0 })
    }
}

#[inline]
fn done(length: usize, left: usize) -> Result<(), CopyFault> {
    if left == 0 {
        Ok(())
    } else {
        Err(CopyFault {
            copied: length - left,
        })
    }
}

/// Copies `length` bytes and returns how many are left when a fault ends it.
///
/// # Safety
/// 1. The kernel's side is memory that the caller may write or read; the other side lies below `USER_END`.
#[unsafe(naked)]
unsafe extern "sysv64" fn copy_user(to: *mut u8, from: *const u8, length: usize) -> usize {
    naked_asm!(
        "mov rcx, rdx",
        "shr rcx, 3",
        "and edx, 7",
        "772:",
        "stac", // user pages may be touched from here …
        "773:",
        "rep movsq", // words first: emulators pay for each iteration
        "mov ecx, edx",
        "774:",
        "rep movsb",
        "xor eax, eax",
        "775:",
        clac!(), // … to here
        "ret",
        "776:", // a fault among the words: RCX of them and the tail are left
        "lea rax, [rdx + rcx * 8]",
        "jmp 775b",
        "777:", // a fault in the tail
        "mov rax, rcx",
        "jmp 775b",
        ".pushsection .ex_table, \"a\"",
        ".quad 773b, 776b",
        ".quad 774b, 777b",
        ".popsection",
        ".pushsection .smap_sites, \"a\"",
        ".quad 772b",
        ".popsection",
    )
}
