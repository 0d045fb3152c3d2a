//! [`interrupt_handler!`](crate::interrupt_handler): what `extern "x86-interrupt"` promises, on stable Rust.
//!
//! A handler is an ordinary Rust function. The macro wraps it in a naked function that
//! 1. saves and restores every register that a System V function may change,
//! 2. swaps GS when the interrupt came from ring 3,
//! 3. calls the body with RSP a multiple of 16 and the direction flag clear,
//! 4. passes the frame that the CPU pushed and, for vectors that have one, the error code, and removes that again,
//! 5. returns with IRETQ.
//!
//! Callee-saved registers are kept by the body itself, as the ABI says. The kernel is built without SSE, so vector
//! registers are not touched.

use super::InterruptStackFrame;

/// The body of a handler: the frame that the CPU pushed, and the error code (0 for vectors without).
pub type Body = extern "sysv64" fn(frame: &InterruptStackFrame, error_code: u64);

/// The address of a wrapped handler, and whether it removes an error code. Only the macro makes one.
#[derive(Clone, Copy, Debug)]
pub struct InterruptHandler {
    address: unsafe extern "sysv64" fn(),
    takes_error_code: bool,
}

impl InterruptHandler {
    /// # Safety
    /// 1. `address` is a function as the macro makes it: it takes a trap's stack and leaves it by IRETQ, with all
    ///    registers as they were, and removes an error code exactly if `takes_error_code` says so.
    #[doc(hidden)]
    pub const unsafe fn new(address: unsafe extern "sysv64" fn(), takes_error_code: bool) -> Self {
        InterruptHandler {
            address,
            takes_error_code,
        }
    }

    /// The address for an IDT entry.
    pub fn address(self) -> usize {
        self.address as usize
    }

    /// Whether it is for vectors with an error code.
    pub fn takes_error_code(self) -> bool {
        self.takes_error_code
    }
}

/// Defines an interrupt handler as an [`InterruptHandler`] constant.
///
/// ```ignore
/// interrupt_handler! {
///     /// Counts ticks.
///     pub TICK = |frame| { TICKS.fetch_add(1, Relaxed); };
/// }
/// interrupt_handler! {
///     /// Has an error code.
///     PROTECTION = |frame, error_code| { … };
/// }
/// ```
///
/// The expansion contains unsafe code, so it is refused in crates that forbid it.
#[macro_export]
macro_rules! interrupt_handler {
    ($(#[$attribute:meta])* $visibility:vis $name:ident = |$frame:ident| $body:block;) => {
        $crate::interrupt_handler!(@define [$(#[$attribute])*] [$visibility] $name $frame _error_code $body false
            "push 0"); // a place holder, so that both kinds look alike from here on
    };
    ($(#[$attribute:meta])* $visibility:vis $name:ident = |$frame:ident, $error_code:ident| $body:block;) => {
        $crate::interrupt_handler!(@define [$(#[$attribute])*] [$visibility] $name $frame $error_code $body true "");
    };
    (@define [$($attribute:tt)*] [$visibility:vis] $name:ident $frame:ident $error_code:ident $body:block $takes:literal $first:literal) => {
        $($attribute)*
        #[allow(unsafe_code, reason = "an interrupt handler is entered by the CPU, not by a call")]
        $visibility const $name: $crate::trap::InterruptHandler = {
            extern "sysv64" fn body($frame: &$crate::trap::InterruptStackFrame, $error_code: u64) $body

            #[unsafe(naked)]
            unsafe extern "sysv64" fn handler() {
                core::arch::naked_asm!(
                    $first,
                    //   rsp -> error code or 0, RIP, CS, RFLAGS, RSP, SS: 48 bytes below a multiple of 16
                    "test byte ptr [rsp + 16], 3",
                    "jz 2f",
                    "swapgs",
                    "2:",
                    "push rax",
                    "push rcx",
                    "push rdx",
                    "push rsi",
                    "push rdi",
                    "push r8",
                    "push r9",
                    "push r10",
                    "push r11",
                    "sub rsp, 8", // 9 registers and 8 bytes: 80, and 48 before: a multiple of 16
                    "cld",
                    "mov rsi, [rsp + 80]", // the error code
                    "lea rdi, [rsp + 88]", // the frame
                    "call {body}",
                    "add rsp, 8",
                    "pop r11",
                    "pop r10",
                    "pop r9",
                    "pop r8",
                    "pop rdi",
                    "pop rsi",
                    "pop rdx",
                    "pop rcx",
                    "pop rax",
                    "test byte ptr [rsp + 16], 3",
                    "jz 3f",
                    "swapgs",
                    "3:",
                    "add rsp, 8", // the error code
                    "iretq",
                    body = sym body,
                )
            }
            // SAFETY: the function above keeps the contract, line by line.
            unsafe { $crate::trap::InterruptHandler::new(handler, $takes) }
        };
    };
}
