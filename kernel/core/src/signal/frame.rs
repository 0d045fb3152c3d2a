//! The frame on the user's stack while a handler runs, exactly as Linux lays it out (arch/x86/include/uapi/asm/sigcontext.h,
//! ucontext.h), because C libraries and unwinders read it:
//!
//! ```text
//!   vector state      64-byte aligned, XSAVE standard format, between two magic numbers
//!   siginfo           128 bytes
//!   ucontext          flags, link, alternate stack, registers, pointer to the vector state, mask
//!   return address    the restorer, which calls rt_sigreturn       <- RSP in the handler, 8 below a multiple of 16
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

use super::info::SIGINFO_WORDS;
use super::state::AlternateStack;
use super::{Action, Details, SignalInfo, SignalSet, set_mask};
use crate::error::Errno;
use crate::mm::{CurrentMemory, Touch};
use crate::process::Thread;
use crate::syscall::memory::UserMemory;
use linux_raw_sys::general as linux;
use threadbare_machine::trap::vector;
use threadbare_machine::user::{self, UserContext, VECTOR_STATE_ALIGNMENT};
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// `struct ucontext` for x86-64, with `struct sigcontext_64` inside.
#[derive(Clone, Copy, Default, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct UserContextFrame {
    flags: u64,
    link: u64,
    stack_start: u64,
    stack_flags: u32,
    stack_padding: u32,
    stack_size: u64,
    r8_to_r15: [u64; 8],
    rdi: u64,
    rsi: u64,
    rbp: u64,
    rbx: u64,
    rdx: u64,
    rax: u64,
    rcx: u64,
    rsp: u64,
    rip: u64,
    rflags: u64,
    selectors: [u16; 4],
    error_code: u64,
    vector: u64,
    old_mask: u64,
    cr2: u64,
    vector_state: u64,
    reserved: [u64; 8],
    mask: u64,
}

const CONTEXT_BYTES: usize = size_of::<UserContextFrame>();
const _: () = assert!(CONTEXT_BYTES == 304);

/// All but the vector state, lowest address first.
#[derive(IntoBytes, Immutable)]
#[repr(C)]
struct Frame {
    return_address: u64,
    context: UserContextFrame,
    info: [u64; SIGINFO_WORDS],
}

/// `UC_FP_XSTATE`, `UC_SIGCONTEXT_SS`, `UC_STRICT_RESTORE_SS`.
const CONTEXT_FLAGS: u64 = 0b111;
const STRICT_RESTORE_SS: u64 = 0b100;

/// The selectors of ring 3 as Linux has them, and so as programs see them: CS and SS.
const USER_CS: u16 = 0x33;
const USER_SS: u16 = 0x2b;

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
    let was_on_stack = stack.is_in_use(rsp);
    let enters = action.has(linux::SA_ONSTACK) && stack.size > 0 && !was_on_stack;
    // The program chose RSP: addresses may wrap, and the writes below then fail.
    let top = if enters {
        stack.start.wrapping_add(stack.size)
    } else {
        rsp.wrapping_sub(RED_ZONE)
    };
    let vector_at = top.wrapping_sub(user::vector_frame_size() as u64) & !(VECTOR_STATE_ALIGNMENT as u64 - 1);
    let at = (vector_at.wrapping_sub(size_of::<Frame>() as u64 - 8) & !15).wrapping_sub(8);
    if (enters || was_on_stack) && !stack.contains(at) {
        return Err(Errno::EFAULT); // the alternate stack is too small
    }
    let frame = Frame {
        return_address: action.restorer,
        context: UserContextFrame {
            flags: CONTEXT_FLAGS,
            link: 0,
            stack_start: stack.start,
            stack_flags: stack.flags,
            stack_padding: 0,
            stack_size: stack.size,
            r8_to_r15: [
                registers.r8,
                registers.r9,
                registers.r10,
                registers.r11,
                registers.r12,
                registers.r13,
                registers.r14,
                registers.r15,
            ],
            rdi: registers.rdi,
            rsi: registers.rsi,
            rbp: registers.rbp,
            rbx: registers.rbx,
            rdx: registers.rdx,
            rax: registers.rax,
            rcx: registers.rcx,
            rsp,
            rip: registers.cpu.rip,
            rflags: registers.cpu.rflags,
            selectors: [USER_CS, 0, 0, USER_SS],
            error_code: registers.error_code,
            vector: registers.vector,
            old_mask: mask.bits(),
            cr2: match info.details {
                Details::Address(address) => address,
                _ => 0,
            },
            vector_state: vector_at,
            reserved: [0; 8],
            mask: mask.bits(),
        },
        info: info.to_words(),
    };
    store_vector_state(&memory, vector_at)?;
    memory.write_bytes(address(at)?, frame.as_bytes())?;

    let registers = context.registers_mut();
    registers.cpu.rip = entry;
    registers.cpu.rsp = at;
    registers.cpu.rflags &= !CLEARED_FLAGS;
    registers.rdi = u64::from(info.signal.number());
    registers.rsi = at.wrapping_add(8 + CONTEXT_BYTES as u64);
    registers.rdx = at.wrapping_add(8);
    registers.rax = 0;
    // The handler expects nothing in RCX and R11, so it may be entered by SYSRET, which is faster than IRET.
    registers.vector = vector::SYSCALL;
    registers.rcx = entry;
    registers.r11 = registers.cpu.rflags;
    Ok(())
}

/// `rt_sigreturn(2)`: takes the registers back from the frame that the stack pointer leads to.
///
/// # Errors
/// `EFAULT` if there is no readable frame, or it holds what ring 3 cannot have: the caller gets SIGSEGV. All but the vector
/// state, which is then the initial one, and the selectors may have been taken.
pub fn sigreturn(thread: &Thread, context: &mut UserContext) -> Result<(), Errno> {
    let memory = CurrentMemory::new(&thread.process);
    let at = context.registers().cpu.rsp; // the restorer has popped the return address
    let mut saved = UserContextFrame::default();
    memory.read_bytes(address(at)?, saved.as_mut_bytes())?;
    let registers = context.registers_mut();
    let [r8, r9, r10, r11, r12, r13, r14, r15] = saved.r8_to_r15;
    (registers.r8, registers.r9, registers.r10, registers.r11) = (r8, r9, r10, r11);
    (registers.r12, registers.r13, registers.r14, registers.r15) = (r12, r13, r14, r15);
    (registers.rdi, registers.rsi, registers.rbp, registers.rbx) =
        (saved.rdi, saved.rsi, saved.rbp, saved.rbx);
    (registers.rdx, registers.rax, registers.rcx) = (saved.rdx, saved.rax, saved.rcx);
    (registers.cpu.rsp, registers.cpu.rip) = (saved.rsp, saved.rip);
    let kept = registers.cpu.rflags & !RESTORED_FLAGS;
    registers.cpu.rflags = kept | saved.rflags & RESTORED_FLAGS;
    set_mask(thread, SignalSet::from_bits(saved.mask));
    restore_stack(thread, &saved);
    load_vector_state(&memory, saved.vector_state)?;
    let [cs, _, _, ss] = saved.selectors;
    let strict = saved.flags & STRICT_RESTORE_SS != 0;
    if cs | 3 != USER_CS || strict && ss | 3 != USER_SS {
        return Err(Errno::EFAULT);
    }
    Ok(())
}

/// The alternate stack of a frame comes back where it makes sense; what does not is left alone, as on Linux.
fn restore_stack(thread: &Thread, saved: &UserContextFrame) {
    let stack = AlternateStack {
        start: saved.stack_start,
        size: saved.stack_size,
        flags: saved.stack_flags,
    };
    if stack != thread.signals.stack() {
        let _ = thread.signals.change_stack(stack, saved.rsp);
    }
}

/// Copies of the vector state go on after the pages have been brought in; more than once only if another thread takes them
/// away meanwhile.
const ATTEMPTS: usize = 3;

fn store_vector_state(memory: &CurrentMemory<'_>, at: u64) -> Result<(), Errno> {
    let at = address(at)?;
    for _ in 0..ATTEMPTS {
        if user::store_vector_state(at).is_ok() {
            return Ok(());
        }
        memory.bring_in_range(at, user::vector_frame_size(), Touch::Write)?;
    }
    Err(Errno::EFAULT)
}

fn load_vector_state(memory: &CurrentMemory<'_>, at: u64) -> Result<(), Errno> {
    if at == 0 {
        user::reset_vector_state();
        return Ok(());
    }
    let at = address(at)?;
    for _ in 0..ATTEMPTS {
        if user::load_vector_state(at).is_ok() {
            return Ok(());
        }
        memory.bring_in_range(at, user::vector_frame_size(), Touch::Read)?;
    }
    Err(Errno::EFAULT)
}

fn address(at: u64) -> Result<usize, Errno> {
    usize::try_from(at).map_err(|_| Errno::EFAULT)
}
