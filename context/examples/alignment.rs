//! The stack pointer is a multiple of 16 at every `call`, so it ends in 8 at a function's first instruction: on the
//! thread's own stack as on a coroutine's.
//!
//! `cargo run -p threadbare-context --example alignment`
#![allow(unsafe_code, reason = "shows the stack pointer, which only assembly can read")]

use std::arch::naked_asm;

use threadbare_context::{Coroutine, MappedStack};

/// The stack pointer at the first instruction of a function.
#[unsafe(naked)]
extern "sysv64" fn stack_pointer_on_entry() -> usize {
    naked_asm!("mov rax, rsp", "ret")
}

fn report(place: &str) {
    let rsp = stack_pointer_on_entry();
    println!(
        "{place:<28} rsp on entry {rsp:#x}, at the call {:#x}: 16 × {:#x}",
        rsp + 8,
        (rsp + 8) / 16
    );
    assert_eq!((rsp + 8) % 16, 0);
}

fn main() -> std::io::Result<()> {
    report("thread's stack");
    let mut coroutine: Coroutine<(), (), (), _> =
        Coroutine::new(MappedStack::new(64 << 10)?, |yielder, ()| {
            report("coroutine's stack");
            yielder.suspend(());
            report("coroutine's stack, later");
        });
    coroutine.resume(());
    report("thread's stack, in between");
    coroutine.resume(());
    Ok(())
}
