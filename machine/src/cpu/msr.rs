//! Model-specific registers (SDM 4).

use core::arch::asm;

pub(crate) const APIC_BASE: u32 = 0x1b;
pub(crate) const EFER: u32 = 0xc000_0080;
pub(crate) const STAR: u32 = 0xc000_0081;
pub(crate) const LSTAR: u32 = 0xc000_0082;
pub(crate) const SFMASK: u32 = 0xc000_0084;
pub(crate) const FS_BASE: u32 = 0xc000_0100;
pub(crate) const GS_BASE: u32 = 0xc000_0101;
pub(crate) const KERNEL_GS_BASE: u32 = 0xc000_0102;

/// EFER.SCE: SYSCALL and SYSRET are enabled.
pub(crate) const EFER_SYSCALL: u64 = 1 << 0;

/// Reads an MSR.
///
/// # Safety
/// 1. The MSR exists on this CPU.
pub(crate) unsafe fn read(msr: u32) -> u64 {
    let (low, high): (u32, u32);
    // SAFETY: (1).
    unsafe {
        asm!("rdmsr", in("ecx") msr, out("eax") low, out("edx") high, options(nomem, nostack, preserves_flags));
    }
    u64::from(high) << 32 | u64::from(low)
}

/// Writes an MSR.
///
/// # Safety
/// 1. The MSR exists and takes this value.
/// 2. The change breaks no invariant of this crate: the caller says which it upholds.
pub(crate) unsafe fn write(msr: u32, value: u64) {
    let (low, high) = (value & 0xffff_ffff, value >> 32);
    // SAFETY: (1) and (2).
    unsafe { asm!("wrmsr", in("ecx") msr, in("rax") low, in("rdx") high, options(nostack, preserves_flags)) }
}
