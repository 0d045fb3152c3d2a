//! The symmetric switch: leave the running stack, continue another.
//!
//! A suspended stack looks like this, lowest address at the bottom; `StackPointer` is the lowest line:
//!
//! ```text
//!   caller's frame
//!   +16  saved RBP   ┐ pushed by the side that leaves,
//!   + 8  saved RBX   ┘ popped by the same side when it is resumed
//!     0  resume RIP    where the resuming side jumps
//! ```
//!
//! Every other register is declared clobbered, so the compiler itself spills what is live and nothing else.
//! RBX and RBP are ours because LLVM reserves them. MXCSR and the x87 control word are not saved: both sides
//! are Rust, which may not change them. The way out is `pop; jmp` and not `ret`: a `ret` to an address that the
//! matching `call` did not push mispredicts on the return-stack buffer (measured: 1.1 ns against 7.4 ns).
//!
//! Between the pushes and the jump the compiler's unwind tables are off by the three words above, as in any
//! inline assembly that moves RSP. No call and no panic happens there; a profiler's sample may lose its caller.

use core::arch::{asm, naked_asm};

use crate::{Entry, StackPointer};

/// Lays out a fresh stack below `base` so that the first [`switch`] to the result calls `entry(argument, transfer)`.
///
/// # Safety
/// 1. `base` is the base of a [`Stack`](crate::Stack) on which nothing runs or is suspended, or a multiple of 16
///    inside such a stack, above which the caller keeps data of its own.
/// 2. That stack outlives the computation, which ends only by never being resumed again.
pub unsafe fn prepare(base: usize, entry: Entry, argument: usize) -> StackPointer {
    //   base -  8  0            return address for walkers: the end of the chain
    //   base - 16  0            saved RBP of nobody: the end of the frame-pointer chain
    //   base - 24  argument
    //   base - 32  entry
    //   base - 40  begin        <- StackPointer
    let slots = [begin as *const () as usize, entry as usize, argument, 0, 0];
    let lowest = base - size_of_val(&slots);
    // SAFETY: (1) gives `[lowest, base)` to this computation; it is 8-byte aligned because base is 16-byte aligned.
    unsafe { (lowest as *mut [usize; 5]).write(slots) };
    StackPointer(lowest)
}

/// The bottom frame of every stack: pops what [`prepare`] laid out and calls the entry function.
///
/// Its unwind information says that it has no caller, so unwinders and debuggers stop here. A kernel walks frame
/// pointers and needs no such section.
#[unsafe(naked)]
unsafe extern "sysv64" fn begin() {
    #[cfg(not(target_os = "none"))]
    naked_asm!(
        ".cfi_startproc",
        ".cfi_undefined rip",
        "pop rax",      // the entry function
        "pop rdi",      // its first argument; its second, the transfer, is in rsi already
        "xor ebp, ebp", // end of the frame-pointer chain
        // RSP is base - 16 here: aligned, and the call pushes an address inside this function.
        "call rax",
        "ud2", // an entry function never returns
        ".cfi_endproc",
    );
    #[cfg(target_os = "none")]
    naked_asm!("pop rax", "pop rdi", "xor ebp, ebp", "call rax", "ud2")
}

/// Leaves the running computation for good and resumes `to`. The stack that was left may be used anew once `to` runs.
///
/// # Safety
/// 1. `to` came from [`prepare`] or from a `save`, and has not been resumed since; its stack is alive.
/// 2. Nothing on the running stack is borrowed or needed by anybody once `to` runs.
#[inline(always)]
pub unsafe fn leave(to: StackPointer, transfer: usize) -> ! {
    // SAFETY: (1) makes the load valid; nothing returns here, so there is no contract left to keep on this side.
    unsafe {
        asm!(
            "mov rsp, rdx",
            "pop rax",
            "jmp rax",
            in("rdx") to.0,
            in("rsi") transfer,
            options(noreturn),
        )
    }
}

/// Generates a switch; `$prologue` are the lines that run just before the stack pointer changes.
macro_rules! switch_body {
    ($save:ident, $to:ident, $transfer:ident, [$($prologue:literal),*], [$($operand:tt)*]) => {{
        let received: usize;
        asm!(
            "push rbp",              // reserved by LLVM, so saved by hand
            "push rbx",              // likewise
            "lea rax, [rip + 2f]",   // where this side continues
            "push rax",
            "mov [rdi], rsp",        // publish the suspended state …
            $($prologue,)*
            "mov rsp, rdx",          // … and take the other one
            "pop rax",
            "jmp rax",               // not `ret`: see the module text
            "2:",
            "pop rbx",
            "pop rbp",
            inout("rdi") $save => _,
            inout("rsi") $transfer => received,
            inout("rdx") $to.0 => _,
            $($operand)*
            out("rax") _, out("r8") _, out("r9") _, out("r10") _, out("r11") _,
            out("r12") _, out("r13") _, out("r14") _, out("r15") _,
            clobber_abi("sysv64"),
        );
        received
    }};
}

/// Leaves the running computation, stores where it can be resumed in `*save`, and resumes `to`.
/// Returns what the switch that resumes this computation passes as `transfer`.
///
/// # Safety
/// 1. `to` came from [`prepare`] or from a `save`, and has not been resumed since; its stack is alive.
/// 2. `save` is valid for a write. It is written before the first instruction of `to` runs.
/// 3. Whoever resumes this computation does so when nothing that it borrows has gone.
#[inline(always)]
pub unsafe fn switch(save: *mut StackPointer, to: StackPointer, transfer: usize) -> usize {
    // SAFETY: the assembly keeps the System V contract at both ends: RBX, RBP and RSP are restored by the same
    // side that saved them, everything else is declared clobbered. (1) and (2) make its two accesses valid.
    unsafe { switch_body!(save, to, transfer, [], [out("rcx") _,]) }
}

/// As [`switch`], and gives `to` its own thread pointer: the FS base becomes `thread_pointer` (by `wrfsbase`, about
/// 11 ns on Zen 4). No thread-local is touched between that instruction and the change of stacks, so each
/// computation only ever sees its own.
///
/// # Safety
/// The duties of [`switch`], and
/// 4. the kernel allows `wrfsbase` in user mode (`AT_HWCAP2` bit 1);
/// 5. `thread_pointer` is the thread control block that `to` ran with when it was suspended, or a complete fresh one
///    for a fresh computation; no other operating-system thread uses it now.
#[cfg(not(target_os = "none"))]
#[inline(always)]
pub unsafe fn switch_with_thread_pointer(
    save: *mut StackPointer,
    to: StackPointer,
    transfer: usize,
    thread_pointer: usize,
) -> usize {
    // SAFETY: as for `switch`; (4) makes the instruction legal, (5) gives `to` the thread-locals that it owns.
    unsafe { switch_body!(save, to, transfer, ["wrfsbase rcx"], [inout("rcx") thread_pointer => _,]) }
}
