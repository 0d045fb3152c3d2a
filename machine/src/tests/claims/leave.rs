//! Leaving a handler: IRETQ takes five words from the stack, RET one (SDM 2A, IRET; 2B, RET).

use super::raw::{Net, catch, catch_in_ring_3, catch_one, stack_segment};
use super::see::{Picture, seen, seen_hex};
use crate::cpu::gdt::{KERNEL_CODE, USER_CODE, USER_DATA};
use crate::tests::Test;
use crate::tests::user::{CODE, STACK_TOP, program};
use crate::trap::vector;
use core::arch::naked_asm;
use core::cell::UnsafeCell;
use core::mem::offset_of;

pub(crate) const TESTS: &[Test] = &[
    Test::new("claims::interrupts.iretq", iretq),
    Test::new("claims::interrupts.ret-instead-of-iretq", ret),
    Test::new("claims::interrupts.ret-then-ret", ret_then_ret),
    Test::new("claims::interrupts.ret-to-ring-3", ret_to_ring_3),
];

const IF: u64 = 1 << 9;
const CARRY: u64 = 1;

/// What a computation found.
#[derive(Clone, Copy, Default)]
#[repr(C)]
struct Found {
    rsp_before: u64,
    rsp: u64,
    rflags: u64,
    cs: u64,
    ss: u64,
    /// The words from RSP upwards.
    words: [u64; 4],
}

struct Slot(UnsafeCell<Found>);

// SAFETY: written by the code below and read by the test that called it, on the only CPU.
unsafe impl Sync for Slot {}

static FOUND: Slot = Slot(UnsafeCell::new(Found {
    rsp_before: 0,
    rsp: 0,
    rflags: 0,
    cs: 0,
    ss: 0,
    words: [0; 4],
}));

fn found() -> Found {
    // SAFETY: see `Slot`.
    unsafe { *FOUND.0.get() }
}

/// Notes RSP, the words there, RFLAGS, CS and SS; then takes RSP back from RDX and returns.
#[unsafe(naked)]
unsafe extern "sysv64" fn note() {
    naked_asm!(
        "mov [rip + {found} + {rsp}], rsp",
        "mov rax, [rsp]",
        "mov [rip + {found} + {words}], rax",
        "mov rax, [rsp + 8]",
        "mov [rip + {found} + {words} + 8], rax",
        "mov rax, [rsp + 16]",
        "mov [rip + {found} + {words} + 16], rax",
        "mov rax, [rsp + 24]",
        "mov [rip + {found} + {words} + 24], rax",
        "pushfq",
        "pop rax",
        "mov [rip + {found} + {rflags}], rax",
        "mov eax, cs",
        "mov [rip + {found} + {cs}], rax",
        "mov eax, ss",
        "mov [rip + {found} + {ss}], rax",
        "mov rsp, rdx",
        "mov [rip + {found} + {before}], rsp",
        "ret",
        found = sym FOUND,
        rsp = const offset_of!(Found, rsp),
        words = const offset_of!(Found, words),
        rflags = const offset_of!(Found, rflags),
        cs = const offset_of!(Found, cs),
        ss = const offset_of!(Found, ss),
        before = const offset_of!(Found, rsp_before),
    )
}

/// IRETQ through a frame made by hand: RSP `first`, RFLAGS `second`.
#[unsafe(naked)]
unsafe extern "sysv64" fn iretq_to(_first: u64, _second: u64) {
    naked_asm!(
        "mov rdx, rsp",
        "mov eax, ss",
        "push rax",
        "push rdi",
        "push rsi",
        "mov eax, cs",
        "push rax",
        "lea rax, [rip + {note}]",
        "push rax",
        "iretq",
        note = sym note,
    )
}

/// Raises `0x75`, which leads to the kernel's own entry, and looks.
#[unsafe(naked)]
unsafe extern "sysv64" fn interrupt_and_note(_first: u64, _second: u64) {
    naked_asm!("mov rdx, rsp", "sti", "int 0x75", "jmp {note}", note = sym note)
}

/// IRETQ with a null selector for CS.
#[unsafe(naked)]
unsafe extern "sysv64" fn iretq_to_null(_first: u64, _second: u64) {
    naked_asm!("push 0", "push rsp", "push 2", "push 0", "push 0", "iretq")
}

#[unsafe(naked)]
unsafe extern "sysv64" fn undefined_in_ring_3() {
    naked_asm!("ud2")
}

static OTHER_STACK: Slot = Slot(UnsafeCell::new(Found {
    rsp_before: 0,
    rsp: 0,
    rflags: 0,
    cs: 0,
    ss: 0,
    words: [0; 4],
}));

fn iretq() {
    let other = &raw const OTHER_STACK as u64 + offset_of!(Found, words) as u64;
    let run = |action, first, second| {
        // SAFETY: `note` goes back to the caller with the old RSP; below `other` there is room for what it pushes.
        assert!(unsafe { catch(&[], action, first, second) }.is_none());
        found()
    };
    let segment = stack_segment();
    let by_hand = run(iretq_to, other, 2 | CARRY);
    seen_hex("a frame made by hand in ring 0: its RSP", other);
    seen_hex("RSP after IRETQ", by_hand.rsp);
    seen_hex("RSP before IRETQ", by_hand.rsp_before - 40);
    seen_hex("its RFLAGS (CF set, IF clear)", 2 | CARRY);
    seen_hex("RFLAGS after IRETQ", by_hand.rflags);
    seen_hex("CS after IRETQ", by_hand.cs);
    seen_hex("SS after IRETQ", by_hand.ss);
    let (_space, mut context) = program(undefined_in_ring_3);
    context.registers_mut().cpu.rflags = CARRY;
    let ring_3 = catch_in_ring_3(vector::INVALID_OPCODE, 0, &mut context).frame();
    seen(
        "a frame for ring 3: what was found there",
        format_args!("{ring_3:x?}"),
    );
    // SAFETY: raises #GP, whose frame goes below what was pushed.
    let null = unsafe { catch_one(vector::GENERAL_PROTECTION, iretq_to_null, 0, 0) };
    seen_hex(
        "a frame whose CS is null: #GP with error code",
        null.error_code().unwrap_or(u64::MAX),
    );
    let own = run(interrupt_and_note, 0, 0);
    seen_hex("the kernel's own entry and exit: RSP before", own.rsp_before);
    seen_hex("RSP after", own.rsp);
    seen("IF after", u8::from(own.rflags & IF != 0));
    assert_eq!((by_hand.rsp, by_hand.rflags & (CARRY | IF)), (other, CARRY));
    assert_eq!((by_hand.cs, by_hand.ss), (KERNEL_CODE.into(), segment));
    assert_eq!((ring_3.rip, ring_3.rsp), (CODE as u64, STACK_TOP as u64));
    assert_eq!((ring_3.cs, ring_3.ss), (USER_CODE.into(), USER_DATA.into()));
    assert_eq!(ring_3.rflags & (CARRY | IF), CARRY | IF);
    assert_eq!(null.error_code(), Some(0));
    assert_eq!((own.rsp, own.rflags & IF), (own.rsp_before, IF));
}

/// A handler that ends as a function does.
#[unsafe(naked)]
unsafe extern "sysv64" fn handler_that_returns() {
    naked_asm!("ret")
}

#[unsafe(naked)]
unsafe extern "sysv64" fn interrupt_76_and_note(_first: u64, _second: u64) {
    naked_asm!("mov rdx, rsp", "sti", "int 0x76", "jmp {note}", note = sym note)
}

fn net() -> Net {
    Net::to(0x76, handler_that_returns as *const () as usize)
}

fn ret() {
    // SAFETY: `note` repairs RSP, `catch` the interrupt flag.
    assert!(unsafe { catch(&[net()], interrupt_76_and_note, 0, 0) }.is_none());
    let Found {
        rsp_before,
        rsp,
        rflags,
        words,
        ..
    } = found();
    let [cs, pushed_flags, pushed_rsp, ss] = words;
    seen_hex("RSP before INT", rsp_before);
    seen_hex("RSP behind INT, after the handler's RET", rsp);
    seen("bytes left on the stack", rsp_before - rsp);
    seen("IF before", u8::from(pushed_flags & IF != 0));
    seen("IF behind", u8::from(rflags & IF != 0));
    Picture::new(
        "ret-instead-of-iretq",
        "What RET leaves on the stack: it took RIP alone",
    )
    .point("RSP before INT", rsp_before)
    .point("RSP after RET", rsp)
    .row_of_whatever(rsp_before, "the interrupted computation's stack")
    .row_of_whatever(rsp + 32, "skipped: the frame begins at a multiple of 16")
    .row(rsp + 24, ss, "SS")
    .row(rsp + 16, pushed_rsp, "RSP")
    .row(rsp + 8, pushed_flags, "RFLAGS")
    .row(rsp, cs, "CS: what the next RET takes for an address");
    assert_eq!((cs, ss), (KERNEL_CODE.into(), stack_segment()));
    assert_eq!(pushed_rsp, rsp_before);
    assert_eq!(rsp_before - rsp, 32 + 8, "four words and the alignment");
    assert_eq!(
        (pushed_flags & IF, rflags & IF),
        (IF, 0),
        "interrupts stay disabled"
    );
}

/// Is interrupted, and then returns as every function does.
#[unsafe(naked)]
unsafe extern "sysv64" fn interrupt_and_return(_first: u64, _second: u64) {
    naked_asm!("int 0x76", "ret")
}

fn ret_then_ret() {
    // SAFETY: the fault is caught.
    let caught = unsafe {
        catch(
            &[net(), Net::on(vector::PAGE_FAULT, 0)],
            interrupt_and_return,
            0,
            0,
        )
    };
    let caught = caught.expect("it does not return");
    seen(
        "the function that was interrupted returns: raised",
        vector::name(vector::PAGE_FAULT),
    );
    seen_hex("RIP", caught.frame().rip);
    seen_hex("CR2", caught.cr2);
    seen_hex(
        "error code (a fetch, no page)",
        caught.error_code().unwrap_or(u64::MAX),
    );
    assert_eq!(
        (caught.frame().rip, caught.cr2),
        (KERNEL_CODE.into(), KERNEL_CODE.into())
    );
    assert_eq!(caught.error_code(), Some(16));
}

/// A handler for ring 3 that ends by RET. GS stays the kernel's, for who catches what follows.
#[unsafe(naked)]
unsafe extern "sysv64" fn handler_of_ring_3_that_returns() {
    naked_asm!("swapgs", "ret")
}

#[unsafe(naked)]
unsafe extern "sysv64" fn interrupt_in_ring_3() {
    naked_asm!("int 0x76", "mov eax, 77", "syscall")
}

extern "sysv64" fn run_ring_3(_first: u64, _second: u64) {
    let (_space, mut context) = program(interrupt_in_ring_3);
    context.run();
}

fn ret_to_ring_3() {
    let handler = Net::to(0x76, handler_of_ring_3_that_returns as *const () as usize);
    let nets = [handler, Net::on(vector::PAGE_FAULT, 0)];
    // SAFETY: the fault is caught; the program's memory stays the task's.
    let caught = unsafe { catch(&nets, run_ring_3, 0, 0) }.expect("ring 0 cannot go on there");
    let frame = caught.frame();
    seen_hex("RIP after RET, an address of ring 3", frame.rip);
    seen_hex("CS after RET", frame.cs);
    seen("ring after RET", frame.cs & 3);
    seen_hex(
        "raised: #PF with error code (a fetch that the page's rights forbid)",
        caught.error_code().unwrap_or(0),
    );
    assert_eq!((frame.rip, frame.cs), (CODE as u64 + 2, KERNEL_CODE.into()));
    assert_eq!(
        caught.error_code(),
        Some(0x11),
        "ring 0 may not execute ring 3's pages (SMEP)"
    );
}
