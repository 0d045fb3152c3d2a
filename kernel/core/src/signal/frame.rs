//! The frame on the user's stack while a handler runs:
//!
//! ```text
//!   vector state      64-byte aligned, XSAVE standard format, between two magic numbers ([`user::store_vector_state`])
//!   siginfo           )
//!   ucontext          ) as [`user::store_signal_frame`] tells
//!   return address    )                                            <- RSP in the handler, 8 below a multiple of 16
//! ```
//!
//! Coming back, nothing in it is trusted:
//! 1. Of the flags only those are taken that ring 3 could set itself, and the selectors must be ring 3's;
//!    [`UserContext::run`] replaces both anyway, and runs no RIP that is not the user's.
//! 2. The vector state goes straight from the program's memory to the CPU, which refuses what is not valid
//!    ([`user::load_vector_state`]).
//! 3. The mask blocks nothing that cannot be blocked, and the alternate stack is set as by `sigaltstack(2)`.
//!
//! What cannot be taken is answered by SIGSEGV, as on Linux.

use super::state::AlternateStack;
use super::{Action, Details, SignalInfo, SignalSet, set_mask};
use crate::error::Errno;
use crate::mm::{CurrentMemory, Touch};
use crate::process::Thread;
use linux_raw_sys::general as linux;
use threadbare_machine::trap::vector;
use threadbare_machine::user::{
    self, CONTEXT_BYTES, CONTEXT_OFFSET, FrameHead, HandlerFrame, INFO_OFFSET, SIGNAL_FRAME_BYTES,
    UserContext, VECTOR_STATE_ALIGNMENT,
};

/// `UC_FP_XSTATE`, `UC_SIGCONTEXT_SS`, `UC_STRICT_RESTORE_SS`.
const CONTEXT_FLAGS: u64 = 0b111;
const STRICT_RESTORE_SS: u64 = 0b100;

/// The selectors of ring 3 as Linux has them, and so as programs see them: CS and SS, without the ring.
const USER_CS: u64 = 0x30;
const USER_SS: u64 = 0x28;
/// As a word of the frame, with GS and FS between them.
const SELECTORS: u64 = USER_CS | 3 | (USER_SS | 3) << 48;

/// The bytes below RSP that a function may use without moving it (System V ABI, "The Stack Frame").
const RED_ZONE: u64 = 128;

/// The flags that come back from a frame: CF, PF, AF, ZF, SF, TF, DF, OF, RF, AC.
const RESTORED_FLAGS: u64 = 0x5_0dd5;
/// The flags that are clear in a handler: TF, DF, RF.
const CLEARED_FLAGS: u64 = 0x1_0500;

/// Pushes a frame for `info` and points the registers at the handler.
///
/// # Errors
/// `EFAULT`: there is no stack, or no memory for it.
pub(super) fn push(
    thread: &Thread,
    context: &mut UserContext,
    info: &SignalInfo,
    action: &Action,
    entry: u64,
    mask: SignalSet,
) -> Result<(), Errno> {
    let memory = CurrentMemory::new(&thread.process);
    let registers = context.registers();
    let stack = thread.signals.stack();
    let rsp = registers.cpu.rsp;
    let (top, on_stack) = top(&stack, rsp, action);
    let vector_at = top.wrapping_sub(user::vector_frame_size() as u64) & !(VECTOR_STATE_ALIGNMENT as u64 - 1);
    let at = (vector_at.wrapping_sub(SIGNAL_FRAME_BYTES as u64 - 8) & !15).wrapping_sub(8);
    if on_stack && !stack.contains(at) {
        return Err(Errno::EFAULT); // the alternate stack is too small
    }
    let frame = HandlerFrame {
        return_address: action.restorer,
        head: FrameHead {
            flags: CONTEXT_FLAGS,
            link: 0,
            stack_start: stack.start,
            stack_flags: u64::from(stack.flags),
            stack_size: stack.size,
        },
        selectors: SELECTORS,
        old_mask: mask.bits(),
        fault_address: match info.details {
            Details::Address(address) => address,
            _ => 0,
        },
        vector_state: vector_at,
        mask: mask.bits(),
        info: info.first_words(),
    };
    let (at, vector_at) = (address(at)?, address(vector_at)?);
    attempt(
        || user::store_vector_state(vector_at).ok(),
        || memory.bring_in_range(vector_at, user::vector_frame_size(), Touch::Write),
    )?;
    attempt(
        || user::store_signal_frame(at, registers, &frame).ok(),
        || memory.bring_in_range(at, SIGNAL_FRAME_BYTES, Touch::Write),
    )?;

    let at = at as u64;
    let registers = context.registers_mut();
    registers.cpu.rip = entry;
    registers.cpu.rsp = at;
    registers.cpu.rflags &= !CLEARED_FLAGS;
    registers.rdi = u64::from(info.signal.number());
    registers.rsi = at.wrapping_add(INFO_OFFSET as u64);
    registers.rdx = at.wrapping_add(CONTEXT_OFFSET as u64);
    registers.rax = 0;
    // The handler expects nothing in RCX and R11, so it may be entered by SYSRET, which is faster than IRET.
    registers.vector = vector::SYSCALL;
    registers.rcx = entry;
    registers.r11 = registers.cpu.rflags;
    Ok(())
}

/// Below what the frame goes, and whether that is the alternate stack. The program chose RSP: addresses may wrap, and the
/// writes then fail.
fn top(stack: &AlternateStack, rsp: u64, action: &Action) -> (u64, bool) {
    let below_red_zone = rsp.wrapping_sub(RED_ZONE);
    if stack.size == 0 {
        (below_red_zone, false)
    } else if stack.is_in_use(rsp) {
        (below_red_zone, true)
    } else if action.has(linux::SA_ONSTACK) {
        (stack.start.wrapping_add(stack.size), true)
    } else {
        (below_red_zone, false)
    }
}

/// `rt_sigreturn(2)`: takes the registers back from the frame that the stack pointer leads to.
///
/// # Errors
/// `EFAULT` if there is no readable frame, or it holds what ring 3 cannot have: the caller gets SIGSEGV. All but the vector
/// state, which is then the initial one, and the selectors may have been taken.
pub fn sigreturn(thread: &Thread, context: &mut UserContext) -> Result<(), Errno> {
    let memory = CurrentMemory::new(&thread.process);
    let registers = context.registers_mut();
    let at = address(registers.cpu.rsp)?; // the restorer has popped the return address
    let saved = attempt(
        || user::load_signal_frame(at, registers).ok(),
        || memory.bring_in_range(at, CONTEXT_BYTES, Touch::Read),
    )?;
    let kept = registers.cpu.rflags & !RESTORED_FLAGS;
    registers.cpu.rflags = kept | saved.rflags & RESTORED_FLAGS;
    let rsp = registers.cpu.rsp;
    set_mask(thread, SignalSet::from_bits(saved.mask));
    restore_stack(thread, &saved.head, rsp);
    load_vector_state(&memory, saved.vector_state)?;
    let strict = saved.head.flags & STRICT_RESTORE_SS != 0;
    let (cs, ss) = (saved.selectors & 0xfffc, saved.selectors >> 48 & 0xfffc);
    if cs != USER_CS || strict && ss != USER_SS {
        return Err(Errno::EFAULT);
    }
    Ok(())
}

/// The alternate stack of a frame comes back where it makes sense; what does not is left alone, as on Linux.
fn restore_stack(thread: &Thread, saved: &FrameHead, rsp: u64) {
    let stack = AlternateStack {
        start: saved.stack_start,
        size: saved.stack_size,
        flags: saved.stack_flags as u32, // the rest is padding
    };
    if stack != thread.signals.stack() {
        let _ = thread.signals.change_stack(stack, rsp);
    }
}

fn load_vector_state(memory: &CurrentMemory<'_>, at: u64) -> Result<(), Errno> {
    if at == 0 {
        user::reset_vector_state();
        return Ok(());
    }
    let at = address(at)?;
    attempt(
        || user::load_vector_state(at).ok(),
        || memory.bring_in_range(at, user::vector_frame_size(), Touch::Read),
    )
}

/// Calls `access`, again after `bring_in` has brought the pages in; more than once only if another thread takes them away
/// meanwhile.
///
/// # Errors
/// `EFAULT`, and those of `bring_in`.
#[inline]
fn attempt<T>(
    mut access: impl FnMut() -> Option<T>,
    bring_in: impl Fn() -> Result<(), Errno>,
) -> Result<T, Errno> {
    const ATTEMPTS: usize = 3;
    for _ in 0..ATTEMPTS {
        if let Some(done) = access() {
            return Ok(done);
        }
        bring_in()?;
    }
    Err(Errno::EFAULT)
}

fn address(at: u64) -> Result<usize, Errno> {
    usize::try_from(at).map_err(|_| Errno::EFAULT)
}
