//! The atomics of the lock-free pieces. The loom models (`tests/loom`) compile the same files with loom's.

pub(crate) use std::hint::spin_loop;
pub(crate) use std::sync::atomic::{
    AtomicBool, AtomicI32, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering,
};
pub(crate) use std::thread::yield_now;

/// A function that is `const` here, but not in the models: loom's atomics cannot be made in constants.
macro_rules! constant {
    ($(#[$attribute:meta])* $visibility:vis fn $($rest:tt)*) => {
        $(#[$attribute])* $visibility const fn $($rest)*
    };
}
pub(crate) use constant;

/// Between two operations that are sequentially consistent. The models take those for weaker ones and have a fence here.
#[inline(always)]
pub(crate) fn sequential_in_models() {}
