//! The kernel's core: everything between the machine and the leaf crates (file systems, drivers).
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod error;
pub mod syscall;
pub mod vfs;

#[cfg(target_os = "none")]
/// The kernel's main function.
pub fn start() -> ! {
    panic!(
        "nothing to run yet: {} bytes of initial RAM disk",
        threadbare_machine::boot::initrd().len()
    )
}
