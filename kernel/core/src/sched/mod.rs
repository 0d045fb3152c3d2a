//! Whom to run: run queues, waiting, time slices, sleeping locks.
//!
//! Each CPU has a queue of tasks that are ready. The running task is in no queue. A task that waits *parks*; whoever
//! makes its wait end *unparks* it, before or after it has parked: a token remembers an early one, so none is lost.
//!
//! Invariants:
//! 1. A task is in at most one run queue, and only while its park state is `READY`.
//! 2. Queues are touched with interrupts disabled; switching happens with no lock held.
//! 3. The timer is armed only while somebody sleeps or another task is ready: an idle machine is silent.

mod lock;
mod park;
mod policy;
mod queue;
mod timer;
mod wait;

pub use lock::{Mutex, MutexGuard};
pub use park::{KernelData, Parker, park, park_until, unpark};
pub use policy::{idle, initialise, spawn, yield_now};
pub use wait::WaitQueue;
