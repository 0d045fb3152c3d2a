//! `proc(5)`: what processes can learn about themselves and the system.
//!
//! The texts are Linux's, field by field, for libcs and tools parse them. Where this kernel has no such number, the
//! field is what an idle Linux would show. All facts come from a
//! [`ProcSource`](threadbare_kernel::vfs::proc_source::ProcSource), so that nothing here knows the kernel's locks.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;
#[cfg(test)]
mod tests;

mod descriptors;
mod file_system;
mod maps;
mod mounts;
mod process;
mod root;
mod status;
mod system;

pub use file_system::new;
