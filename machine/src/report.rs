//! The kernel's last words: what died, where, while doing what, and how it got there.
//!
//! A report goes to the crash console only. It is written without locks and allocation, from whatever stack is left;
//! a second death on the way is reported in one line and ends the VM at once. The addresses are symbolised by
//! whoever reads the console with the image at hand.

#[cfg(target_os = "none")]
mod backtrace;
#[cfg(target_os = "none")]
mod death;

#[cfg(target_os = "none")]
pub(crate) use death::fault;
#[cfg(target_os = "none")]
pub use death::set_narrator;
