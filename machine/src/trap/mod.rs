//! What happens when the CPU leaves the instruction stream: exceptions and interrupts.
//!
//! On a trap the CPU pushes SS, RSP, RFLAGS, CS, RIP and, for vectors 8, 10–14, 17, 21, 29 and 30, an error code
//! (SDM 3A, 7.13 and 7.14.4). In 64-bit mode SS and RSP are pushed always, also without a change of ring, and the stack
//! is first aligned to 16 bytes. No general register is saved: that is the stub's work. On which stack all this
//! lands is decided so:
//!
//! | came from | gate's IST | stack |
//! |---|---|---|
//! | ring 0 | 0 | the running kernel stack |
//! | ring 3 | 0 | RSP0 of the TSS: the end of the running thread's [`TrapFrame`] in its `UserContext` |
//! | anywhere | 1, 2, 3 | the guarded IST stack of #DF, NMI, #MC |
//!
//! The way through: a stub per vector ([`stubs`]) completes the frame; [`entry`] saves the general registers and
//! calls [`dispatch`] for ring 0, or returns from `UserContext::run` for ring 3.
//!
//! Invariants:
//! 1. Every stub leaves a whole [`TrapFrame`] with RSP a multiple of 16.
//! 2. Handlers start with interrupts disabled: all gates are interrupt gates.
//! 3. Only the exception table lets a fault of ring 0 continue, and only at its fix-up.

#[cfg(target_os = "none")]
pub(crate) mod dispatch;
pub(crate) mod entry;
#[cfg(target_os = "none")]
pub(crate) mod exception_table;
mod frame;
mod handler;
#[cfg(target_os = "none")]
pub(crate) mod install;
mod stubs;
pub mod vector;

pub use frame::{InterruptStackFrame, TrapFrame};
pub use handler::{Body, InterruptHandler};
#[cfg(target_os = "none")]
pub use install::{InstallError, install};
