//! [`interrupt_handler!`](crate::interrupt_handler) keeps the promises of `extern "x86-interrupt"`.

use super::Test;
use crate::interrupt_handler;
use crate::trap::entry::{pop_preserved_registers, push_preserved_registers};
use crate::trap::{InstallError, InterruptHandler, install};
use core::arch::{asm, naked_asm};
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

pub(super) const TESTS: &[Test] = &[
    Test::new("a_handler_leaves_all_registers_as_they_were", registers_survive),
    Test::new("a_handler_sees_the_frame_that_the_cpu_pushed", frame_is_right),
    Test::new("a_handler_takes_its_error_code_off_the_stack", error_code),
    Test::new("a_handler_s_body_is_called_with_an_aligned_stack", alignment),
    Test::new("handlers_nest", nesting),
    Test::new("a_handler_of_the_wrong_kind_is_refused", refused),
];

static CALLS: AtomicUsize = AtomicUsize::new(0);
static SEEN_RIP: AtomicU64 = AtomicU64::new(0);
pub(super) static SEEN_ERROR: AtomicU64 = AtomicU64::new(0);
pub(super) static SEEN_RSP: AtomicUsize = AtomicUsize::new(1);
static DEPTH: AtomicUsize = AtomicUsize::new(0);

interrupt_handler! {
    /// Overwrites every scratch register, as any function may.
    pub(super) CLOBBER = |frame| {
        SEEN_RIP.store(frame.rip, Relaxed);
        CALLS.fetch_add(1, Relaxed);
        // SAFETY: registers that the ABI lets a function change.
        unsafe {
            asm!(
                "mov rax, -1", "mov rcx, -1", "mov rdx, -1", "mov rsi, -1", "mov rdi, -1",
                "mov r8, -1", "mov r9, -1", "mov r10, -1", "mov r11, -1", "std", "cld",
                clobber_abi("sysv64"),
            );
        }
    };
}

interrupt_handler! {
    /// Notes its error code.
    pub(super) WITH_ERROR = |_frame, error_code| {
        SEEN_ERROR.store(error_code, Relaxed);
    };
}

interrupt_handler! {
    /// Notes its stack pointer.
    pub(super) ALIGNED = |_frame| {
        SEEN_RSP.store(stack_at_call(), Relaxed);
    };
}

interrupt_handler! {
    /// Interrupts itself twice.
    NESTED = |frame| {
        let rip = frame.rip;
        if DEPTH.fetch_add(1, Relaxed) < 2 {
            // SAFETY: this very handler.
            unsafe { asm!("int 0x73") };
        }
        assert_eq!(frame.rip, rip, "the outer frame is untouched");
    };
}

/// RSP as it was at the call of this function: a multiple of 16 in code that keeps the ABI.
#[unsafe(naked)]
extern "sysv64" fn stack_at_call() -> usize {
    naked_asm!("lea rax, [rsp + 8]", "ret")
}

fn install_once(vector: u8, handler: InterruptHandler) {
    let result = install(vector, handler);
    assert!(matches!(result, Ok(()) | Err(InstallError::Taken)));
}

/// Fills all registers with known values, raises the vector, and returns 1 if they are all there after.
#[unsafe(naked)]
unsafe extern "sysv64" fn raise_and_compare() -> u64 {
    naked_asm!(
        push_preserved_registers!(),
        "mov rax, 1",
        "mov rbx, 2",
        "mov rcx, 3",
        "mov rdx, 4",
        "mov rsi, 5",
        "mov rdi, 6",
        "mov rbp, 7",
        "mov r8, 8",
        "mov r9, 9",
        "mov r10, 10",
        "mov r11, 11",
        "mov r12, 12",
        "mov r13, 13",
        "mov r14, 14",
        "mov r15, 15",
        "int 0x71",
        "cmp rax, 1",
        "jne 3f",
        "cmp rbx, 2",
        "jne 3f",
        "cmp rcx, 3",
        "jne 3f",
        "cmp rdx, 4",
        "jne 3f",
        "cmp rsi, 5",
        "jne 3f",
        "cmp rdi, 6",
        "jne 3f",
        "cmp rbp, 7",
        "jne 3f",
        "cmp r8, 8",
        "jne 3f",
        "cmp r9, 9",
        "jne 3f",
        "cmp r10, 10",
        "jne 3f",
        "cmp r11, 11",
        "jne 3f",
        "cmp r12, 12",
        "jne 3f",
        "cmp r13, 13",
        "jne 3f",
        "cmp r14, 14",
        "jne 3f",
        "cmp r15, 15",
        "jne 3f",
        "mov eax, 1",
        "jmp 4f",
        "3:",
        "xor eax, eax",
        "4:",
        pop_preserved_registers!(),
        "ret",
    )
}

fn registers_survive() {
    install_once(0x71, CLOBBER);
    let before = CALLS.load(Relaxed);
    // SAFETY: the vector has a handler.
    assert_eq!(unsafe { raise_and_compare() }, 1, "a register was changed");
    assert_eq!(CALLS.load(Relaxed), before + 1);
}

fn frame_is_right() {
    install_once(0x71, CLOBBER);
    let expected: u64;
    // SAFETY: the vector has a handler.
    unsafe { asm!("lea {}, [rip + 2f]", "int 0x71", "2:", out(reg) expected) };
    assert_eq!(SEEN_RIP.load(Relaxed), expected);
}

/// Enters a handler as the CPU does for a vector with an error code; returns what RSP lost on the way: 0.
#[unsafe(naked)]
pub(super) unsafe extern "sysv64" fn enter_with_error_code(handler: usize, error_code: u64) -> usize {
    naked_asm!(
        "mov r8, rsp",
        "mov rcx, rsp",
        "and rsp, -16",
        "mov eax, ss",
        "push rax",
        "push rcx",
        "pushfq",
        "mov eax, cs",
        "push rax",
        "lea rax, [rip + 2f]",
        "push rax",
        "push rsi",
        "jmp rdi",
        "2:",
        "mov rax, rsp",
        "sub rax, r8",
        "ret",
    )
}

fn error_code() {
    // SAFETY: the handler gets the stack that a trap with an error code leaves.
    assert_eq!(unsafe { enter_with_error_code(WITH_ERROR.address(), 0x1234) }, 0);
    assert_eq!(SEEN_ERROR.load(Relaxed), 0x1234);
}

fn alignment() {
    install_once(0x72, ALIGNED);
    for shift in [0usize, 8] {
        // SAFETY: the vector has a handler; RSP is restored. Both alignments of the interrupted stack are tried.
        unsafe { asm!("sub rsp, {0}", "int 0x72", "add rsp, {0}", in(reg) shift) };
        assert_eq!(SEEN_RSP.load(Relaxed) % 16, 0);
    }
}

fn nesting() {
    install_once(0x73, NESTED);
    DEPTH.store(0, Relaxed);
    // SAFETY: the vector has a handler.
    unsafe { asm!("int 0x73") };
    assert_eq!(DEPTH.load(Relaxed), 3);
}

fn refused() {
    assert_eq!(install(0x74, WITH_ERROR), Err(InstallError::ErrorCodeMismatch));
    assert_eq!(install(14, CLOBBER), Err(InstallError::ErrorCodeMismatch));
    assert_eq!(install(3, CLOBBER), Err(InstallError::Reserved));
    assert_eq!(install(0x40, CLOBBER), Err(InstallError::Reserved));
}
