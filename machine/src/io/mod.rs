//! The few devices that the machine itself needs: the crash console, the way to end the VM, and the ground for
//! device drivers ([`virtio`]).

#[cfg(target_os = "none")]
pub(crate) mod serial;
mod shutdown;
#[cfg(target_os = "none")]
pub mod virtio;

#[cfg(target_os = "none")]
pub use serial::{CrashConsole, SecondSerial};
pub use shutdown::{Ending, end};
