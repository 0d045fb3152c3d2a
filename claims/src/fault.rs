//! Calls that may fault, and what the CPU said about the fault.
//!
//! [`catch`] calls a naked function with the callee-saved registers set aside. If the function faults, the handler, on a stack of
//! its own, notes what the kernel tells (`sigaction(2)`, `ucontext_t`) and continues behind the call as if it had returned.
//!
//! Invariants:
//! 1. One call is caught at a time, on one thread: the state is a static.
//! 2. The functions that are called own nothing: to leave them in the middle loses nothing.

use std::arch::naked_asm;
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, Ordering};

/// Vectors of the exceptions that the runs raise (SDM 3A, table 7-1).
pub(crate) mod vector {
    pub(crate) const INVALID_OPCODE: u64 = 6;
    pub(crate) const STACK_FAULT: u64 = 12;
    pub(crate) const GENERAL_PROTECTION: u64 = 13;
    pub(crate) const PAGE_FAULT: u64 = 14;
    pub(crate) const ALIGNMENT_CHECK: u64 = 17;

    /// The manual's mnemonic.
    pub(super) fn name(vector: u64) -> &'static str {
        match vector {
            0 => "#DE",
            1 => "#DB",
            3 => "#BP",
            INVALID_OPCODE => "#UD",
            STACK_FAULT => "#SS",
            GENERAL_PROTECTION => "#GP",
            PAGE_FAULT => "#PF",
            ALIGNMENT_CHECK => "#AC",
            _ => "another",
        }
    }
}

/// Indices of registers in `uc_mcontext.gregs` (`sys/ucontext.h`).
pub(crate) mod register {
    pub(crate) const RDI: usize = 8;
    pub(crate) const RSI: usize = 9;
    pub(crate) const RBP: usize = 10;
    pub(crate) const RBX: usize = 11;
    pub(crate) const RAX: usize = 13;
    pub(crate) const RSP: usize = 15;
    pub(crate) const RIP: usize = 16;
    pub(crate) const EFL: usize = 17;
    pub(crate) const ERR: usize = 19;
    pub(crate) const TRAPNO: usize = 20;
}

/// A fault as Linux reports it to the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) signal: i32,
    /// `si_code`.
    pub(crate) code: i32,
    /// The vector of the exception.
    pub(crate) vector: u64,
    pub(crate) error_code: u64,
    /// `si_addr`: where the access went, if the CPU told that.
    pub(crate) address: u64,
    pub(crate) rip: u64,
    pub(crate) rsp: u64,
}

/// What came of a call, in words.
pub(crate) fn told(outcome: Result<u64, Fault>) -> String {
    match outcome {
        Ok(value) => format!("{value:#x}, no fault"),
        Err(fault) => format!(
            "vector {} ({}), error code {:#x}, signal {}, address told {:#x}",
            fault.vector,
            vector::name(fault.vector),
            fault.error_code,
            fault.signal,
            fault.address
        ),
    }
}

/// Where [`call`] stands: what is needed to go on behind it.
#[repr(C)]
struct Slot {
    fault: UnsafeCell<Fault>,
    rsp: UnsafeCell<u64>,
}

// SAFETY: invariant 1.
unsafe impl Sync for Slot {}

static SLOT: Slot = Slot {
    fault: UnsafeCell::new(Fault {
        signal: 0,
        code: 0,
        vector: 0,
        error_code: 0,
        address: 0,
        rip: 0,
        rsp: 0,
    }),
    rsp: UnsafeCell::new(0),
};
static FAULTED: AtomicBool = AtomicBool::new(false);

/// Calls `function(argument)`; gives its RAX, or the fault that it ran into.
///
/// # Safety
/// The function faults at most in instructions whose effects nobody needs, and keeps the System V ABI otherwise.
pub(crate) unsafe fn catch(
    function: unsafe extern "sysv64" fn(u64) -> u64,
    argument: u64,
) -> Result<u64, Fault> {
    install();
    FAULTED.store(false, Ordering::Relaxed);
    // SAFETY: `call` keeps the ABI on both ways out; the caller answers for the function.
    let result = unsafe { call(function, argument, SLOT.rsp.get()) };
    if FAULTED.load(Ordering::Relaxed) {
        // SAFETY: the handler has run, on this thread.
        return Err(unsafe { *SLOT.fault.get() });
    }
    Ok(result)
}

/// Calls `function(argument)` and stores in `*rsp` where it can be left from.
#[unsafe(naked)]
unsafe extern "sysv64" fn call(
    function: unsafe extern "sysv64" fn(u64) -> u64,
    argument: u64,
    rsp: *mut u64,
) -> u64 {
    naked_asm!(
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "push rax",       // keeps RSP a multiple of 16 at the call
        "mov [rdx], rsp", // the handler comes back to here
        "mov rax, rdi",
        "mov rdi, rsi",
        "call rax",
        "jmp {leave}",
        leave = sym leave,
    )
}

/// Behind the call: after a return and after a fault alike.
#[unsafe(naked)]
unsafe extern "sysv64" fn leave() {
    naked_asm!(
        "pop rcx", "pop r15", "pop r14", "pop r13", "pop r12", "pop rbx", "pop rbp", "ret",
    )
}

/// The signal handler: Linux leaves AC as the faulting code had it, and compiled code does not expect it.
#[unsafe(naked)]
extern "C" fn entry(_signal: i32, _info: *mut libc::siginfo_t, _context: *mut libc::c_void) {
    naked_asm!(
        "pushfq",
        "and qword ptr [rsp], ~0x40000",
        "popfq",
        "jmp {handler}",
        handler = sym handler,
    )
}

extern "C" fn handler(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the kernel passes both for a handler that was installed with SA_SIGINFO.
    let (info, context) = unsafe { (&*info, &mut *context.cast::<libc::ucontext_t>()) };
    let registers = &mut context.uc_mcontext.gregs;
    let word = |index: usize| registers[index].cast_unsigned();
    let fault = Fault {
        signal,
        code: info.si_code,
        vector: word(register::TRAPNO),
        error_code: word(register::ERR),
        // SAFETY: all signals that are handled here carry an address.
        address: unsafe { info.si_addr() } as u64,
        rip: word(register::RIP),
        rsp: word(register::RSP),
    };
    // SAFETY: invariant 1; `call` has stored its RSP.
    unsafe {
        *SLOT.fault.get() = fault;
        registers[register::RSP] = (*SLOT.rsp.get()).cast_signed();
    }
    registers[register::RIP] = (leave as *const () as u64).cast_signed();
    registers[register::EFL] &= !((1 << 18) | (1 << 10)); // AC and DF, as the ABI wants them
    FAULTED.store(true, Ordering::Relaxed);
}

/// Keeps all signals away but those of faults, and SIGALRM, which ends the process, so that nobody writes below RSP behind a run's back.
pub(crate) fn only_faults() {
    // SAFETY: the set is filled before it is used.
    unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        for signal in FAULTS.into_iter().chain([libc::SIGALRM]) {
            libc::sigdelset(&raw mut all, signal);
        }
        libc::sigprocmask(libc::SIG_SETMASK, &raw const all, std::ptr::null_mut());
    }
}

const FAULTS: [i32; 5] = [
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGILL,
    libc::SIGTRAP,
    libc::SIGFPE,
];

/// Installs the handler, on a stack of its own, for the signals of faults.
fn install() {
    static DONE: AtomicBool = AtomicBool::new(false);
    if DONE.swap(true, Ordering::Relaxed) {
        return;
    }
    let stack = Box::leak(vec![0u8; 64 << 10].into_boxed_slice());
    // SAFETY: the stack lives for ever, the handler has the signature that SA_SIGINFO asks for, and the structures are
    // whole: zero is a valid value of each field that is not set.
    unsafe {
        let mut alternate: libc::stack_t = std::mem::zeroed();
        alternate.ss_sp = stack.as_mut_ptr().cast();
        alternate.ss_size = stack.len();
        libc::sigaltstack(&raw const alternate, std::ptr::null_mut());
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = entry as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER;
        for signal in FAULTS {
            libc::sigaction(signal, &raw const action, std::ptr::null_mut());
        }
    }
}
