//! Vector numbers (SDM 3A, table 7-1) and our own.

#![expect(missing_docs, reason = "the manual's mnemonics")]

pub const DIVIDE_ERROR: u8 = 0;
pub const DEBUG: u8 = 1;
pub const NMI: u8 = 2;
pub const BREAKPOINT: u8 = 3;
pub const OVERFLOW: u8 = 4;
pub const BOUND_RANGE: u8 = 5;
pub const INVALID_OPCODE: u8 = 6;
pub const DEVICE_NOT_AVAILABLE: u8 = 7;
pub const DOUBLE_FAULT: u8 = 8;
pub const INVALID_TSS: u8 = 10;
pub const SEGMENT_NOT_PRESENT: u8 = 11;
pub const STACK_FAULT: u8 = 12;
pub const GENERAL_PROTECTION: u8 = 13;
pub const PAGE_FAULT: u8 = 14;
pub const X87_ERROR: u8 = 16;
pub const ALIGNMENT_CHECK: u8 = 17;
pub const MACHINE_CHECK: u8 = 18;
pub const SIMD_ERROR: u8 = 19;
pub const VIRTUALIZATION: u8 = 20;
pub const CONTROL_PROTECTION: u8 = 21;
pub const VMM_COMMUNICATION: u8 = 29;
pub const SECURITY: u8 = 30;

/// The first vector that is not an exception.
pub const FIRST_INTERRUPT: u8 = 32;
/// The local APIC timer.
pub(crate) const TIMER: u8 = 0x40;
/// The first of 24 vectors for the inputs of the IO-APIC.
pub(crate) const FIRST_DEVICE: u8 = 0x50;
/// The local APIC's spurious interrupt: it needs no acknowledgement.
pub(crate) const SPURIOUS: u8 = 0xff;

/// Not a vector: what a [`super::TrapFrame`] of SYSCALL carries in its place.
pub const SYSCALL: u64 = 0x100;

/// Whether the CPU pushes an error code for `vector` (SDM 3A, table 7-1; APM 2, 8.4.1 for 29 and 30).
pub const fn has_error_code(vector: u8) -> bool {
    matches!(vector, 8 | 10..=14 | 17 | 21 | 29 | 30)
}

/// The manual's name of an exception.
pub const fn name(vector: u8) -> &'static str {
    match vector {
        DIVIDE_ERROR => "divide error (#DE)",
        DEBUG => "debug exception (#DB)",
        NMI => "non-maskable interrupt (NMI)",
        BREAKPOINT => "breakpoint (#BP)",
        OVERFLOW => "overflow (#OF)",
        BOUND_RANGE => "bound range exceeded (#BR)",
        INVALID_OPCODE => "invalid opcode (#UD)",
        DEVICE_NOT_AVAILABLE => "device not available (#NM)",
        DOUBLE_FAULT => "double fault (#DF)",
        INVALID_TSS => "invalid TSS (#TS)",
        SEGMENT_NOT_PRESENT => "segment not present (#NP)",
        STACK_FAULT => "stack-segment fault (#SS)",
        GENERAL_PROTECTION => "general protection (#GP)",
        PAGE_FAULT => "page fault (#PF)",
        X87_ERROR => "x87 floating-point error (#MF)",
        ALIGNMENT_CHECK => "alignment check (#AC)",
        MACHINE_CHECK => "machine check (#MC)",
        SIMD_ERROR => "SIMD floating-point exception (#XM)",
        VIRTUALIZATION => "virtualization exception (#VE)",
        CONTROL_PROTECTION => "control protection (#CP)",
        VMM_COMMUNICATION => "VMM communication (#VC)",
        SECURITY => "security exception (#SX)",
        32.. => "interrupt",
        _ => "reserved exception",
    }
}
