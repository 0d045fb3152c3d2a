//! A real stack frame, word by word: a function with a frame pointer, its locals, its saved registers and its return
//! address, printed from inside the function that it calls.
//!
//! `cargo run -p threadbare-context --example frame_layout`
#![allow(unsafe_code, reason = "reads the caller's frame")]

use std::arch::naked_asm;

/// A function as the manuals draw it: `f(visit)` keeps two locals and one callee-saved register on its stack.
///
/// # Safety
/// `visit` may be called with the address of the frame.
#[unsafe(naked)]
unsafe extern "sysv64" fn f(visit: extern "sysv64" fn(*const u64)) {
    naked_asm!(
        "push rbp",     // the caller's frame pointer: frames form a list
        "mov rbp, rsp", // ours
        "push rbx",     // callee-saved, because we use it
        "mov ebx, 0xb0b",
        "sub rsp, 24", // two locals and a word that keeps rsp a multiple of 16
        "mov qword ptr [rbp - 16], 0x1111",
        "mov qword ptr [rbp - 24], 0x2222",
        "mov rax, rdi",
        "mov rdi, rsp",
        "call rax",
        "mov rbx, [rbp - 8]",
        "leave", // mov rsp, rbp; pop rbp
        "ret",
    )
}

extern "sysv64" fn print(frame: *const u64) {
    let meaning = [
        "rsp + 0   alignment",
        "rbp - 24  second local",
        "rbp - 16  first local",
        "rbp - 8   saved rbx",
        "rbp + 0   saved rbp of the caller",
        "rbp + 8   return address, pushed by call",
    ];
    for (index, meaning) in meaning.iter().enumerate().rev() {
        // SAFETY: these six words are the frame of `f`, which waits for us.
        let word = unsafe { frame.add(index).read() };
        println!("{:p}  {word:#018x}  {meaning}", frame.wrapping_add(index));
    }
    // SAFETY: as above.
    let locals = unsafe { (frame.add(1).read(), frame.add(2).read()) };
    assert_eq!(locals, (0x2222, 0x1111));
}

fn main() {
    println!("the stack grows down; the frame of f, highest address first");
    // SAFETY: `print` reads the six words that `f` lays out.
    unsafe { f(print) };
}
