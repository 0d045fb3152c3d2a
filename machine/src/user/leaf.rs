//! Leaf calls: system calls that are answered inside SYSCALL's entry, while [`UserContext::run`](super::UserContext) goes on.
//!
//! Most of what a short call costs is saving and loading registers. A leaf is a function that waits for nothing and touches no
//! register of the program, so the entry saves only what System V lets a function change, and calls it on the task's stack.
//!
//! Invariants:
//! 1. Interrupts are disabled from the entry to SYSRET, and the task does not switch meanwhile (`task::switch` panics): all
//!    that `run` has arranged on this CPU still holds then.
//! 2. A leaf that has not answered has done nothing: the call goes the long way, out of `run`.
//! 3. The table and the subject that the entry finds in the CPU's block are borrowed by the `run` that is active there.

use crate::trap::TrapFrame;
use core::fmt;

/// As many numbers have leaves of their own; the others share the last one.
const NUMBERS: usize = 512;

/// Where the entry finds the leaf of all numbers that are too large.
pub(crate) const LAST: usize = NUMBERS;

/// Answers a call of the program that `subject` stands for. It does not wait.
pub type Leaf<T> = extern "sysv64" fn(subject: &T, call: &LeafCall) -> Answer;

/// What is asked.
#[derive(Debug)]
#[repr(transparent)]
pub struct LeafCall(TrapFrame);

impl LeafCall {
    /// The number of the call: the low half of RAX.
    pub fn number(&self) -> u32 {
        self.0.rax as u32
    }
}

/// What a leaf says.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Answer {
    // System V returns both in registers, RAX and RDX; the entry looks at them.
    value: usize,
    is_given: usize,
}

impl Answer {
    /// RAX is this now.
    pub const fn value(value: usize) -> Answer {
        Answer { value, is_given: 1 }
    }

    /// None: let [`UserContext::run`](super::UserContext::run) return.
    pub const NONE: Answer = Answer {
        value: 0,
        is_given: 0,
    };
}

/// Which calls have leaves.
#[repr(transparent)]
pub struct LeafCalls<T>([Option<Leaf<T>>; NUMBERS + 1]);

impl<T> LeafCalls<T> {
    /// None has.
    pub const NONE: Self = LeafCalls([None; NUMBERS + 1]);

    /// The same with this leaf for the call `number`; for all from 512 on that is one and the same.
    #[must_use]
    pub const fn with(mut self, number: u32, leaf: Leaf<T>) -> Self {
        let index = number as usize;
        self.0[if index < NUMBERS { index } else { LAST }] = Some(leaf);
        self
    }
}

impl<T> fmt::Debug for LeafCalls<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeafCalls").finish_non_exhaustive()
    }
}
