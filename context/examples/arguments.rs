//! Where System V puts a function's arguments: six words in registers, the rest on the stack, read by the callee.
//!
//! `cargo run -p threadbare-context --example arguments`
#![allow(unsafe_code, reason = "shows registers, which only assembly can name")]

use std::arch::naked_asm;

/// Stores its arguments as the machine sees them on entry.
///
/// # Safety
/// `out` is valid for ten words.
#[unsafe(naked)]
unsafe extern "sysv64" fn observe(
    out: *mut [u64; 10],
    b: u64,
    c: u64,
    d: u64,
    e: u64,
    f: u64,
    g: u64,
    h: u64,
) {
    naked_asm!(
        "mov [rdi], rdi",
        "mov [rdi + 8], rsi",
        "mov [rdi + 16], rdx",
        "mov [rdi + 24], rcx",
        "mov [rdi + 32], r8",
        "mov [rdi + 40], r9",
        "mov rax, [rsp]", // the return address that `call` pushed
        "mov [rdi + 48], rax",
        "mov rax, [rsp + 8]", // the seventh argument
        "mov [rdi + 56], rax",
        "mov rax, [rsp + 16]", // the eighth
        "mov [rdi + 64], rax",
        "mov [rdi + 72], rsp",
        "ret",
    )
}

fn main() {
    let mut seen = [0; 10];
    let out = &raw mut seen;
    // SAFETY: `seen` has the ten words.
    unsafe { observe(out, 2, 3, 4, 5, 6, 7, 8) };
    let names = [
        "rdi",
        "rsi",
        "rdx",
        "rcx",
        "r8",
        "r9",
        "[rsp] return",
        "[rsp+8] 7th",
        "[rsp+16] 8th",
        "rsp",
    ];
    for (name, value) in names.iter().zip(seen) {
        println!("{name:<14} {value:#x}");
    }
    assert_eq!(seen[0], out as u64);
    assert_eq!(seen[1..6], [2, 3, 4, 5, 6]);
    assert_eq!(seen[7..9], [7, 8]);
}
