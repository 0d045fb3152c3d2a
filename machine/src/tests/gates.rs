//! What gates do: the interrupt flag, and the stack that the trap lands on.

use super::Test;
use super::observe::watch;
use crate::cpu::idt::GateKind;
use crate::cpu::local::local;
use crate::irq;
use crate::memory::stack::{Place, describe};
use crate::trap::install::change_gate;
use crate::trap::vector;
use core::arch::asm;

pub(super) const TESTS: &[Test] = &[
    Test::new(
        "an_interrupt_gate_clears_the_interrupt_flag_and_a_trap_gate_does_not",
        interrupt_flag,
    ),
    Test::new("an_ist_stack_is_taken_from_ring_0", ist_from_ring_0),
    Test::new("every_ist_stack_has_a_guard_below_it", ist_guards),
];

/// A vector that nothing else uses.
const SPARE: u8 = 0x70;

fn interrupt_flag() {
    let seen = |kind| {
        // SAFETY: the spare vector's stub serves both kinds of gate.
        unsafe { change_gate(SPARE, 0, kind) };
        let flag = core::cell::Cell::new(false);
        irq::enable();
        let (frame, _) = watch(SPARE, || {
            // SAFETY: the trap is watched and returns.
            unsafe { asm!("int 0x70") }
            flag.set(irq::enabled());
        });
        assert!(frame.cpu.rflags & 0x200 != 0, "the flag was set before");
        assert!(flag.get(), "IRETQ restores it");
        super::observe::flags_in_handler() & 0x200 != 0
    };
    assert!(!seen(GateKind::Interrupt));
    assert!(seen(GateKind::Trap));
    // SAFETY: as it was.
    unsafe { change_gate(SPARE, 0, GateKind::Interrupt) };
}

fn ist_top(number: usize) -> usize {
    let stacks = local().tss.ist;
    stacks[number - 1] as usize
}

fn ist_from_ring_0() {
    for (number, ist) in [(vector::NMI, 2), (vector::MACHINE_CHECK, 3)] {
        let (_, at) = watch(number, || {
            // SAFETY: the trap is watched and returns.
            unsafe {
                match number {
                    vector::NMI => asm!("int 2"),
                    _ => asm!("int 18"),
                }
            }
        });
        assert_eq!(
            at + 176,
            ist_top(ist),
            "the frame of vector {number} begins at its IST stack's top"
        );
    }
}

fn ist_guards() {
    for ist in 1..=3 {
        let Some(Place::Inside(base)) = describe(ist_top(ist)) else {
            panic!("IST{ist} is no pool stack")
        };
        let limit = base - crate::memory::stack::STACK_BYTES;
        assert!(matches!(describe(limit - 1), Some(Place::Overflow(..))));
        assert!(
            !crate::paging::kernel::is_mapped(limit - 1),
            "the guard of IST{ist}"
        );
        assert!(crate::paging::kernel::is_mapped(limit));
    }
}
