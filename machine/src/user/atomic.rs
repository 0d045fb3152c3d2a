//! Single accesses to words of the running program's memory that no other access can split, for futexes.
//!
//! Like the copies, they never wait: a page that is not there ends them, and its caller brings it in with no lock held. So
//! they may be made under a spin lock.

use super::copy::CopyFault;
use crate::paging::USER_END;
use crate::trap::entry::clac;
use core::arch::naked_asm;

/// What the routines return after a fault; otherwise the upper half is zero.
const FAULT: u64 = u64::MAX;

/// Loads the word at `address`.
///
/// # Errors
/// A page that cannot be read, an address that is not the user's or not aligned.
pub fn load_word(address: usize) -> Result<u32, CopyFault> {
    check(address)?;
    // SAFETY: the address was checked: no kernel memory is mapped there.
    value(unsafe { load(address as *const u32) })
}

/// Replaces the word at `address` by `new` if it is `expected`, and returns what it was.
///
/// # Errors
/// A page that cannot be written, an address that is not the user's or not aligned.
pub fn compare_exchange_word(address: usize, expected: u32, new: u32) -> Result<u32, CopyFault> {
    check(address)?;
    // SAFETY: as above.
    value(unsafe { compare_exchange(address as *mut u32, expected, new) })
}

fn check(address: usize) -> Result<(), CopyFault> {
    if address < USER_END && address.is_multiple_of(4) {
        Ok(())
    } else {
        Err(CopyFault { copied: 0 })
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the word is the lower half")]
fn value(result: u64) -> Result<u32, CopyFault> {
    if result == FAULT {
        Err(CopyFault { copied: 0 })
    } else {
        Ok(result as u32)
    }
}

/// # Safety
/// 1. `from` is aligned and below `USER_END`.
#[unsafe(naked)]
unsafe extern "sysv64" fn load(from: *const u32) -> u64 {
    naked_asm!(
        "772:",
        "stac", // the user's page may be touched from here …
        "773:",
        "mov eax, [rdi]",
        "774:",
        clac!(), // … to here
        "ret",
        "775:", // the fix-up
        "mov rax, -1",
        "jmp 774b",
        ".pushsection .ex_table, \"a\"",
        ".quad 773b, 775b",
        ".popsection",
        ".pushsection .smap_sites, \"a\"",
        ".quad 772b",
        ".popsection",
    )
}

/// # Safety
/// 1. `at` is aligned and below `USER_END`.
#[unsafe(naked)]
unsafe extern "sysv64" fn compare_exchange(at: *mut u32, expected: u32, new: u32) -> u64 {
    naked_asm!(
        "mov eax, esi",
        "772:",
        "stac", // the user's page may be touched from here …
        "773:",
        "lock cmpxchg [rdi], edx",
        "774:",
        clac!(), // … to here
        "ret",
        "775:", // the fix-up
        "mov rax, -1",
        "jmp 774b",
        ".pushsection .ex_table, \"a\"",
        ".quad 773b, 775b",
        ".popsection",
        ".pushsection .smap_sites, \"a\"",
        ".quad 772b",
        ".popsection",
    )
}
