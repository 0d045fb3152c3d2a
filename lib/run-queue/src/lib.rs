//! Whom to run next, as a pure algorithm: no clock, no CPU, no tasks but what the caller puts in.
//!
//! [`RunQueue`] hands out what is ready in the order of its [`Key`]s: real-time priorities first, highest first, then fair
//! tasks by *virtual time*, least first. Virtual time ([`fair`]) is the time that a task has run, weighed by its nice
//! level, so that equal virtual times mean fair shares.
//!
//! Invariants:
//! 1. Among equal keys the order is that of arrival; what was put in front ([`RunQueue::push_front`]) precedes it.
//! 2. [`RunQueue::reserve`] makes room; pushing within it does not allocate.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod fair;

mod key;
mod queue;

#[cfg(test)]
mod tests;

pub use key::Key;
pub use queue::{NoMemory, Prefer, RunQueue};
