//! One instruction at a time: the trap flag, and the registers after each.
//!
//! With TF set in RFLAGS the CPU raises #DB after every instruction (SDM 3B, 18.3.1.4); Linux makes SIGTRAP of it, whose handler
//! notes the registers. So RIP is seen by somebody who is not the program itself.

use crate::fault::register;
use std::arch::naked_asm;
use std::cell::UnsafeCell;

/// The registers between two instructions, as `uc_mcontext.gregs` orders them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    registers: [u64; 18],
    /// The word that RSP points at.
    pub(crate) top: u64,
}

impl Step {
    pub(crate) fn rip(&self) -> u64 {
        self.registers[register::RIP]
    }

    pub(crate) fn rsp(&self) -> u64 {
        self.registers[register::RSP]
    }

    pub(crate) fn rbp(&self) -> u64 {
        self.registers[register::RBP]
    }

    pub(crate) fn rbx(&self) -> u64 {
        self.registers[register::RBX]
    }

    pub(crate) fn rdi(&self) -> u64 {
        self.registers[register::RDI]
    }

    pub(crate) fn rsi(&self) -> u64 {
        self.registers[register::RSI]
    }

    pub(crate) fn rax(&self) -> u64 {
        self.registers[register::RAX]
    }
}

/// More than any run takes.
const CAPACITY: usize = 4096;

struct Record(UnsafeCell<Vec<Step>>);

// SAFETY: one thread steps, and its handler runs between its own instructions.
unsafe impl Sync for Record {}

static RECORD: Record = Record(UnsafeCell::new(Vec::new()));

/// Calls `function(argument)` step by step: the registers at its first instruction, after each one, and last behind the call.
///
/// # Safety
/// The function keeps the System V ABI.
pub(crate) unsafe fn steps(function: unsafe extern "sysv64" fn(u64) -> u64, argument: u64) -> Vec<Step> {
    install();
    // SAFETY: nobody steps now; the handler pushes no more than was reserved, so it never allocates.
    unsafe {
        *RECORD.0.get() = Vec::with_capacity(CAPACITY);
        call_stepped(function, argument);
        std::mem::take(&mut *RECORD.0.get())
    }
}

#[unsafe(naked)]
unsafe extern "sysv64" fn call_stepped(_function: unsafe extern "sysv64" fn(u64) -> u64, _argument: u64) {
    naked_asm!(
        "push rbp", // and RSP is a multiple of 16
        "mov rax, rdi",
        "mov rdi, rsi",
        "pushfq",
        "or qword ptr [rsp], 0x100", // TF: the first trap comes after the instruction behind POPFQ
        "popfq",
        "call rax",
        "pop rbp", // the handler has cleared TF when it saw the return
        "ret",
    )
}

extern "C" fn handler(_signal: i32, _info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the kernel passes a context to a handler that was installed with SA_SIGINFO; `Record` says why it is ours.
    let (registers, record) = unsafe {
        let context = &mut *context.cast::<libc::ucontext_t>();
        (&mut context.uc_mcontext.gregs, &mut *RECORD.0.get())
    };
    let mut now = [0; 18];
    for (to, from) in now.iter_mut().zip(registers.iter()) {
        *to = from.cast_unsigned();
    }
    // SAFETY: RSP points into a stack.
    let top = unsafe { (now[register::RSP] as *const u64).read() };
    let first = record.first().map_or(top, |first| first.top);
    if record.len() < CAPACITY {
        record.push(Step { registers: now, top });
    }
    // At the first instruction the top is the return address: there it ends.
    if now[register::RIP] == first || record.len() == CAPACITY {
        registers[register::EFL] &= !0x100;
    }
}

fn install() {
    // SAFETY: the handler has the signature that SA_SIGINFO asks for; zero is a valid value of each field that is not set.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO;
        libc::sigaction(libc::SIGTRAP, &raw const action, std::ptr::null_mut());
    }
}
