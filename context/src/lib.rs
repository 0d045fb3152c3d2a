//! Stacks and the context switch, for x86-64 and the System V ABI.
//!
//! A *context* is a stack on which a computation is suspended: everything needed to continue it lies on that
//! stack, and one [`StackPointer`] names it. The same code switches green threads in ring 3 and kernel threads
//! in ring 0, so without its features this crate is `no_std`, touches no privileged state and allocates nothing.
//!
//! ```text
//!   high addresses
//!   ├──────────────┤ Stack::base(), a multiple of 16
//!   │ end marker   │ a zero return address: walkers stop here
//!   │ first frames │
//!   │      …       │ stacks grow down
//!   │ saved state  │ <- StackPointer: all that a suspended computation is
//!   │   (unused)   │
//!   ├──────────────┤ Stack::limit()
//!   │ guard page   │ any access faults
//!   └──────────────┘ low addresses
//! ```
//!
//! Invariants:
//! 1. A [`StackPointer`] is used at most once: resuming a context consumes it, suspending makes a new one.
//! 2. RSP is a multiple of 16 at every `call` that this crate makes (System V psABI 3.2.2).
//! 3. Below the base of every stack lies a zero return address, so that frame walkers and unwinders stop there.
//! 4. No panic crosses a switch: an [`Entry`] function never unwinds. [`Coroutine`] carries panics by value.
//!
//! Layers: [`switch`] is all that a kernel or a runtime needs. With feature `std` there are [`MappedStack`] and the
//! safe [`Coroutine`] on top. With feature `baton`, and always under Miri, the assembly is replaced by
//! operating-system threads that pass a baton, so that tools which cannot follow a stack switch see ordinary threads.
//!
//! Rejected: a naked function for the switch (3.8 ns against 1.1: it must save all six callee-saved registers where
//! inline assembly lets the compiler spill only what is live); saving MXCSR and the x87 control word (4 ns, and Rust
//! code may not change them); leaving by `ret` (7.4 ns: the return predictor never guesses right).
#![no_std]
#![allow(
    unsafe_code,
    reason = "this crate is the context switch: one of the two places where unsafe lives"
)]

#[cfg(any(feature = "std", miri))]
extern crate std;

#[cfg(any(feature = "baton", miri))]
mod baton;
#[cfg(any(feature = "std", miri))]
mod coroutine;
#[cfg(not(any(feature = "baton", miri, target_os = "none")))]
mod inspect;
#[cfg(all(feature = "std", not(miri)))]
mod mapped;
mod stack;
#[cfg(not(any(feature = "baton", miri)))]
mod switch;

#[cfg(any(feature = "baton", miri))]
pub use baton::{leave, prepare, switch};
#[cfg(any(feature = "std", miri))]
pub use coroutine::{Coroutine, Resumed, ScopedCoroutine, Yielder, scope};
#[cfg(not(any(feature = "baton", miri, target_os = "none")))]
pub use inspect::{Look, look_at};
#[cfg(all(feature = "std", not(miri)))]
pub use mapped::MappedStack;
pub use stack::Stack;
#[cfg(all(not(any(feature = "baton", miri)), not(target_os = "none")))]
pub use switch::switch_with_thread_pointer;
#[cfg(not(any(feature = "baton", miri)))]
pub use switch::{leave, prepare, switch};

/// A suspended computation: the address of its saved state on its own stack.
///
/// Resuming consumes the value in spirit (invariant 1 of the crate); it is `Copy` only so that it can live in
/// atomics and per-CPU slots of the runtimes above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct StackPointer(pub usize);

impl StackPointer {
    /// Fetches what the computation that is suspended here touches first when it is resumed, if that is soon: with a thousand of them
    /// it has left the caches, and the translation of its page too. Any value is good: nothing is read.
    #[inline]
    pub fn prefetch(self) {
        const LINE: usize = 64;
        /// The saved registers and some frames.
        const LINES: usize = 8;
        (self.0..).step_by(LINE).take(LINES).for_each(prefetch);
    }
}

/// Fetches the cache line of an address, and its translation. Any address is good: nothing is read.
#[inline]
pub fn prefetch(address: usize) {
    #[cfg(not(any(feature = "baton", miri)))]
    // SAFETY: a prefetch touches nothing and never faults (SDM volume 2, PREFETCHh).
    unsafe {
        core::arch::asm!("prefetcht0 [{}]", in(reg) address, options(nostack, preserves_flags, readonly));
    }
    #[cfg(any(feature = "baton", miri))]
    let _ = address;
}

/// The first function of a stack. `argument` is what [`prepare`] was given, `transfer` what the first switch to
/// the stack carried. It must not return, and must not unwind.
pub type Entry = unsafe extern "sysv64" fn(argument: usize, transfer: usize) -> !;

/// Whether this build switches by operating-system threads instead of by assembly.
pub const BATON: bool = cfg!(any(feature = "baton", miri));
