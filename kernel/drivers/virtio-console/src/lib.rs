//! The channel to the host over a virtio console (Virtual I/O Device 1.2, 5.3): one port, no multiport.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

#[cfg(target_os = "none")]
mod device;

#[cfg(target_os = "none")]
pub use device::find;
