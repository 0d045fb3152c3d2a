//! The Linux system calls.

pub mod memory;
