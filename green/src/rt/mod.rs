//! The engine.
//!
//! ```text
//!   thread, sync            std's interfaces
//!      │
//!   waiter  table  timer    waiting: one computation on its word; on a word of memory; until a deadline
//!      │
//!   switch  worker  idle    running: the switch; the queues; searching, sleeping and waking
//!      │
//!   control stack  tls      what a thread is made of: a slot with its stack, control block, thread-locals
//!   word  ring  fresh  inbox       the lock-free pieces, each with its rules and a loom model
//!   sim                     deciding by a seed instead, in virtual time: deterministic mode
//!   monitor  dump  trace  place  freeze  signal  config   watching
//! ```
//!
//! Unsafe code is in the modules whose text says "fenced", and each says for what.

mod atomic_ref;
pub(crate) mod blocking;
pub(crate) mod call;
mod census;
pub(crate) mod config;
pub(crate) mod control;
pub(crate) mod current;
mod dump;
mod fifo;
mod freeze;
mod fresh;
mod global;
mod idle;
mod inbox;
mod metrics;
mod monitor;
mod os;
mod peer;
mod place;
pub(crate) mod reactor;
mod ring;
mod runtime;
mod sanitize;
pub(crate) mod shim;
mod signal;
#[cfg(feature = "sim")]
pub(crate) mod sim;
#[cfg(not(feature = "sim"))]
#[path = "sim/off.rs"]
pub(crate) mod sim;
pub(crate) mod spawn;
pub(crate) mod spin;
mod stack;
mod switch;
pub(crate) mod table;
#[cfg(feature = "trace")]
pub(crate) mod timeline;
pub(crate) mod timer;
mod tls;
mod trace;
mod waiter;
mod word;
mod worker;

pub(crate) use control::{Control, State};
pub(crate) use dump::dump;
pub use metrics::Metrics;
pub(crate) use runtime::Runtime;
pub(crate) use switch::yield_now;
pub(crate) use waiter::Waiter;

/// A number that nobody has: from the worker's batch, or from a fresh batch of which the rest is lost.
#[inline]
pub(crate) fn fresh_numbers(more: impl FnOnce() -> u64, batch: u64) -> u64 {
    match current::worker() {
        Some(worker) => worker.fresh_number(more, batch),
        None => more(),
    }
}
