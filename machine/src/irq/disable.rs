//! The interrupt flag.

use core::marker::PhantomData;

/// While it lives, this CPU takes no interrupts. Tied to the CPU, so it is not sent.
#[derive(Debug)]
#[must_use]
pub struct Disabled {
    /// Whether they were enabled before.
    restore: bool,
    _cpu: PhantomData<*mut ()>,
}

/// Disables interrupts until the guard is dropped. Nests: the outermost guard enables them again.
pub fn disable() -> Disabled {
    let restore = enabled();
    clear();
    Disabled {
        restore,
        _cpu: PhantomData,
    }
}

impl Disabled {
    /// A guard for what ends before this one does: neither asks for the flag nor changes it.
    pub(crate) fn nested(&self) -> Disabled {
        Disabled {
            restore: false,
            _cpu: PhantomData,
        }
    }
}

impl Drop for Disabled {
    fn drop(&mut self) {
        if self.restore {
            enable();
        }
    }
}

/// How many CPUs run. One, until others are started.
#[cfg(target_os = "none")]
pub(crate) fn cpus_online() -> usize {
    1
}

/// Whether interrupts are enabled on this CPU.
#[cfg(target_os = "none")]
pub fn enabled() -> bool {
    let flags: u64;
    // SAFETY: reads the flags by way of the stack.
    unsafe { core::arch::asm!("pushfq", "pop {}", out(reg) flags, options(preserves_flags)) }
    flags & 1 << 9 != 0
}

/// Enables interrupts on this CPU.
#[cfg(target_os = "none")]
pub fn enable() {
    // SAFETY: handlers are sound at any instruction. Not `nomem`: what was protected must be written before.
    unsafe { core::arch::asm!("sti", options(nostack)) }
}

/// Disables interrupts on this CPU, whatever they were before.
#[cfg(target_os = "none")]
pub(crate) fn clear() {
    // SAFETY: taking no interrupts is always allowed. Not `nomem`: what is protected must be read after.
    unsafe { core::arch::asm!("cli", options(nostack)) }
}

/// On the host there are no interrupts to disable.
#[cfg(not(target_os = "none"))]
pub fn enabled() -> bool {
    false
}

/// On the host there are no interrupts to enable.
#[cfg(not(target_os = "none"))]
pub fn enable() {}

/// On the host there are no interrupts to disable.
#[cfg(not(target_os = "none"))]
pub(crate) fn clear() {}
