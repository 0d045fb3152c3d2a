//! Interrupts: disabling them, and the controllers that raise them.
//!
//! The local APIC (SDM 3A, 12) takes the timer and what the IO-APIC (Intel 82093AA) routes; the two old 8259 PICs are masked.
//!
//! Invariants:
//! 1. A device handler is registered before its IO-APIC input is unmasked, and stays for ever.
//! 2. A handler runs with interrupts disabled and is followed by one end-of-interrupt.

#[cfg(target_os = "none")]
pub(crate) mod apic;
mod disable;
#[cfg(target_os = "none")]
mod route;

pub(crate) use disable::clear;
#[cfg(target_os = "none")]
pub(crate) use disable::cpus_online;
pub use disable::{Disabled, disable, enable, enabled};
#[cfg(target_os = "none")]
pub(crate) use route::handle;
#[cfg(target_os = "none")]
pub use route::{RegisterError, register, struck_ring_3};

/// On the host there are no interrupts.
#[cfg(not(target_os = "none"))]
pub fn struck_ring_3() -> bool {
    false
}
