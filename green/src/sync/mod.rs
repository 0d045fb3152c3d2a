//! Locks, conditions, cells and channels with the interface of `std::sync`, on which green threads wait without holding up a worker.
//!
//! Everything here is documented in [`std::sync`]; the types behave as std's of the same name, are as small, and have `const`
//! constructors where std's have. All of them work between green threads, operating-system threads, and both.
//!
//! What does not wait is std's own: [`Arc`], [`Weak`], the atomics, the error types. (With the feature `sim` the atomics are wrapped, so that
//! deterministic mode can let others in between.)

#[cfg(feature = "sim")]
pub mod atomic;
mod barrier;
mod condvar;
mod lazy_lock;
pub mod mpsc;
mod mutex;
mod once;
mod once_lock;
mod poison;
mod raw;
mod rwlock;

pub use barrier::{Barrier, BarrierWaitResult};
pub use condvar::{Condvar, WaitTimeoutResult};
pub use lazy_lock::LazyLock;
pub use mutex::{Mutex, MutexGuard};
pub use once::{Once, OnceState};
pub use once_lock::OnceLock;
pub use rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
#[cfg(not(feature = "sim"))]
pub use std::sync::atomic;
pub use std::sync::{Arc, LockResult, PoisonError, TryLockError, TryLockResult, Weak};
