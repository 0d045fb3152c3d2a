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

use core::arch::{asm, naked_asm};

/// A suspended computation: the address of its saved state on its own stack.
///
/// Resuming consumes the value in spirit (invariant 1 of the crate); it is `Copy` only so that it can live in
/// atomics and per-CPU slots of the runtimes above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct StackPointer(pub usize);

/// The first function of a stack. `argument` is what [`prepare`] was given, `transfer` what the first switch to
/// the stack carried. It must not return, and must not unwind.
pub type Entry = unsafe extern "sysv64" fn(argument: usize, transfer: usize) -> !;

/// Lays out a fresh stack below `base` so that the first [`switch`] to the result calls `entry(argument, transfer)`.
///
/// # Safety
/// 1. `base` is the base of a [`Stack`](crate::Stack) on which nothing runs or is suspended.
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
#[unsafe(naked)]
unsafe extern "sysv64" fn begin() {
    naked_asm!(
        ".cfi_undefined rip", // the unwinder finds no caller and stops
        "pop rax",            // the entry function
        "pop rdi",            // its first argument; its second, the transfer, is in rsi already
        "xor ebp, ebp",       // end of the frame-pointer chain
        // RSP is base - 16 here: aligned, and the call pushes an address inside this function.
        "call rax",
        "ud2", // an entry function never returns
    )
}

/// Suspends the running computation, stores where it can be resumed in `*save`, and resumes `to`.
/// Returns what the switch that resumes this computation passes as `transfer`.
///
/// # Safety
/// 1. `to` came from [`prepare`] or from a `save`, and has not been resumed since; its stack is alive.
/// 2. `save` is valid for a write. It is written before the first instruction of `to` runs.
/// 3. Whoever resumes this computation does so when nothing that it borrows has gone.
#[inline(always)]
pub unsafe fn switch(save: *mut StackPointer, to: StackPointer, transfer: usize) -> usize {
    let received: usize;
    // SAFETY: the assembly keeps the System V contract at both ends: RBX, RBP and RSP are restored by the same
    // side that saved them, everything else is declared clobbered. (1) and (2) make its two accesses valid.
    unsafe {
        asm!(
            "push rbp",              // reserved by LLVM, so saved by hand
            "push rbx",              // likewise
            "lea rax, [rip + 2f]",   // where this side continues
            "push rax",
            "mov [rdi], rsp",        // publish the suspended state …
            "mov rsp, rdx",          // … and take the other one
            "pop rax",
            "jmp rax",               // not `ret`: see the module text
            "2:",
            "pop rbx",
            "pop rbp",
            inout("rdi") save => _,
            inout("rsi") transfer => received,
            inout("rdx") to.0 => _,
            out("rax") _, out("rcx") _, out("r8") _, out("r9") _, out("r10") _, out("r11") _,
            out("r12") _, out("r13") _, out("r14") _, out("r15") _,
            clobber_abi("sysv64"),
        );
    }
    received
}
