//! The CPU itself: features, control registers, descriptor tables, per-CPU data.
//!
//! Invariants:
//! 1. GS base points at this CPU's [`local::CpuLocal`] whenever kernel code runs with GS swapped in, that is:
//!    everywhere but between the first and the last few instructions of an entry from ring 3.
//! 2. A CPU's GDT, TSS and IDT are set up before its interrupts are first enabled, and never move.

pub(crate) mod control;
pub(crate) mod features;
pub(crate) mod gdt;
pub(crate) mod idt;
pub(crate) mod local;
pub(crate) mod msr;
pub(crate) mod port;

pub use features::{Features, Identity, features, identity};

/// Halts until the next interrupt, with interrupts enabled, then returns. Enabling and halting are one step: an
/// interrupt that was pending before cannot be missed (SDM 2B, STI: interrupts are inhibited for one instruction).
pub fn wait_for_interrupt() {
    // SAFETY: halting changes no state that Rust knows of; interrupt handlers are sound at any instruction.
    #[cfg(target_os = "none")]
    unsafe {
        core::arch::asm!("sti", "hlt", options(nomem, nostack));
    }
}

/// A hint that this is a spin loop.
pub fn relax() {
    core::hint::spin_loop();
}

/// The number of the running CPU, from 0. With preemption it may be another one's a moment later.
pub fn id() -> usize {
    local::local().id as usize
}
