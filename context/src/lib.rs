//! Stacks and the context switch, for x86-64 and the System V ABI.
//!
//! A *context* is a stack on which a computation is suspended: everything needed to continue it lies on that
//! stack, and one [`StackPointer`] names it. The same code switches green threads in ring 3 and kernel threads
//! in ring 0, so this crate is `no_std`, touches no privileged state and allocates nothing.
//!
//! Invariants:
//! 1. A [`StackPointer`] is used at most once: resuming a context consumes it, suspending makes a new one.
//! 2. RSP is a multiple of 16 at every `call` that this crate makes (System V psABI 3.2.2).
//! 3. Below the base of every stack lies a zero return address, so that frame walkers and unwinders stop there.
#![no_std]
#![allow(unsafe_code, reason = "this crate is the context switch: one of the two places where unsafe lives")]

mod stack;
mod switch;

pub use stack::Stack;
pub use switch::{Entry, StackPointer, prepare, switch};
