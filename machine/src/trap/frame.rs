//! The frames that a trap leaves in memory.

/// What the CPU itself pushes (SDM 3A, figure 7-8), lowest address first, without the error code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct InterruptStackFrame {
    /// The instruction to return to: for a fault the faulting one, for a trap or interrupt the next.
    pub rip: u64,
    /// The code segment; its low two bits are the ring that was left.
    pub cs: u64,
    /// The flags.
    pub rflags: u64,
    /// The stack pointer.
    pub rsp: u64,
    /// The stack segment.
    pub ss: u64,
}

/// All registers of the interrupted computation but the floating-point and vector state.
///
/// Lowest address first, as the stubs push them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C, align(16))]
#[expect(missing_docs, reason = "the registers speak for themselves")]
pub struct TrapFrame {
    pub r15: u64,
    pub r14: u64,
    pub r13: u64,
    pub r12: u64,
    pub rbp: u64,
    pub rbx: u64,
    pub r11: u64,
    pub r10: u64,
    pub r9: u64,
    pub r8: u64,
    pub rdi: u64,
    pub rsi: u64,
    pub rdx: u64,
    pub rcx: u64,
    pub rax: u64,
    /// The vector, or [`super::vector::SYSCALL`].
    pub vector: u64,
    /// The error code; 0 for vectors without.
    pub error_code: u64,
    /// What the CPU pushed.
    pub cpu: InterruptStackFrame,
}

/// The size of the whole frame, for assembly. A multiple of 16, so that a frame on an aligned stack leaves it so.
pub(crate) const TRAP_FRAME_BYTES: usize = size_of::<TrapFrame>();
const _: () = assert!(TRAP_FRAME_BYTES == 176);
