//! A trap that struck ring 0.

use super::{TrapFrame, exception_table, vector};
use crate::cpu::local::local;
use crate::{cpu, irq, report};

/// Handles it and returns when the interrupted kernel code may continue.
pub(super) fn from_ring_0(frame: &mut TrapFrame) {
    #[expect(clippy::cast_possible_truncation, reason = "the stubs push vectors below 256")]
    let vector = frame.vector as u8;
    #[cfg(feature = "vm-tests")]
    if crate::tests::observe(frame) {
        return;
    }
    match vector {
        vector::FIRST_INTERRUPT.. => irq::handle(vector),
        vector::PAGE_FAULT | vector::GENERAL_PROTECTION => {
            let address = cpu::control::cr2();
            match exception_table::fix_up(frame.cpu.rip as usize) {
                Some(fix_up) => frame.cpu.rip = fix_up as u64,
                None => report::fault(frame, (vector == vector::PAGE_FAULT).then_some(address)),
            }
        }
        vector::DOUBLE_FAULT => report::fault(frame, Some(cpu::control::cr2())),
        _ => report::fault(frame, None),
    }
}

/// Handles an interrupt that struck ring 3, before `UserContext::run` returns.
pub(crate) fn interrupt_from_ring_3(frame: &TrapFrame) {
    #[expect(clippy::cast_possible_truncation, reason = "the stubs push vectors below 256")]
    let vector = frame.vector as u8;
    match vector {
        vector::FIRST_INTERRUPT.. => {
            local().struck_ring_3.set(true);
            irq::handle(vector);
        }
        _ => debug_assert!(local().interrupt_depth.get() == 0),
    }
}
