//! What a stack must be for a computation to run on it.

/// Memory on which a computation can run.
///
/// # Safety
/// The implementor promises:
/// 1. `[limit, base)` is readable and writable memory, used for nothing else while a computation runs or is
///    suspended on it, and stays so until the value is dropped.
/// 2. `base` is a multiple of 16.
/// 3. The page below `limit` is a guard: any access to it faults and never reaches other data.
pub unsafe trait Stack {
    /// The high end: the address just past the last usable byte. Stacks grow down from here.
    fn base(&self) -> usize;

    /// The low end: the lowest usable byte. The guard lies directly below.
    fn limit(&self) -> usize;
}
