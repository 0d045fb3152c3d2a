//! Looking at a suspended computation: unwinding its frames from another stack.
//!
//! Unwinders start at the running frame and go to its callers. [`look_at`] puts a frame below the caller's look that claims, in its unwind
//! information, to have been called by the suspended computation. So the unwinder itself goes on there, and needs no start from
//! foreign registers, which none offers:
//!
//! ```text
//!   running stack                      suspended stack
//!   │ …                 │              │ caller's frame      │ <- CFA = RBX + 24
//!   │ look_at           │              │ saved RBP           │    RBP at CFA -  8
//!   │ this frame    ────┼──"called by"─▶ saved RBX           │    RBX at CFA - 16
//!   │ look              │              │ resume RIP          │    RIP at CFA - 24   <- StackPointer, in RBX
//!   │ the unwinder      │
//! ```

use core::arch::naked_asm;

use crate::StackPointer;

/// What looks: it may unwind its callers, but no panic may leave it.
pub type Look = unsafe extern "sysv64" fn(argument: usize);

/// Calls `look(argument)`; who unwinds from inside comes to the frames of `suspended` next, and ends at its base.
///
/// # Safety
/// 1. `suspended` came from a [`switch`](crate::switch()), and stays suspended until this returns.
/// 2. `look` may be called with `argument`.
pub unsafe fn look_at(suspended: StackPointer, look: Look, argument: usize) {
    // SAFETY: (1) and (2) are the callee's.
    unsafe { pretend_called_by(suspended.0, look, argument) };
}

/// # Safety
/// As [`look_at`].
#[unsafe(naked)]
unsafe extern "sysv64" fn pretend_called_by(suspended: usize, look: Look, argument: usize) {
    naked_asm!(
        ".cfi_startproc",
        "push rbp",
        "push rbx",
        "sub rsp, 8", // three words below a return address: aligned for the call
        "mov rbx, rdi",
        ".cfi_def_cfa rbx, 24",
        ".cfi_offset rbp, -8",
        ".cfi_offset rbx, -16",
        ".cfi_offset rip, -24",
        "mov rdi, rdx",
        "call rsi",
        "add rsp, 8",
        "pop rbx",
        "pop rbp",
        "ret",
        ".cfi_endproc",
    )
}

#[cfg(test)]
mod tests {
    use std::backtrace::Backtrace;
    use std::hint::black_box;
    use std::string::{String, ToString};

    use super::look_at;
    use crate::{MappedStack, Stack, StackPointer, prepare, switch};

    struct Shared {
        outside: StackPointer,
        inside: StackPointer,
    }

    unsafe extern "sysv64" fn entry(shared: usize, _: usize) -> ! {
        outer_of_the_suspended(shared, 3);
        unreachable!("never resumed")
    }

    #[inline(never)]
    fn outer_of_the_suspended(shared: usize, depth: u32) {
        let shared = black_box(shared) as *mut Shared;
        if depth > 0 {
            outer_of_the_suspended(shared as usize, depth - 1);
        } else {
            // SAFETY: the test's own pair of contexts.
            unsafe { switch(&raw mut (*shared).inside, (*shared).outside, 0) };
        }
        black_box(depth);
    }

    unsafe extern "sysv64" fn capture(text: usize) {
        // SAFETY: the test's own string.
        unsafe { *(text as *mut String) = Backtrace::force_capture().to_string() };
    }

    #[test]
    fn an_unwinder_walks_a_suspended_stack_to_its_base() {
        let stack = MappedStack::new(64 << 10).expect("a stack");
        let mut shared = Shared {
            outside: StackPointer(0),
            inside: StackPointer(0),
        };
        let pointer = &raw mut shared;
        let mut text = String::new();
        // SAFETY: the stack outlives the computation, which is resumed once and stays suspended.
        unsafe {
            let fresh = prepare(stack.base(), entry, pointer as usize);
            switch(&raw mut (*pointer).outside, fresh, 0);
            look_at((*pointer).inside, capture, &raw mut text as usize);
        }
        assert_eq!(text.matches("outer_of_the_suspended").count(), 4, "{text}");
        assert!(text.contains("entry"), "{text}");
        let this_test = "an_unwinder_walks_a_suspended_stack_to_its_base";
        assert!(!text.contains(this_test), "the real caller is hidden: {text}");
    }
}
