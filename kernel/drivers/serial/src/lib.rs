//! The channel to the host over the second serial line, for machines without virtio.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

#[cfg(target_os = "none")]
mod device;

#[cfg(target_os = "none")]
pub use device::find;
