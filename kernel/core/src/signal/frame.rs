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
//! Coming back, only what ring 3 could set itself is taken from it: [`UserContext::run`] replaces selectors and
//! privileged flags, and the machine checks the vector state before it is loaded.

use super::state::{Action, AlternateStack};
use super::{SignalInfo, SignalSet};
use crate::error::Errno;
use crate::mm::CurrentMemory;
use crate::process::Thread;
use crate::syscall::memory::UserMemory;
use alloc::vec::Vec;
use linux_raw_sys::general as linux;
use threadbare_machine::user::{self, UserContext};
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

const SIGINFO_BYTES: usize = 128;
const CONTEXT_BYTES: usize = size_of::<UserContextFrame>();
const _: () = assert!(CONTEXT_BYTES == 304);

/// `UC_FP_XSTATE`, `UC_SIGCONTEXT_SS`, `UC_STRICT_RESTORE_SS`.
const CONTEXT_FLAGS: u64 = 7;

/// Offsets and values of the marks that say "this is XSAVE format and this long" (`struct _fpx_sw_bytes`).
const SOFTWARE_BYTES: usize = 464;
const MAGIC1: u32 = 0x4650_5853;
const MAGIC2: u32 = 0x4650_5845;

/// Pushes a frame for `info` and points the registers at the handler.
pub(super) fn push(
    thread: &Thread,
    context: &mut UserContext,
    info: &SignalInfo,
    action: &Action,
    entry: u64,
    mask: SignalSet,
) -> Result<(), Errno> {
    let memory = CurrentMemory::new(&thread.process);
    let registers = *context.registers();
    let stack = *thread.signals.stack.lock();
    let on_stack = stack.contains(registers.cpu.rsp);
    let switches = action.flags & u64::from(linux::SA_ONSTACK) != 0 && stack.size > 0 && !on_stack;
    let top = if switches {
        stack.start.wrapping_add(stack.size)
    } else {
        registers.cpu.rsp.wrapping_sub(128)
    }; // the red zone

    let vector_state = vector_state_bytes()?;
    let vector_at = top.wrapping_sub(vector_state.len() as u64) & !63;
    let body = (SIGINFO_BYTES + CONTEXT_BYTES) as u64;
    let frame = (vector_at.wrapping_sub(body + 8) & !15).wrapping_sub(8);
    // The program chose RSP: addresses may wrap, and the writes below then fail.
    let context_at = frame.wrapping_add(8);
    let info_at = context_at.wrapping_add(CONTEXT_BYTES as u64);
    if (switches || on_stack) && frame < stack.start {
        return Err(Errno::EFAULT); // the alternate stack is too small
    }

    let saved = UserContextFrame {
        flags: CONTEXT_FLAGS,
        stack_start: stack.start,
        stack_flags: stack_flags(&stack, on_stack),
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
        rsp: registers.cpu.rsp,
        rip: registers.cpu.rip,
        rflags: registers.cpu.rflags,
        selectors: [0x33, 0, 0, 0x2b], // what Linux shows; ours are not the program's business
        error_code: registers.error_code,
        vector: registers.vector,
        cr2: match info.details {
            super::Details::Address(address) => address,
            _ => 0,
        },
        vector_state: vector_at,
        mask: mask.bits(),
        ..UserContextFrame::default()
    };
    write(&memory, vector_at, &vector_state)?;
    write(&memory, info_at, &info.to_bytes())?;
    write(&memory, context_at, saved.as_bytes())?;
    write(&memory, frame, &action.restorer.to_le_bytes())?;
    if stack.disarm && switches {
        *thread.signals.stack.lock() = AlternateStack::default();
    }

    let registers = context.registers_mut();
    registers.cpu.rip = entry;
    registers.cpu.rsp = frame;
    registers.cpu.rflags &= !0x1_0500; // DF, TF and RF are clear in a handler
    registers.rdi = u64::from(info.signal.number());
    registers.rsi = info_at;
    registers.rdx = context_at;
    registers.rax = 0;
    registers.vector = 0; // not the registers of a system call any more: no SYSRET, no restart
    Ok(())
}

/// `rt_sigreturn(2)`: takes the registers back from the frame that the stack pointer leads to.
///
/// # Errors
/// `EFAULT` if there is no readable frame, or its vector state is invalid: the caller is killed by SIGSEGV.
pub fn sigreturn(thread: &Thread, context: &mut UserContext) -> Result<(), Errno> {
    let memory = CurrentMemory::new(&thread.process);
    let at = context.registers().cpu.rsp; // the restorer has popped the return address
    let mut saved = UserContextFrame::default();
    memory.read_bytes(address(at)?, saved.as_mut_bytes())?;
    restore_vector_state(&memory, saved.vector_state)?;
    let registers = context.registers_mut();
    let [r8, r9, r10, r11, r12, r13, r14, r15] = saved.r8_to_r15;
    (registers.r8, registers.r9, registers.r10, registers.r11) = (r8, r9, r10, r11);
    (registers.r12, registers.r13, registers.r14, registers.r15) = (r12, r13, r14, r15);
    (registers.rdi, registers.rsi, registers.rbp, registers.rbx) =
        (saved.rdi, saved.rsi, saved.rbp, saved.rbx);
    (registers.rdx, registers.rax, registers.rcx) = (saved.rdx, saved.rax, saved.rcx);
    (registers.cpu.rsp, registers.cpu.rip, registers.cpu.rflags) = (saved.rsp, saved.rip, saved.rflags);
    registers.vector = 0;
    *thread.signals.mask.lock() = SignalSet::from_bits(saved.mask).blockable();
    let stack = AlternateStack {
        start: saved.stack_start,
        size: if saved.stack_flags & linux::SS_DISABLE != 0 {
            0
        } else {
            saved.stack_size
        },
        disarm: saved.stack_flags & (1 << 31) != 0,
    };
    *thread.signals.stack.lock() = stack;
    Ok(())
}

/// `ss_flags` as `sigaltstack(2)` shows them.
pub(crate) fn stack_flags(stack: &AlternateStack, on_stack: bool) -> u32 {
    let state = match (stack.size, on_stack) {
        (0, _) => linux::SS_DISABLE,
        (_, true) => linux::SS_ONSTACK,
        _ => 0,
    };
    state | if stack.disarm { 1 << 31 } else { 0 }
}

fn vector_state_bytes() -> Result<Vec<u8>, Errno> {
    let size = user::vector_state_size();
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(size + 4)?;
    bytes.resize(size, 0);
    user::save_vector_state(&mut bytes);
    let total = u32::try_from(size + 4).unwrap_or(u32::MAX);
    let mut put = |offset: usize, field: &[u8]| bytes[offset..offset + field.len()].copy_from_slice(field);
    put(SOFTWARE_BYTES, &MAGIC1.to_le_bytes());
    put(SOFTWARE_BYTES + 4, &total.to_le_bytes());
    put(SOFTWARE_BYTES + 8, &user::vector_components().to_le_bytes());
    put(SOFTWARE_BYTES + 16, &(total - 4).to_le_bytes());
    bytes.extend_from_slice(&MAGIC2.to_le_bytes());
    Ok(bytes)
}

fn restore_vector_state(memory: &CurrentMemory<'_>, at: u64) -> Result<(), Errno> {
    if at == 0 {
        user::reset_vector_state();
        return Ok(());
    }
    let mut bytes = Vec::new();
    let size = user::vector_state_size();
    bytes.try_reserve_exact(size)?;
    bytes.resize(size, 0);
    memory.read_bytes(address(at)?, &mut bytes)?;
    if user::restore_vector_state(&bytes) {
        Ok(())
    } else {
        Err(Errno::EFAULT)
    }
}

fn write(memory: &CurrentMemory<'_>, at: u64, bytes: &[u8]) -> Result<(), Errno> {
    memory.write_bytes(address(at)?, bytes)
}

fn address(at: u64) -> Result<usize, Errno> {
    usize::try_from(at).map_err(|_| Errno::EFAULT)
}
