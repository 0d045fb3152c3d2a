//! The frame on a program's stack while a handler of a signal runs, but for the vector state ([`super::vector`]): exactly as
//! Linux lays it out (arch/x86/include/uapi/asm/sigcontext.h, ucontext.h), because C libraries and unwinders read it.
//!
//! ```text
//!   siginfo           128 bytes
//!   mask              the end of struct ucontext
//!   struct sigcontext r8 to r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags; selectors; error code, vector;
//!                     the mask again, CR2, pointer to the vector state; eight words in reserve
//!   ucontext's head   flags, link, alternate stack
//!   return address    the restorer, which calls rt_sigreturn
//! ```
//!
//! It is written and read once, in the order of addresses, straight from and to the registers of a [`TrapFrame`]: the one
//! check of the range and the one window of STAC stand for all of its 55 words.

use super::vector::{answer, may_fault, stac};
use crate::paging::USER_END;
use crate::trap::TrapFrame;
use core::arch::naked_asm;
use core::mem::{MaybeUninit, offset_of};

/// A page of the frame cannot be accessed, or the frame is not the user's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameFault;

/// What a frame begins with: `struct ucontext`, up to the registers.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct FrameHead {
    /// `uc_flags`.
    pub flags: u64,
    /// `uc_link`: nobody's.
    pub link: u64,
    /// `ss_sp` of the alternate stack.
    pub stack_start: u64,
    /// `ss_flags`, and padding in the upper half.
    pub stack_flags: u64,
    /// `ss_size`.
    pub stack_size: u64,
}

/// A frame to be written, beside the registers.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct HandlerFrame {
    /// Where the handler returns to.
    pub return_address: u64,
    /// The beginning of `struct ucontext`.
    pub head: FrameHead,
    /// CS, GS, FS and SS.
    pub selectors: u64,
    /// The mask, as `struct sigcontext` has it.
    pub old_mask: u64,
    /// The address of a page fault.
    pub fault_address: u64,
    /// Where the vector state lies.
    pub vector_state: u64,
    /// The mask to return to.
    pub mask: u64,
    /// The bytes of `siginfo_t` that mean something.
    pub info: [u64; INFO_WORDS],
}

/// What comes back from a frame, beside the registers that were taken.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ReturnedFrame {
    /// The beginning of `struct ucontext`.
    pub head: FrameHead,
    /// RFLAGS, of which ring 3 may not choose all.
    pub rflags: u64,
    /// CS, GS, FS and SS.
    pub selectors: u64,
    /// Where the vector state lies.
    pub vector_state: u64,
    /// The mask.
    pub mask: u64,
}

/// Words of `siginfo_t` that mean something; ten of zeroes follow.
pub const INFO_WORDS: usize = 6;

/// Bytes that [`store_signal_frame`] writes.
pub const SIGNAL_FRAME_BYTES: usize = 440;
/// Where `struct ucontext` lies in it: [`load_signal_frame`] begins there.
pub const CONTEXT_OFFSET: usize = 8;
/// Where `siginfo_t` lies in it.
pub const INFO_OFFSET: usize = CONTEXT_OFFSET + CONTEXT_BYTES;
/// The size of `struct ucontext`.
pub const CONTEXT_BYTES: usize = 304;

/// Writes a frame to the program's memory at `to`.
///
/// # Errors
/// A page cannot be written, or the frame is not the user's.
#[inline]
pub fn store_signal_frame(to: usize, registers: &TrapFrame, frame: &HandlerFrame) -> Result<(), FrameFault> {
    check(to, SIGNAL_FRAME_BYTES)?;
    // SAFETY: the range was checked.
    done(unsafe { store(to, frame, registers) })
}

/// Takes the registers, but for RFLAGS, from `struct ucontext` at `from`, and the rest of it beside them.
///
/// # Errors
/// A page cannot be read, or the frame is not the user's. No register has been taken then, unless a page went meanwhile.
#[inline]
pub fn load_signal_frame(from: usize, registers: &mut TrapFrame) -> Result<ReturnedFrame, FrameFault> {
    check(from, CONTEXT_BYTES)?;
    let mut returned = MaybeUninit::uninit();
    // SAFETY: the range was checked. Without a fault all words have been written.
    unsafe {
        done(load(returned.as_mut_ptr(), from, registers))?;
        Ok(returned.assume_init())
    }
}

#[inline]
fn check(at: usize, length: usize) -> Result<(), FrameFault> {
    let inside = at.checked_add(length).is_some_and(|end| end <= USER_END);
    if inside { Ok(()) } else { Err(FrameFault) }
}

#[inline]
fn done(fault: u32) -> Result<(), FrameFault> {
    if fault == 0 { Ok(()) } else { Err(FrameFault) }
}

/// So many words from RSI to RDI.
macro_rules! words {
    ($count:literal) => {
        concat!(".rept ", $count, "\n", may_fault!("movsq"), "\n.endr")
    };
}

/// So many words of zeroes to RDI; RAX is 0.
macro_rules! zeroes {
    ($count:literal) => {
        concat!(".rept ", $count, "\n", may_fault!("stosq"), "\n.endr")
    };
}

/// A register, whose place in the [`TrapFrame`] at RDX is the next operand, to RDI.
macro_rules! put {
    ($register:tt) => {
        concat!("mov rax, [rdx + {}]\n", may_fault!("stosq"))
    };
}

/// A register from RSI.
macro_rules! take {
    ($register:tt) => {
        concat!(may_fault!("lodsq"), "\nmov [rdx + {}], rax")
    };
}

/// Gives a macro the registers in the order of `struct sigcontext`.
macro_rules! registers_in_order {
    ($of:ident) => {
        $of! { [r8] [r9] [r10] [r11] [r12] [r13] [r14] [r15] [rdi] [rsi] [rbp] [rbx] [rdx] [rax] [rcx] [cpu.rsp] [cpu.rip] }
    };
}

macro_rules! store_in_order {
    ($([$($register:tt)+])+) => {
        naked_asm!(
            stac!(),
            words!("6"),                       // return address and head
            $( put!([$($register)+]), )+
            put!(rflags),
            words!("1"),                       // selectors
            put!(error_code),
            put!(vector),
            words!("3"),                       // mask, CR2, pointer to the vector state
            "xor eax, eax",
            zeroes!("8"),                      // in reserve
            words!("7"),                       // mask, siginfo
            zeroes!("10"),                     // the rest of siginfo
            answer!(),
            $( const offset_of!(TrapFrame, $($register)+), )+
            const offset_of!(TrapFrame, cpu.rflags),
            const offset_of!(TrapFrame, error_code),
            const offset_of!(TrapFrame, vector),
        )
    };
}

macro_rules! load_in_order {
    ($([$($register:tt)+])+) => {
        naked_asm!(
            stac!(),
            may_fault!("mov rax, [rsi + 296]"), // the mask, which is last: if its page and the first are there, all is
            "mov [rdi + 64], rax",
            words!("5"),                       // head
            $( take!([$($register)+]), )+
            words!("2"),                       // RFLAGS, selectors
            "add rsi, 32",                     // error code, vector, mask, CR2
            words!("1"),                       // pointer to the vector state
            answer!(),
            $( const offset_of!(TrapFrame, $($register)+), )+
        )
    };
}

/// Returns 0, or 1 after a fault.
///
/// # Safety
/// 1. [`SIGNAL_FRAME_BYTES`] from `to` on lie below `USER_END`.
#[unsafe(naked)]
unsafe extern "sysv64" fn store(to: usize, frame: *const HandlerFrame, registers: *const TrapFrame) -> u32 {
    registers_in_order!(store_in_order)
}

/// Returns 0, or 1 after a fault.
///
/// # Safety
/// 1. [`CONTEXT_BYTES`] from `from` on lie below `USER_END`.
/// 2. `into` and `registers` may be written.
#[unsafe(naked)]
unsafe extern "sysv64" fn load(into: *mut ReturnedFrame, from: usize, registers: *mut TrapFrame) -> u32 {
    registers_in_order!(load_in_order)
}

// The words that are moved are the fields, in their order.
const _: () = {
    assert!(size_of::<HandlerFrame>() == (6 + 1 + 3 + 1 + INFO_WORDS) * 8);
    assert!(size_of::<ReturnedFrame>() == (5 + 2 + 1 + 1) * 8 && offset_of!(ReturnedFrame, mask) == 64);
    assert!(CONTEXT_BYTES == (5 + 18 + 1 + 2 + 3 + 8 + 1) * 8);
    assert!(SIGNAL_FRAME_BYTES == INFO_OFFSET + 128);
};
