//! Port input and output (SDM 1, 19).

use core::arch::asm;

/// Writes a byte to a port.
///
/// # Safety
/// 1. The device behind `port` cannot be made to touch memory that Rust owns by this write.
pub(crate) unsafe fn write_u8(port: u16, value: u8) {
    // SAFETY: (1); the instruction itself touches no memory.
    unsafe { asm!("out dx, al", in("dx") port, in("al") value, options(nomem, nostack, preserves_flags)) }
}

/// Writes a double word to a port.
///
/// # Safety
/// As [`write_u8`].
pub(crate) unsafe fn write_u32(port: u16, value: u32) {
    // SAFETY: (1) of `write_u8`.
    unsafe { asm!("out dx, eax", in("dx") port, in("eax") value, options(nomem, nostack, preserves_flags)) }
}

/// Reads a byte from a port.
///
/// # Safety
/// As [`write_u8`], for a read.
pub(crate) unsafe fn read_u8(port: u16) -> u8 {
    let value;
    // SAFETY: (1) of `write_u8`.
    unsafe { asm!("in al, dx", in("dx") port, out("al") value, options(nomem, nostack, preserves_flags)) }
    value
}
