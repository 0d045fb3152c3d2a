//! The atomics of the lock-free pieces. The loom models (`tests/loom.rs`) compile the same files with loom's.

pub(crate) use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};
