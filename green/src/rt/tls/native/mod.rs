//! Thread-local blocks for x86-64 Linux (TLS ABI, variant II), as the C library makes them.

#![allow(
    unsafe_code,
    reason = "fenced: builds what the C library and the CPU take for a thread"
)]

mod check;
mod modules;

#[cfg(target_env = "gnu")]
mod glibc;
#[cfg(target_env = "gnu")]
mod late;
#[cfg(target_env = "gnu")]
mod symbols;
#[cfg(target_env = "gnu")]
mod vector;

#[cfg(target_env = "musl")]
mod musl;

use std::arch::asm;
use std::sync::atomic::{AtomicU32, Ordering};

#[cfg(target_env = "gnu")]
pub(crate) use glibc::Tls;
#[cfg(target_env = "musl")]
pub(crate) use musl::Tls;

use crate::rt::os;

/// Copied from a real thread: what compiled code checks returns with.
const STACK_GUARD: usize = 0x28;

/// A number for a block, to tell owners of locks apart, that no kernel thread can have: those stay below 2^22, and futex words have
/// room for 30 bits.
fn fresh_tid() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0x2000_0000);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn word_at(address: usize) -> *mut usize {
    std::ptr::with_exposed_provenance_mut(address)
}

/// The calling thread's FS base.
pub(crate) fn thread_pointer() -> usize {
    let pointer;
    // SAFETY: the first word of a thread's block is its own address.
    unsafe { asm!("mov {}, fs:0", out(reg) pointer, options(nostack, preserves_flags, readonly)) };
    pointer
}

/// Learns the layout in `probe`, on a real thread other than main, which shows how the library fills a descriptor.
fn on_a_thread<T: Send + 'static>(probe: fn() -> Result<T, String>) -> Result<T, String> {
    if !os::has_fsgsbase() {
        return Err("this kernel or CPU does not let programs set the FS base".to_owned());
    }
    let thread = std::thread::Builder::new()
        .name("threadbare-probe".to_owned())
        .spawn(probe)
        .map_err(|error| format!("no thread for the check: {error}"))?;
    let joined = thread.join();
    joined.map_err(|_| "the check of the thread-local layout panicked".to_owned())?
}
