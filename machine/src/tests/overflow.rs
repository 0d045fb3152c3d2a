//! Ways to die, each explained; and one without the explanation, for contrast.

use super::Test;
use crate::cpu::idt::GateKind;
use crate::trap::install::change_gate;
use crate::trap::vector;
use core::arch::asm;
use core::hint::black_box;

pub(super) const TESTS: &[Test] = &[
    Test::dying(
        "a_kernel_stack_overflow_is_caught_on_an_ist_stack_and_explained",
        overflow,
        &[
            "double fault (#DF)",
            "interrupt stack (IST)",
            "kernel stack overflow: the stack of kernel thread",
            "was left by",
            "the guard of a kernel stack",
            "more frames",
        ],
    ),
    Test::dying(
        "a_kernel_stack_overflow_without_the_ist_ends_in_a_triple_fault",
        overflow_without_ist,
        &[],
    ),
    Test::dying(
        "a_null_pointer_in_the_kernel_is_explained",
        null_pointer,
        &[
            "page fault (#PF)",
            "access: read; no page is mapped there",
            "address: 0x10: in the null page",
            "code: ",
        ],
    ),
    Test::dying(
        "a_non_canonical_address_in_the_kernel_is_explained",
        non_canonical,
        &["general protection (#GP)", "backtrace:"],
    ),
    Test::dying(
        "a_panic_is_explained",
        panics,
        &["panic: on purpose: 42", "overflow.rs", "backtrace:"],
    ),
    Test::dying(
        "a_spin_lock_taken_twice_is_explained",
        deadlock,
        &["panic: a spin lock is taken twice by the only CPU"],
    ),
    Test::dying(
        "an_exception_inside_an_interrupt_handler_tells_the_chain",
        fault_in_interrupt,
        &["page fault (#PF)", "inside 1 interrupt handler(s)"],
    ),
];

pub(super) fn overflow() {
    black_box(recurse(black_box(1)));
}

#[expect(unconditional_recursion, reason = "it ends by overflowing the stack")]
/// Uses a good part of a page each time, and is not a tail call.
#[inline(never)]
fn recurse(depth: usize) -> usize {
    let mut room = [0u8; 512];
    black_box(&mut room);
    let deeper = recurse(black_box(depth + 1));
    deeper + usize::from(black_box(room)[depth % 512])
}

pub(super) fn overflow_without_ist() {
    // SAFETY: the double fault will find no stack to be told on: that is the point.
    unsafe { change_gate(vector::DOUBLE_FAULT, 0, GateKind::Interrupt) };
    overflow();
}

fn null_pointer() {
    // SAFETY: faults; the report ends the machine.
    unsafe { asm!("mov rax, [{}]", in(reg) 0x10usize, out("rax") _) };
}

fn non_canonical() {
    // SAFETY: faults; the report ends the machine.
    unsafe { asm!("mov rax, [{}]", in(reg) 0x1234_5678_9abc_def0usize, out("rax") _) };
}

fn panics() {
    panic!("on purpose: {}", black_box(42));
}

fn deadlock() {
    let lock = crate::sync::SpinLock::new(());
    let first = lock.lock();
    let second = lock.lock();
    drop((first, second));
}

fn fault_in_interrupt() {
    crate::time::set_timer(crate::time::Nanoseconds(1), null_pointer);
    crate::irq::enable();
    loop {
        core::hint::spin_loop();
    }
}
