//! What a switch keeps: the callee-saved registers. Two sides each hold values in rbx, rbp and r12 to r15 over a
//! thousand switches; every side finds its own again.
//!
//! `cargo run -p threadbare-context --example callee_saved`
#![allow(unsafe_code, reason = "shows registers, which only assembly can name")]

use std::arch::naked_asm;

use threadbare_context::{Coroutine, MappedStack, Yielder};

/// Fills the callee-saved registers with `seed` + 0 … 5, calls `body(data)`, and stores what they hold afterwards.
///
/// # Safety
/// `body` may be called with `data`, and `out` is valid for six words.
#[unsafe(naked)]
unsafe extern "sysv64" fn with_registers(
    seed: u64,
    body: extern "sysv64" fn(*const ()),
    data: *const (),
    out: *mut [u64; 6],
) {
    naked_asm!(
        // Our caller's values, and `out`; seven words and the return address keep rsp a multiple of 16.
        "push rbx",
        "push rbp",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "push rcx",
        "mov rbx, rdi",
        "lea rbp, [rdi + 1]",
        "lea r12, [rdi + 2]",
        "lea r13, [rdi + 3]",
        "lea r14, [rdi + 4]",
        "lea r15, [rdi + 5]",
        "mov rax, rsi",
        "mov rdi, rdx",
        "call rax", // switches away and back
        "pop rcx",
        "mov [rcx], rbx",
        "mov [rcx + 8], rbp",
        "mov [rcx + 16], r12",
        "mov [rcx + 24], r13",
        "mov [rcx + 32], r14",
        "mov [rcx + 40], r15",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbp",
        "pop rbx",
        "ret",
    )
}

extern "sysv64" fn suspend_a_thousand_times(yielder: *const ()) {
    // SAFETY: `main` passes its coroutine's yielder, from inside that coroutine.
    let yielder = unsafe { &*yielder.cast::<Yielder<(), ()>>() };
    for _ in 0..1000 {
        yielder.suspend(());
    }
}

fn main() -> std::io::Result<()> {
    let stack = MappedStack::new(64 << 10)?;
    let mut coroutine: Coroutine<(), (), [u64; 6], _> = Coroutine::new(stack, |yielder, ()| {
        let mut kept = [0; 6];
        let yielder: *const Yielder<(), ()> = yielder;
        // SAFETY: the body is made for this data, and `kept` has six words.
        unsafe { with_registers(100, suspend_a_thousand_times, yielder.cast(), &raw mut kept) };
        kept
    });
    let kept = loop {
        if let threadbare_context::Resumed::Returned(kept) = coroutine.resume(()) {
            break kept;
        }
    };
    for (name, value) in ["rbx", "rbp", "r12", "r13", "r14", "r15"].iter().zip(kept) {
        println!("{name} held {value} over 1000 switches");
    }
    assert_eq!(kept, [100, 101, 102, 103, 104, 105]);
    Ok(())
}
