//! The interrupt descriptor table (SDM 3A, 7.14.1): for each vector, where to go and on which stack.

use super::gdt::KERNEL_CODE;
use core::arch::asm;

/// An entry. Every entry of ours is an *interrupt gate* (type 14): the CPU clears IF on the way in, so that a handler
/// starts with interrupts disabled. A trap gate (type 15) would leave IF as it is.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Gate {
    offset_low: u16,
    selector: u16,
    ist: u8,
    attributes: u8,
    offset_middle: u16,
    offset_high: u32,
    reserved: u32,
}

/// Which ring may raise the vector with an INT instruction; hardware and faults may always.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Callable {
    FromRing0 = 0,
    FromRing3 = 3,
}

/// What a gate does with the interrupt flag.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum GateKind {
    /// Clears IF on entry.
    Interrupt = 0xe,
    /// Leaves IF alone. Used only by the test that shows the difference.
    #[cfg(feature = "vm-tests")]
    Trap = 0xf,
}

impl Gate {
    pub(crate) const MISSING: Gate = Gate {
        offset_low: 0,
        selector: 0,
        ist: 0,
        attributes: 0,
        offset_middle: 0,
        offset_high: 0,
        reserved: 0,
    };

    /// The gate, no longer present.
    #[cfg(feature = "vm-tests")]
    pub(crate) fn absent(self) -> Gate {
        Gate {
            attributes: self.attributes & !0x80,
            ..self
        }
    }

    /// A present gate to `handler`. `ist` is 1..=7 for IST1..IST7 and 0 for "the stack that RSP or RSP0 names".
    #[expect(clippy::cast_possible_truncation, reason = "an address is taken apart")]
    pub(crate) fn new(handler: usize, ist: u8, callable: Callable, kind: GateKind) -> Gate {
        Gate {
            offset_low: handler as u16,
            selector: KERNEL_CODE,
            ist,
            attributes: 0x80 | (callable as u8) << 5 | kind as u8,
            offset_middle: (handler >> 16) as u16,
            offset_high: (handler >> 32) as u32,
            reserved: 0,
        }
    }
}

/// The table; one serves all CPUs.
#[repr(C, align(4096))]
pub(crate) struct InterruptDescriptorTable(pub(crate) [Gate; 256]);

/// Loads the table into the CPU.
///
/// # Safety
/// 1. The table lives for ever and each present gate leads to an entry stub of the right shape for its vector.
pub(crate) unsafe fn load(table: *const InterruptDescriptorTable) {
    #[repr(C, packed)]
    struct Pointer {
        limit: u16,
        base: u64,
    }
    let pointer = Pointer {
        limit: 256 * 16 - 1,
        base: table as u64,
    };
    // SAFETY: (1).
    unsafe { asm!("lidt [{}]", in(reg) &raw const pointer, options(readonly, nostack, preserves_flags)) }
}
