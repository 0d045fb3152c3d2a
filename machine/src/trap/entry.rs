//! The common entries: save the general registers, go to Rust, come back.
//!
//! The stack when an entry begins (see [`super::stubs`]), lowest line first:
//!
//! ```text
//!   rsp ->  vector
//!           error code
//!           RIP  CS  RFLAGS  RSP  SS     pushed by the CPU
//! ```

use super::frame::{TRAP_FRAME_BYTES, TrapFrame};
use crate::cpu::local::CpuLocal;
use crate::cpu::msr;
use crate::user::enter::leave_user;
use core::arch::naked_asm;
use core::mem::offset_of;

/// Pushes the general registers that a function of System V may change.
macro_rules! push_scratch_registers {
    () => {
        "push rax
        push rcx
        push rdx
        push rsi
        push rdi
        push r8
        push r9
        push r10
        push r11"
    };
}

/// Pushes those that it preserves.
macro_rules! push_preserved_registers {
    () => {
        "push rbx
        push rbp
        push r12
        push r13
        push r14
        push r15"
    };
}
#[cfg(all(target_os = "none", feature = "vm-tests"))]
pub(crate) use push_preserved_registers;

/// Pushes the general registers, completing a [`super::TrapFrame`]; RSP then points at it.
macro_rules! push_registers {
    () => {
        concat!(push_scratch_registers!(), "\n", push_preserved_registers!())
    };
}

/// Undoes [`push_preserved_registers`].
macro_rules! pop_preserved_registers {
    () => {
        "pop r15
        pop r14
        pop r13
        pop r12
        pop rbp
        pop rbx"
    };
}
pub(crate) use pop_preserved_registers;

/// Undoes [`push_scratch_registers`] but for RAX, which comes last.
macro_rules! pop_scratch_registers_but_rax {
    () => {
        "pop r11
        pop r10
        pop r9
        pop r8
        pop rdi
        pop rsi
        pop rdx
        pop rcx"
    };
}
pub(crate) use pop_scratch_registers_but_rax;

/// Undoes [`push_registers`]; RSP then points at the vector.
macro_rules! pop_registers {
    () => {
        concat!(
            $crate::trap::entry::pop_preserved_registers!(),
            "\n",
            $crate::trap::entry::pop_scratch_registers_but_rax!(),
            "\npop rax"
        )
    };
}
pub(crate) use pop_registers;

/// CLAC where the CPU has SMAP, a NOP where not: the site is listed, and boot overwrites it if need be. Ring 3 may have
/// set AC, and the CPU does not clear it on the way in (SDM 3A, 5.6.1).
macro_rules! clac {
    () => {
        "771:
        clac
        .pushsection .smap_sites, \"a\"
        .quad 771b
        .popsection"
    };
}
pub(crate) use clac;

/// The flags that SYSRET must not set: TF would trap in front of the first instruction, RF it does not restore.
pub(crate) const NOT_FOR_SYSRET: u64 = 1 << 8 | 1 << 16;

/// The entry of every vector without an IST stack.
#[unsafe(naked)]
pub(crate) unsafe extern "sysv64" fn trap_entry() {
    naked_asm!(
        "test byte ptr [rsp + 24], 3", // the ring in CS
        "jnz 2f",
        // From ring 0, on the running kernel stack.
        push_registers!(),
        "cld",                         // the ABI wants the direction flag clear
        clac!(),
        "mov rdi, rsp",
        "call {dispatch}",             // RSP is a multiple of 16: the CPU aligned it and the frame has 176 bytes
        pop_registers!(),
        "add rsp, 16",                 // vector and error code
        "iretq",
        // From ring 3: RSP0 led here, so this is the thread's own frame inside its UserContext.
        "2:",
        "swapgs",                      // from here on GS is the kernel's
        push_registers!(),
        "cld",
        clac!(),
        "jmp {leave_user}",
        dispatch = sym trap,
        leave_user = sym leave_user,
    )
}

/// The entry of the vectors with an IST stack, which may strike anywhere: also between an entry from ring 3 and its
/// SWAPGS. So GS base is saved, set from the word above the stack's start, and restored.
#[unsafe(naked)]
pub(super) unsafe extern "sysv64" fn ist_entry() {
    naked_asm!(
        push_registers!(),
        "cld",
        clac!(),
        "mov ecx, {gs_base}",
        "rdmsr",
        "shl rdx, 32",
        "lea rbx, [rax + rdx]",        // the GS base found, in a register that survives the call
        "mov rax, [rsp + {cpu}]",      // this CPU's block: `install` put it there
        "mov rdx, rax",
        "shr rdx, 32",
        "wrmsr",
        "mov rdi, rsp",
        "call {dispatch}",
        "mov rax, rbx",
        "mov rdx, rbx",
        "shr rdx, 32",
        "mov ecx, {gs_base}",
        "wrmsr",
        pop_registers!(),
        "add rsp, 16",
        "iretq",
        gs_base = const msr::GS_BASE,
        cpu = const TRAP_FRAME_BYTES + 8,
        dispatch = sym trap,
    )
}

/// SYSCALL lands here: RCX = return address, R11 = flags, still on the user's stack (SDM 2B, SYSCALL). Interrupts are off
/// by SFMASK. It builds the same frame as a trap from ring 3, in two steps: between them a leaf call is answered
/// (see [`crate::user::leaf`]), for which the rest of the frame is not needed.
///
/// SYSRET without [`leave_user`] is safe: RCX is at most `USER_END`, since the SYSCALL before it was fetched from a user page, and R11
/// holds what ring 3 had as flags.
#[unsafe(naked)]
pub(crate) unsafe extern "sysv64" fn syscall_entry() {
    naked_asm!(
        "swapgs",
        "mov gs:[{scratch}], rsp",
        "mov rsp, gs:[{frame_end}]",
        "push {user_data}",
        "push gs:[{scratch}]",
        "push r11",
        "push {user_code}",
        "push rcx",
        "push 0",
        "push {syscall}",
        push_scratch_registers!(),
        clac!(),
        "mov ecx, {last_leaf}",
        "cmp eax, ecx",
        "cmovb ecx, eax",              // the number is the low half of RAX
        "mov rax, gs:[{leaves}]",
        "mov rax, [rax + rcx * 8]",
        "test rax, rax",
        "jz 2f",
        "test r11d, {not_for_sysret}",
        "jnz 2f",
        "mov rdi, gs:[{subject}]",
        "lea rsi, [rsp - {preserved}]",  // where the frame begins
        "mov rdx, rsp",
        "mov rsp, gs:[{kernel_stack}]",  // 8 less than a multiple of 16: `run` was called, and six registers were pushed
        "push rdx",                    // … as a call wants it
        "mov byte ptr gs:[{in_leaf}], 1",
        "call rax",
        "mov byte ptr gs:[{in_leaf}], 0",
        "pop rsp",
        "test edx, edx",
        "jz 2f",
        pop_scratch_registers_but_rax!(),
        "mov rsp, [rsp + 48]",         // RAX, vector, error code, RIP, CS, RFLAGS lie below the user's RSP
        "swapgs",
        "sysretq",
        // No leaf, or no answer: out of `run`.
        "2:",
        push_preserved_registers!(),
        "jmp {leave_user}",
        scratch = const offset_of!(CpuLocal, scratch),
        frame_end = const offset_of!(CpuLocal, user_frame_end),
        kernel_stack = const offset_of!(CpuLocal, kernel_stack),
        leaves = const offset_of!(CpuLocal, leaves),
        subject = const offset_of!(CpuLocal, subject),
        in_leaf = const offset_of!(CpuLocal, in_leaf),
        last_leaf = const crate::user::leaf::LAST,
        not_for_sysret = const NOT_FOR_SYSRET,
        preserved = const offset_of!(TrapFrame, r11),
        user_data = const crate::cpu::gdt::USER_DATA as i32,
        user_code = const crate::cpu::gdt::USER_CODE as i32,
        syscall = const super::vector::SYSCALL as i32,
        leave_user = sym leave_user,
    )
}

/// From assembly into safe Rust at once.
extern "sysv64" fn trap(frame: &mut TrapFrame) {
    #[cfg(target_os = "none")]
    super::dispatch::from_ring_0(frame);
    #[cfg(not(target_os = "none"))]
    unreachable!("the host raises no traps here: {frame:?}");
}
