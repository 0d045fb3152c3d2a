//! One entry stub for each of the 256 vectors.
//!
//! A stub makes all frames alike, then joins the common entry:
//!
//! ```text
//!   pushed by the CPU, error code or not      after the stub
//!     SS RSP RFLAGS CS RIP                      SS RSP RFLAGS CS RIP  error-code-or-0  vector
//! ```

use super::entry;
use super::vector::{self, has_error_code};
use core::arch::naked_asm;

/// A vector for which the CPU pushes no error code: a zero takes its place.
#[unsafe(naked)]
unsafe extern "sysv64" fn without_error_code<const VECTOR: u8>() {
    naked_asm!("push 0", "push {vector}", "jmp {entry}", vector = const VECTOR as i32, entry = sym entry::trap_entry)
}

/// A vector with an error code.
#[unsafe(naked)]
unsafe extern "sysv64" fn with_error_code<const VECTOR: u8>() {
    naked_asm!("push {vector}", "jmp {entry}", vector = const VECTOR as i32, entry = sym entry::trap_entry)
}

/// A vector on an IST stack, without error code.
#[unsafe(naked)]
unsafe extern "sysv64" fn on_ist<const VECTOR: u8>() {
    naked_asm!("push 0", "push {vector}", "jmp {entry}", vector = const VECTOR as i32, entry = sym entry::ist_entry)
}

/// The double fault: on an IST stack, with error code (always 0).
#[unsafe(naked)]
unsafe extern "sysv64" fn double_fault() {
    naked_asm!("push {vector}", "jmp {entry}", vector = const vector::DOUBLE_FAULT as i32, entry = sym entry::ist_entry)
}

const fn stub<const VECTOR: u8>() -> unsafe extern "sysv64" fn() {
    match VECTOR {
        vector::DOUBLE_FAULT => double_fault,
        vector::NMI | vector::MACHINE_CHECK => on_ist::<VECTOR>,
        _ if has_error_code(VECTOR) => with_error_code::<VECTOR>,
        _ => without_error_code::<VECTOR>,
    }
}

macro_rules! table {
    ($($high:literal)*) => {
        [$(table!(row $high)),*]
    };
    (row $high:literal) => {
        table!(cells $high 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    };
    (cells $high:literal $($low:literal)*) => {
        [$(stub::<{ $high * 16 + $low }>()),*]
    };
}

/// The stubs by vector: `STUBS[vector / 16][vector % 16]`.
pub(super) static STUBS: [[unsafe extern "sysv64" fn(); 16]; 16] =
    table!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
