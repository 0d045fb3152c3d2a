//! Loom models of the lock-free pieces: every interleaving, and every outcome that the memory model allows.
//!
//! Where a piece is a file of its own, the file is the engine's, compiled here with loom's atomics (rings of 4 slots instead of 256).
//! Where it is a protocol between several files, the model repeats its steps and names the functions.
#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "a model uses a part of a piece"
)]

mod bell;
mod locks;
mod queues;
mod readiness;
mod rt;
mod sleeping;
mod waiting;

/// Every interleaving with at most so many preemptions: more take hours.
fn bounded(preemptions: usize, body: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(body);
}
