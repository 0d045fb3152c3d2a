//! What `interrupt_handler!` adds to a function, and what becomes of a function without it.

use super::raw::{Action, Net, catch, catch_one};
use super::see::{seen, seen_hex};
use crate::tests::Test;
use crate::tests::handlers::{ALIGNED, CLOBBER, SEEN_ERROR, SEEN_RSP, WITH_ERROR, enter_with_error_code};
use crate::trap::{InterruptStackFrame, vector};
use core::arch::{asm, naked_asm};
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

pub(crate) const TESTS: &[Test] = &[
    Test::new("claims::rust.handler-macro", handler_macro),
    Test::new("claims::rust.misaligned-handler", misaligned),
];

/// A function, as the compiler makes it, that uses the registers that functions may use.
extern "C" fn plain(_frame: &InterruptStackFrame) {
    // SAFETY: registers that the ABI lets a function change.
    unsafe {
        asm!(
            "mov rax, -1",
            "mov rcx, -1",
            "mov rdx, -1",
            "mov rsi, -1",
            "mov rdi, -1",
            "mov r8, -1",
            "mov r9, -1",
            "mov r10, -1",
            "mov r11, -1",
            clobber_abi("sysv64"),
        );
    }
}

const SCRATCH: [&str; 9] = ["RAX", "RCX", "RDX", "RSI", "RDI", "R8", "R9", "R10", "R11"];

/// The scratch registers, RSP and RFLAGS after an interrupt; and RSP before.
static AFTER: [AtomicU64; 12] = [const { AtomicU64::new(0) }; 12];

/// Gives all scratch registers the value 0x5c, raises the vector, notes [`AFTER`], and takes RSP back from RBX.
#[unsafe(naked)]
unsafe extern "sysv64" fn interrupt(_first: u64, _second: u64) {
    naked_asm!(
        "push rbx",
        "mov rbx, rsp",
        "mov eax, 0x5c",
        "mov ecx, 0x5c",
        "mov edx, 0x5c",
        "mov esi, 0x5c",
        "mov edi, 0x5c",
        "mov r8d, 0x5c",
        "mov r9d, 0x5c",
        "mov r10d, 0x5c",
        "mov r11d, 0x5c",
        "sti",
        "int 0x77",
        "mov [rip + {after} + 72], rsp",
        "mov rsp, rbx",
        "mov [rip + {after}], rax",
        "mov [rip + {after} + 8], rcx",
        "mov [rip + {after} + 16], rdx",
        "mov [rip + {after} + 24], rsi",
        "mov [rip + {after} + 32], rdi",
        "mov [rip + {after} + 40], r8",
        "mov [rip + {after} + 48], r9",
        "mov [rip + {after} + 56], r10",
        "mov [rip + {after} + 64], r11",
        "mov [rip + {after} + 88], rsp",
        "pushfq",
        "pop rax",
        "mov [rip + {after} + 80], rax",
        "pop rbx",
        "ret",
        after = sym AFTER,
    )
}

/// What a handler did to whom it interrupted.
struct Damage {
    registers: usize,
    rsp: i64,
    interrupts_enabled: bool,
}

fn damage(handler: usize) -> Damage {
    // SAFETY: `interrupt` repairs RSP, `catch` the interrupt flag; scratch registers are the handler's to change here.
    let caught = unsafe { catch(&[Net::to(0x77, handler)], interrupt, 0, 0) };
    assert!(caught.is_none(), "it comes back, one way or the other");
    let after = AFTER.each_ref().map(|word| word.load(Relaxed));
    for (name, value) in SCRATCH.iter().zip(after) {
        seen(
            format_args!("  {name} before and after"),
            format_args!("0x5c, {value:#x}"),
        );
    }
    let damage = Damage {
        registers: after[..9].iter().filter(|value| **value != 0x5c).count(),
        rsp: after[9].wrapping_sub(after[11]).cast_signed(),
        interrupts_enabled: after[10] & 0x200 != 0,
    };
    seen("  scratch registers changed", damage.registers);
    seen("  RSP after, less RSP before", damage.rsp);
    seen("  interrupts enabled after", damage.interrupts_enabled);
    damage
}

#[unsafe(naked)]
unsafe extern "sysv64" fn load_bad_selector(_first: u64, _second: u64) {
    naked_asm!("mov ds, edi", "ret")
}

#[unsafe(naked)]
unsafe extern "sysv64" fn undefined(_first: u64, _second: u64) {
    naked_asm!("ud2")
}

fn handler_macro() {
    const SELECTOR: u64 = 0x30;
    seen("the handler", "interrupt_handler!");
    let wrapped = damage(CLOBBER.address());
    seen(
        "the handler",
        "an extern \"C\" function, put into the gate as it is",
    );
    let bare = damage(plain as *const () as usize);
    // SAFETY: each raises its vector and holds nothing.
    let at_entry = unsafe {
        [
            catch_one(vector::INVALID_OPCODE, undefined, 0, 0),
            catch_one(vector::GENERAL_PROTECTION, load_bad_selector, SELECTOR, 0),
        ]
    };
    seen(
        "RSP mod 16 at the first instruction, without error code (as after a CALL)",
        at_entry[0].rsp % 16,
    );
    seen(
        "RSP mod 16 at the first instruction, with error code",
        at_entry[1].rsp % 16,
    );
    SEEN_RSP.store(1, Relaxed);
    damage(ALIGNED.address());
    let body_rsp = SEEN_RSP.load(Relaxed);
    seen(
        "RSP mod 16 where interrupt_handler! calls the body",
        body_rsp % 16,
    );
    // SAFETY: the handler gets the stack that a trap with an error code leaves.
    let lost = unsafe { enter_with_error_code(WITH_ERROR.address(), 0x1234) };
    seen_hex(
        "interrupt_handler! with an error code of 0x1234: the body got",
        SEEN_ERROR.load(Relaxed),
    );
    seen("RSP after, less RSP before", lost);
    let nets = [
        Net::to(vector::GENERAL_PROTECTION, plain as *const () as usize),
        Net::on(vector::PAGE_FAULT, 0),
    ];
    // SAFETY: what comes of it is caught.
    let astray = unsafe { catch(&nets, load_bad_selector, SELECTOR, 0) }.expect("it goes astray");
    seen_hex(
        "the extern \"C\" function for #GP with error code 0x30 returns to",
        astray.frame().rip,
    );
    assert_eq!(
        (wrapped.registers, wrapped.rsp, wrapped.interrupts_enabled),
        (0, 0, true)
    );
    assert_eq!(bare.registers, SCRATCH.len());
    assert!(bare.rsp < 0 && !bare.interrupts_enabled, "it left by RET");
    assert_eq!(
        (at_entry[0].rsp % 16, at_entry[1].rsp % 16, body_rsp % 16),
        (8, 0, 0)
    );
    assert_eq!((SEEN_ERROR.load(Relaxed), lost), (0x1234, 0));
    assert_eq!((astray.frame().rip, astray.cr2), (SELECTOR, SELECTOR));
}

/// What a compiler makes of a function with an aligned local variable, if it may use SSE: it relies on its caller's alignment.
#[unsafe(naked)]
unsafe extern "sysv64" fn store_aligned() {
    naked_asm!(
        "sub rsp, 24",
        "mov [rip + {at}], rsp",
        "movups [rsp], xmm0", // would go anywhere
        "mov rax, [rsp + 1]", // so would this
        "movaps [rsp], xmm0",
        "add rsp, 24",
        "ret",
        at = sym AT,
    )
}

/// RSP at MOVAPS.
static AT: AtomicU64 = AtomicU64::new(0);

/// Five words were pushed, so RSP is 8 above a multiple of 16. One more, and it can call.
#[unsafe(naked)]
unsafe extern "sysv64" fn aligns() {
    naked_asm!("push rax", "call {function}", "pop rax", "iretq", function = sym store_aligned)
}

/// Calls as it is.
#[unsafe(naked)]
unsafe extern "sysv64" fn does_not_align() {
    naked_asm!("call {function}", "iretq", function = sym store_aligned)
}

#[unsafe(naked)]
unsafe extern "sysv64" fn int_76(_first: u64, _second: u64) {
    naked_asm!("int 0x76", "ret")
}

fn misaligned() {
    const MOVAPS: [u8; 4] = [0x0f, 0x29, 0x04, 0x24];
    let run = |handler: unsafe extern "sysv64" fn()| {
        let nets = [
            Net::to(0x76, handler as *const () as usize),
            Net::on(vector::GENERAL_PROTECTION, 0),
        ];
        // SAFETY: it returns, or its fault is caught.
        let caught = unsafe { catch(&nets, int_76 as Action, 0, 0) };
        (caught, AT.load(Relaxed))
    };
    let (good, good_rsp) = run(aligns);
    let (bad, bad_rsp) = run(does_not_align);
    seen(
        "a handler that aligns RSP before it calls: RSP mod 16 at MOVAPS",
        good_rsp % 16,
    );
    seen("  raised", if good.is_none() { "nothing" } else { "#GP" });
    seen("a handler that does not: RSP mod 16 at MOVAPS", bad_rsp % 16);
    let bad = bad.expect("MOVAPS faults");
    // SAFETY: the bytes of the instruction that faulted.
    let bytes = unsafe { *(bad.frame().rip as *const [u8; 4]) };
    seen("  raised", "#GP");
    seen_hex("  error code", bad.error_code().unwrap_or(u64::MAX));
    seen(
        "  the instruction at RIP",
        format_args!("{bytes:02x?}, behind MOVUPS and MOV, which went through"),
    );
    assert!(good.is_none());
    assert_eq!((good_rsp % 16, bad_rsp % 16), (0, 8));
    assert_eq!((bytes, bad.error_code()), (MOVAPS, Some(0)));
}
