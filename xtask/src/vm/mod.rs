//! Virtual machines for the kernel's own tests and for measurements.

pub(crate) mod machine;
pub(crate) mod qemu;
pub(crate) mod tests;
