//! The entry stubs: every vector leaves a whole, aligned frame.

use super::Test;
use super::observe::{watch, watch_fault};
use crate::cpu::control;
use crate::cpu::gdt::{KERNEL_CODE, KERNEL_DATA};
use crate::trap::install::stub_address;
use crate::trap::vector;
use core::arch::naked_asm;

pub(super) const TESTS: &[Test] = &[
    Test::new("every_vector_s_stub_leaves_a_whole_aligned_frame", every_stub),
    Test::new("general_protection_pushes_an_error_code", general_protection),
    Test::new("a_page_fault_pushes_an_error_code_and_sets_cr2", page_fault),
    Test::new("a_segment_not_present_pushes_its_selector", not_present),
    Test::new(
        "divide_error_breakpoint_and_invalid_opcode_push_no_error_code",
        without_error_code,
    ),
    Test::new(
        "a_misaligned_movaps_is_a_general_protection_fault",
        misaligned_movaps,
    ),
    Test::new("ss_and_rsp_are_pushed_without_a_change_of_ring", same_ring),
];

/// Does by hand what the CPU does for a trap in ring 0, then enters the stub. Returns when the stub's IRETQ does.
#[unsafe(naked)]
unsafe extern "sysv64" fn raise_by_hand(stub: usize, error_code: u64, with_error_code: bool) {
    naked_asm!(
        "mov rcx, rsp",
        "and rsp, -16", // SDM 3A, 7.14.2: the CPU aligns the frame
        "mov eax, ss",
        "push rax",
        "push rcx",
        "pushfq",
        "mov eax, cs",
        "push rax",
        "lea rax, [rip + 2f]",
        "push rax",
        "test edx, edx",
        "jz 3f",
        "push rsi",
        "3:",
        "jmp rdi",
        "2:",
        "ret",
    )
}

fn every_stub() {
    // The IST vectors need their own stacks: see `gates`.
    let own_stack = [vector::NMI, vector::DOUBLE_FAULT, vector::MACHINE_CHECK];
    for number in (0..=255u8).filter(|number| !own_stack.contains(number)) {
        let with_error_code = vector::has_error_code(number);
        let (frame, at) = watch(number, || {
            // SAFETY: the stub gets the stack that it expects, and `watch` lets it return.
            unsafe { raise_by_hand(stub_address(number), 0xabcd, with_error_code) }
        });
        assert_eq!(frame.vector, u64::from(number));
        assert_eq!(
            frame.error_code,
            if with_error_code { 0xabcd } else { 0 },
            "vector {number}"
        );
        assert_eq!(at % 16, 0, "the frame of vector {number} is aligned");
        assert_eq!(frame.cpu.cs, u64::from(KERNEL_CODE), "vector {number}");
    }
}

#[unsafe(naked)]
unsafe extern "sysv64" fn load_non_canonical() {
    naked_asm!("movabs rax, 0x800000000000", "mov rax, [rax]", "ret")
}

fn general_protection() {
    let (frame, _) = watch_fault(vector::GENERAL_PROTECTION, load_non_canonical);
    assert_eq!(frame.error_code, 0);
}

#[unsafe(naked)]
unsafe extern "sysv64" fn write_to_nothing() {
    naked_asm!("mov eax, 0x1234", "mov [rax], al", "ret")
}

fn page_fault() {
    let (frame, _) = watch_fault(vector::PAGE_FAULT, write_to_nothing);
    assert_eq!(
        frame.error_code, 2,
        "a write, by ring 0, to a page that is not present"
    );
    assert_eq!(control::cr2(), 0x1234);
}

/// The upper half of the TSS descriptor is no valid descriptor of its own.
#[unsafe(naked)]
unsafe extern "sysv64" fn load_bad_segment() {
    naked_asm!("mov eax, 0x30", "mov ds, eax", "ret")
}

fn not_present() {
    let (frame, _) = watch_fault(vector::GENERAL_PROTECTION, load_bad_segment);
    assert_eq!(frame.error_code, 0x30, "the selector");
}

#[unsafe(naked)]
unsafe extern "sysv64" fn divide_by_zero() {
    naked_asm!("xor ecx, ecx", "xor edx, edx", "mov eax, 1", "div ecx", "ret")
}

#[unsafe(naked)]
unsafe extern "sysv64" fn breakpoint() {
    naked_asm!("int3", "ret")
}

#[unsafe(naked)]
unsafe extern "sysv64" fn undefined() {
    naked_asm!("ud2", "ret")
}

fn without_error_code() {
    let cases: [(u8, unsafe extern "sysv64" fn(), &[u8]); 3] = [
        (vector::DIVIDE_ERROR, divide_by_zero, &[0xf7, 0xf1]),
        (vector::BREAKPOINT, breakpoint, &[0xc3]),
        (vector::INVALID_OPCODE, undefined, &[0x0f, 0x0b]),
    ];
    for (number, faulty, bytes) in cases {
        let (frame, at) = watch_fault(number, faulty);
        assert_eq!(frame.error_code, 0);
        assert_eq!(at % 16, 0);
        // A fault's RIP is the instruction itself; INT3 is a trap: the instruction after it (here RET).
        // SAFETY: RIP points into the function above.
        let found = unsafe { core::slice::from_raw_parts(frame.cpu.rip as *const u8, bytes.len()) };
        assert_eq!(found, bytes, "RIP of vector {number}");
    }
}

#[unsafe(naked)]
unsafe extern "sysv64" fn store_misaligned() {
    naked_asm!("movaps [rsp - 40], xmm0", "movaps [rsp - 48], xmm0", "ret")
}

fn misaligned_movaps() {
    // At a function's first instruction RSP is 8 below a multiple of 16, so of the two stores one is misaligned.
    let (frame, _) = watch_fault(vector::GENERAL_PROTECTION, store_misaligned);
    assert_eq!(frame.error_code, 0);
    assert_eq!(
        (frame.cpu.rsp - 48) % 16,
        8,
        "the store that faulted was the misaligned one"
    );
}

fn same_ring() {
    let (frame, at) = watch_fault(vector::INVALID_OPCODE, undefined);
    assert_eq!(frame.cpu.ss & !3, u64::from(KERNEL_DATA) & !3);
    let below = frame.cpu.rsp as usize - (at + size_of_val(&frame));
    assert!(
        below < 16,
        "the frame lies directly below the interrupted RSP, but for the alignment"
    );
}
