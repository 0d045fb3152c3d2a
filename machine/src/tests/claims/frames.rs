//! What the CPU pushes (SDM 3A, 7.14.2 and figure 7-8).

use super::raw::{Action, Caught, Code, catch_in_ring_3, catch_one, stack_segment};
use super::see::{Picture, seen, seen_hex};
use crate::cpu::gdt::{KERNEL_CODE, USER_CODE, USER_DATA};
use crate::cpu::local::local;
use crate::tests::Test;
use crate::tests::user::{CODE, STACK_TOP, program};
use crate::trap::vector;
use crate::user::{self, Trap};
use core::arch::naked_asm;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

pub(crate) const TESTS: &[Test] = &[
    Test::new("claims::interrupts.frame-same-ring", same_ring),
    Test::new("claims::interrupts.frame-error-code", error_code),
    Test::new("claims::interrupts.frame-from-ring-3", from_ring_3),
    Test::new("claims::interrupts.page-fault-code", page_fault_code),
];

/// RSP when the trap was raised, by our own account.
static RSP: AtomicU64 = AtomicU64::new(0);

/// Raises #UD with RSP lowered by `first`.
#[unsafe(naked)]
unsafe extern "sysv64" fn undefined_below(_first: u64, _second: u64) {
    naked_asm!(
        "sub rsp, rdi",
        "mov [rip + {rsp}], rsp",
        "xor eax, eax",        // the flags are known: ZF and PF
        "ud2",
        rsp = sym RSP,
    )
}

fn same_ring() {
    let tries: [Caught; 16] = core::array::from_fn(|lower| {
        // SAFETY: raises #UD and holds nothing.
        let caught = unsafe { catch_one(vector::INVALID_OPCODE, undefined_below, lower as u64, 0) };
        assert_eq!(
            RSP.load(Relaxed),
            caught.frame().rsp,
            "the RSP that was pushed is the interrupted one"
        );
        caught
    });
    for caught in &tries {
        let rsp = caught.frame().rsp;
        if !matches!(rsp % 16, 0 | 1 | 8 | 15) {
            continue; // looks no different
        }
        seen(
            format_args!("RSP before {rsp:#x} (mod 16 = {})", rsp % 16),
            format_args!(
                "{} words pushed, the frame ends at {:#x}",
                caught.pushed(),
                caught.end()
            ),
        );
    }
    let aligned = tries
        .iter()
        .find(|caught| caught.frame().rsp % 16 == 8)
        .expect("one of 16");
    let frame = aligned.frame();
    seen("ring before", frame.cs & 3);
    seen("ring in the handler", aligned.cs & 3);
    seen_hex("SS pushed", frame.ss);
    draw(
        aligned,
        "trap-frame",
        "What the CPU pushes for #UD in ring 0 (RSP was 8 above a multiple of 16)",
    );
    for caught in &tries {
        let frame = caught.frame();
        assert_eq!(caught.pushed(), 5, "RIP, CS, RFLAGS, RSP, SS");
        assert_eq!(
            caught.end(),
            frame.rsp & !15,
            "the frame begins below RSP rounded down to 16"
        );
        assert_eq!(frame.cs, u64::from(KERNEL_CODE));
        assert_eq!(frame.ss, stack_segment());
        assert_eq!((frame.cs & 3, caught.cs & 3), (0, 0));
    }
}

/// Loads the selector `first`, whose descriptor is no segment.
#[unsafe(naked)]
unsafe extern "sysv64" fn load_selector(_first: u64, _second: u64) {
    naked_asm!("mov [rip + {rsp}], rsp", "mov ds, edi", "ret", rsp = sym RSP)
}

/// Writes to the address `first`.
#[unsafe(naked)]
unsafe extern "sysv64" fn write_to(_first: u64, _second: u64) {
    naked_asm!("mov [rip + {rsp}], rsp", "xor eax, eax", "mov [rdi], al", "ret", rsp = sym RSP)
}

fn error_code() {
    const SELECTOR: u64 = 0x30; // the upper half of the TSS descriptor
    const NOWHERE: u64 = 0x1234; // in the first page, which is never mapped
    const NOT_CANONICAL: u64 = 0x8000_0000_0000;
    let cases = [
        (
            "#GP by a bad selector",
            vector::GENERAL_PROTECTION,
            load_selector as Action,
            SELECTOR,
        ),
        (
            "#GP by a non-canonical address",
            vector::GENERAL_PROTECTION,
            write_to,
            NOT_CANONICAL,
        ),
        ("#PF by a write to 0x1234", vector::PAGE_FAULT, write_to, NOWHERE),
    ];
    // SAFETY: each raises its vector and holds nothing.
    let caught =
        cases.map(|(what, vector, raise, with)| (what, unsafe { catch_one(vector, raise, with, 0) }));
    for (what, caught) in &caught {
        seen(format_args!("{what}: words pushed"), caught.pushed());
        seen_hex(
            format_args!("{what}: error code"),
            caught.error_code().unwrap_or(u64::MAX),
        );
    }
    let fault = &caught[2].1;
    seen_hex("CR2 after the #PF", fault.cr2);
    draw(
        fault,
        "trap-frame-error-code",
        "What the CPU pushes for #PF in ring 0: a sixth word, the error code",
    );
    // The kernel's own entry takes the word off again: a copy from a page that is not there comes back with an error.
    let answer = user::copy_in(NOWHERE as usize, &mut [0; 4]);
    seen(
        "a copy from that page, through the kernel's own entry and back",
        format_args!("{answer:?}"),
    );
    let codes = caught.map(|(_, caught)| caught.error_code());
    assert_eq!(codes, [Some(SELECTOR), Some(0), Some(PRESENT_NOT | WRITE)]);
    for (_, caught) in &caught {
        assert_eq!(caught.pushed(), 6);
        assert_eq!(caught.end(), caught.frame().rsp & !15);
    }
    assert_eq!(fault.cr2, NOWHERE);
    assert!(answer.is_err());
}

/// The bits of a page fault's error code (SDM 3A, figure 5-12).
const PRESENT_NOT: u64 = 0;
const PRESENT: u64 = 1;
const WRITE: u64 = 2;
const USER: u64 = 4;
const FETCH: u64 = 16;

#[unsafe(naked)]
unsafe extern "sysv64" fn undefined_in_ring_3() {
    naked_asm!("xor eax, eax", "ud2")
}

#[unsafe(naked)]
unsafe extern "sysv64" fn write_in_ring_3() {
    naked_asm!("xor eax, eax", "mov [0x1234], al")
}

fn from_ring_3() {
    let (_space, mut context) = program(undefined_in_ring_3);
    let without = catch_in_ring_3(vector::INVALID_OPCODE, 0, &mut context);
    let rsp0 = local().tss.rsp0;
    let frame = without.frame();
    seen_hex("CS pushed", frame.cs);
    seen("its low two bits, the ring before", frame.cs & 3);
    seen("ring in the handler", without.cs & 3);
    seen_hex("SS pushed", frame.ss);
    seen_hex("SS in the handler: null after a change of ring", without.ss);
    seen_hex("RSP pushed, ring 3's", frame.rsp);
    seen_hex("RSP0 in the TSS", rsp0);
    seen_hex("where the frame ends", without.end());
    draw(
        &without,
        "trap-frame-from-ring-3",
        "What the CPU pushes for #UD in ring 3: on another stack",
    );
    let (_space, mut context) = program(write_in_ring_3);
    let with = catch_in_ring_3(vector::PAGE_FAULT, 0, &mut context);
    seen("words pushed for #UD", without.pushed());
    seen("words pushed for #PF", with.pushed());
    // The same through the kernel's own entry.
    let (_space, mut context) = program(undefined_in_ring_3);
    let trap = context.run();
    let cpu = context.registers().cpu;
    seen("the kernel's own entry tells", format_args!("{trap:?} {cpu:x?}"));
    assert_eq!((without.pushed(), with.pushed()), (5, 6));
    assert_eq!((frame.cs, frame.ss), (u64::from(USER_CODE), u64::from(USER_DATA)));
    assert_eq!((frame.rsp, frame.rip), (STACK_TOP as u64, CODE as u64 + 2));
    assert_eq!((frame.cs & 3, without.cs & 3), (3, 0));
    assert_eq!(without.ss, 0);
    assert_eq!(without.end(), rsp0);
    assert_eq!(with.error_code(), Some(WRITE | USER));
    let vector = vector::INVALID_OPCODE;
    assert_eq!(
        (trap, cpu),
        (
            Trap::Exception {
                vector,
                error_code: 0
            },
            frame
        )
    );
}

#[unsafe(naked)]
unsafe extern "sysv64" fn read_from(_first: u64, _second: u64) {
    naked_asm!("mov al, [rdi]", "ret")
}

#[unsafe(naked)]
unsafe extern "sysv64" fn jump_to(_first: u64, _second: u64) {
    naked_asm!("jmp rdi")
}

#[unsafe(naked)]
unsafe extern "sysv64" fn read_kernel_in_ring_3() {
    naked_asm!("mov al, [rdi]")
}

#[unsafe(naked)]
unsafe extern "sysv64" fn jump_to_stack_in_ring_3() {
    naked_asm!("lea rax, [rsp - 64]", "jmp rax")
}

#[unsafe(naked)]
unsafe extern "sysv64" fn write_to_code_in_ring_3() {
    naked_asm!("mov byte ptr [rip], 0")
}

fn page_fault_code() {
    let in_ring_0 = [
        (
            "ring 0 reads where nothing is",
            read_from as Action,
            0,
            PRESENT_NOT,
        ),
        ("ring 0 writes where nothing is", write_to, 0, PRESENT_NOT | WRITE),
        (
            "ring 0 writes to its code",
            write_to,
            read_from as *const () as u64,
            PRESENT | WRITE,
        ),
        (
            "ring 0 jumps to where nothing is",
            jump_to,
            0,
            PRESENT_NOT | FETCH,
        ),
        (
            "ring 0 jumps to its data",
            jump_to,
            RSP.as_ptr() as u64,
            PRESENT | FETCH,
        ),
    ];
    let in_ring_3 = [
        (
            "ring 3 writes where nothing is",
            write_in_ring_3 as Code,
            PRESENT_NOT | WRITE | USER,
        ),
        (
            "ring 3 reads the kernel's memory",
            read_kernel_in_ring_3,
            PRESENT | USER,
        ),
        (
            "ring 3 jumps to its stack",
            jump_to_stack_in_ring_3,
            PRESENT | USER | FETCH,
        ),
        (
            "ring 3 writes to its code",
            write_to_code_in_ring_3,
            PRESENT | WRITE | USER,
        ),
    ];
    for (what, raise, at, expected) in in_ring_0 {
        // SAFETY: raises #PF and holds nothing.
        let caught = unsafe { catch_one(vector::PAGE_FAULT, raise, at, 0) };
        see_page_fault(what, &caught, expected);
        assert_eq!(caught.cr2, at);
    }
    for (what, code, expected) in in_ring_3 {
        let (_space, mut context) = program(code);
        context.registers_mut().rdi = read_from as *const () as u64;
        see_page_fault(
            what,
            &catch_in_ring_3(vector::PAGE_FAULT, 0, &mut context),
            expected,
        );
    }
}

fn see_page_fault(what: &str, caught: &Caught, expected: u64) {
    let code = caught.error_code().expect("#PF has an error code");
    let bit = |mask, yes, no| if code & mask != 0 { yes } else { no };
    seen(
        what,
        format_args!(
            "{code:#07b}: {}, {}, {}{}; CR2 {:#x}",
            bit(PRESENT, "a page whose rights forbid it", "no page"),
            bit(WRITE, "write", bit(FETCH, "fetch", "read")),
            bit(USER, "in ring 3", "in ring 0"),
            bit(!(PRESENT | WRITE | USER | FETCH), " and more", ""),
            caught.cr2
        ),
    );
    assert_eq!(code, expected, "{what}");
}

/// Draws a frame.
pub(super) fn draw(caught: &Caught, name: &str, title: &str) {
    let (frame, at) = (caught.frame(), caught.end());
    let picture = Picture::new(name, title);
    picture
        .point("RSP before", frame.rsp)
        .point("RSP in the handler", caught.rsp)
        .point("RIP", frame.rip);
    if frame.cs & 3 == 0 {
        picture.row_of_whatever(frame.rsp, "the interrupted computation's stack");
    }
    if frame.cs & 3 == 0 && frame.rsp != at {
        picture.row_of_whatever(at, "skipped: the frame begins at a multiple of 16");
    }
    picture
        .row(at - 8, frame.ss, "SS")
        .row(at - 16, frame.rsp, "RSP")
        .row(at - 24, frame.rflags, "RFLAGS")
        .row(at - 32, frame.cs, "CS")
        .row(at - 40, frame.rip, "RIP");
    if let Some(code) = caught.error_code() {
        picture.row(at - 48, code, "error code");
    }
}
