//! The end of the VM.

#[cfg(target_os = "none")]
use crate::{cpu::port, irq};

/// How the kernel ends, as the value written to QEMU's `isa-debug-exit` device: QEMU exits with `2 * value + 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Ending {
    /// In order: the program's status has been sent.
    Orderly = 0x10,
    /// The kernel died; the report is on the crash console.
    Died = 0x11,
    /// The in-VM tests passed.
    TestsPassed = 0x12,
    /// The in-VM tests failed.
    TestsFailed = 0x13,
}

/// On the host there is no VM to end.
///
/// # Panics
/// Always.
#[cfg(not(target_os = "none"))]
pub fn end(how: Ending) -> ! {
    panic!("the machine would end now: {how:?}")
}

/// Ends the VM: by `isa-debug-exit`, where there is none by the keyboard controller's reset line (Firecracker), and
/// at last by halting for ever.
#[cfg(target_os = "none")]
pub fn end(how: Ending) -> ! {
    core::mem::forget(irq::disable());
    // SAFETY: both devices end the machine and touch no memory.
    unsafe {
        port::write_u32(0xf4, how as u32);
        port::write_u8(0x64, 0xfe);
    }
    loop {
        // SAFETY: interrupts are disabled: this CPU stops for ever.
        unsafe { core::arch::asm!("hlt", options(nomem, nostack)) }
    }
}
