//! `memcmp` and `bcmp` for the kernel: `core` compares slices by them.
//!
//! Those of `compiler_builtins` set up ever wider loops before they look at the first byte, which costs some forty
//! instructions where two file names differ at once. These are weak there, so that definitions like these win.

use core::arch::naked_asm;

/// The first difference of two pieces of memory as a number below, at or above 0.
#[unsafe(no_mangle)]
#[unsafe(naked)]
unsafe extern "sysv64" fn memcmp(a: *const u8, b: *const u8, length: usize) -> i32 {
    naked_asm!(
        "xor ecx, ecx", // how far they are equal
        "2:",
        "lea r8, [rcx + 8]",
        "cmp r8, rdx",
        "ja 3f", // fewer than 8 bytes are left
        "mov rax, [rdi + rcx]",
        "cmp rax, [rsi + rcx]",
        "jne 3f",
        "mov rcx, r8",
        "jmp 2b",
        "3:",
        "cmp rcx, rdx",
        "je 4f",
        "movzx eax, byte ptr [rdi + rcx]",
        "movzx r8d, byte ptr [rsi + rcx]",
        "inc rcx",
        "sub eax, r8d",
        "je 3b",
        "ret",
        "4:",
        "xor eax, eax",
        "ret",
    )
}

/// 0 for equal pieces of memory, another number for different ones.
#[unsafe(no_mangle)]
#[unsafe(naked)]
unsafe extern "sysv64" fn bcmp(a: *const u8, b: *const u8, length: usize) -> i32 {
    naked_asm!("jmp {memcmp}", memcmp = sym memcmp)
}
