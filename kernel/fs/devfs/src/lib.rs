//! The devices that every program expects, and the directory that holds them.
//!
//! As with Linux's devtmpfs, `/dev` is an ordinary file system in memory: [`populate`] makes nodes in it, and
//! [`register`] puts the drivers behind their numbers, wherever a node with such a number lies.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;
#[cfg(test)]
mod tests;

mod memory_devices;
mod nodes;

pub use memory_devices::{FillRandom, register};
pub use nodes::populate;
