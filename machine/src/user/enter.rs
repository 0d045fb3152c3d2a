//! The way into ring 3 and the way back, as one call.
//!
//! ```text
//!   enter_by_iret, enter_by_sysret               leave_user
//!   kernel stack: [rbp rbx r12 r13 r14 r15] <--- gs:[kernel_stack]
//!   RSP := frame, pop all, IRETQ or SYSRETQ      RSP := gs:[kernel_stack], pop, RET to the caller         
//! ```

use crate::cpu::gdt::TaskStateSegment;
use crate::cpu::local::CpuLocal;
use crate::trap::TrapFrame;
use crate::trap::entry::pop_registers;
use core::arch::naked_asm;
use core::mem::offset_of;

/// Saves what System V wants kept, in the order that [`leave_user`] pops, and makes RDI's frame the one of this CPU;
/// RSP then points at it, and the general registers can be popped.
macro_rules! leave_kernel_stack {
    () => {
        "push rbp
        push rbx
        push r12
        push r13
        push r14
        push r15
        mov gs:[{kernel_stack}], rsp
        lea rax, [rdi + {frame_bytes}]
        mov gs:[{frame_end}], rax
        mov gs:[{rsp0}], rax
        mov rsp, rdi"
    };
}

/// Loads the registers of `frame` and enters ring 3; returns when ring 3 traps, the registers saved in `frame`.
///
/// # Safety
/// 1. Interrupts are disabled; GS is the kernel's; the running task has the address space that the program needs.
/// 2. `frame` has user selectors, IF set, a user RIP, and is not accessed otherwise until the return.
#[unsafe(naked)]
pub(crate) unsafe extern "sysv64" fn enter_by_iret(frame: *mut TrapFrame) {
    naked_asm!(
        leave_kernel_stack!(),            // gs:[frame_end] is SYSCALL's stack, RSP0 every other trap's
        pop_registers!(),
        "lea rsp, [rsp + 16]",            // vector and error code
        "swapgs",
        "iretq",
        kernel_stack = const offset_of!(CpuLocal, kernel_stack),
        frame_bytes = const size_of::<TrapFrame>(),
        frame_end = const offset_of!(CpuLocal, user_frame_end),
        rsp0 = const offset_of!(CpuLocal, tss) + offset_of!(TaskStateSegment, rsp0),
    )
}

/// As [`enter_by_iret`], in fewer and cheaper steps.
///
/// # Safety
/// 1. As [`enter_by_iret`].
/// 2. RCX = RIP, R11 = RFLAGS, and neither TF nor RF is set in it.
#[unsafe(naked)]
pub(super) unsafe extern "sysv64" fn enter_by_sysret(frame: *mut TrapFrame) {
    naked_asm!(
        leave_kernel_stack!(),
        pop_registers!(),
        "mov rsp, [rsp + 40]",            // vector, error code, RIP, CS, RFLAGS lie below the user's RSP
        "swapgs",
        "sysretq",
        kernel_stack = const offset_of!(CpuLocal, kernel_stack),
        frame_bytes = const size_of::<TrapFrame>(),
        frame_end = const offset_of!(CpuLocal, user_frame_end),
        rsp0 = const offset_of!(CpuLocal, tss) + offset_of!(TaskStateSegment, rsp0),
    )
}

/// The end of every entry from ring 3: the frame is complete, go back to the caller of [`enter_by_iret`] or [`enter_by_sysret`].
#[unsafe(naked)]
pub(crate) unsafe extern "sysv64" fn leave_user() {
    naked_asm!(
        "mov rsp, gs:[{kernel_stack}]",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
        kernel_stack = const offset_of!(CpuLocal, kernel_stack),
    )
}
