//! The x86-64 machine as safe Rust.
//!
//! Everything that a kernel must do with privileged instructions, raw memory and assembly is done here, and every
//! export is sound for any safe caller: the kernel above forbids unsafe code altogether. `SOUNDNESS.md` beside
//! this crate has one row per resource: who may touch it and why that is safe.
//!
//! Read in this order: [`boot`] (how the first Rust instruction is reached), [`cpu`] (descriptor tables, per-CPU
//! data), [`trap`] (what happens on an interrupt or exception), [`memory`] and [`paging`] (frames and page tables),
//! [`task`] (kernel threads), [`user`] (ring 3 as a call), then [`irq`], [`time`], [`io`].
//!
//! "SDM" in this crate's texts is the Intel 64 and IA-32 Architectures Software Developer's Manual, "APM" the AMD64
//! Architecture Programmer's Manual.
//!
//! On the host (any target with an operating system) the crate compiles and its algorithms run: frames come from an
//! ordinary allocation, interrupts are a no-op. Privileged instructions then fault like in any program.
#![no_std]
#![allow(
    unsafe_code,
    reason = "the fence: all unsafe code of the kernel lives in this crate and in `context`"
)]
#![allow(
    clippy::cast_possible_truncation,
    reason = "on the one architecture that this is for, usize and u64 are one"
)]
#![cfg_attr(
    not(target_os = "none"),
    allow(dead_code, reason = "the host has no devices, no IDT, no rings")
)]

extern crate alloc;
#[cfg(not(target_os = "none"))]
extern crate std;

#[cfg(target_os = "none")]
pub mod boot;
pub mod cpu;
pub mod io;
pub mod irq;
pub mod memory;
pub mod paging;
pub mod report;
pub mod sync;
pub mod task;
pub mod time;
pub mod trap;
pub mod user;
pub mod vdso;

#[cfg(all(target_os = "none", feature = "vm-tests"))]
pub mod tests;
