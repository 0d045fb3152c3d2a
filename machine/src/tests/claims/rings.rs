//! Rings, and the stacks that a change of ring brings (SDM 3A, 6.5, 7.14.4 and 8.7).

use super::raw::catch_in_ring_3;
use super::see::{seen, seen_hex};
use super::tables;
use crate::cpu::local::local;
use crate::memory::PAGE_SIZE;
use crate::tests::Test;
use crate::tests::user::{CODE, STACK_TOP, program};
use crate::trap::{TrapFrame, vector};
use crate::user::{self, Trap, UserContext};
use core::arch::naked_asm;

pub(crate) const TESTS: &[Test] = &[
    Test::new("claims::rings.privilege", privilege),
    Test::new("claims::rings.rsp0", rsp0),
    Test::new("claims::rings.user-stack-untrusted", user_stack),
];

macro_rules! program_of {
    ($name:ident, $($line:literal),+) => {
        #[unsafe(naked)]
        unsafe extern "sysv64" fn $name() {
            naked_asm!($($line),+)
        }
    };
}

program_of!(cli, "cli");
program_of!(hlt, "hlt");
program_of!(read_cr3, "mov rax, cr3");
program_of!(write_cr3, "mov cr3, rax");
program_of!(lgdt, "lgdt [rsp - 16]");
program_of!(lidt, "lidt [rsp - 16]");
program_of!(ltr, "mov eax, 0x28", "ltr ax");
program_of!(input, "in al, 0x60");
program_of!(output, "out 0x80, al");
program_of!(rdmsr, "mov ecx, 0xc0000080", "rdmsr");
program_of!(wrmsr, "mov ecx, 0xc0000080", "wrmsr");
program_of!(invlpg, "invlpg [rsp]");
program_of!(timer_vector, "int 0x40");
program_of!(kernel_memory, "mov al, [rdi]");
program_of!(undefined, "ud2");
program_of!(system_call, "syscall");
program_of!(segment_of_ring_0, "mov eax, 0x10", "mov ss, eax");

/// What ring 3 may not do, and what is raised when it tries.
const FORBIDDEN: [(&str, unsafe extern "sysv64" fn(), u8); 15] = [
    ("CLI", cli, vector::GENERAL_PROTECTION),
    ("HLT", hlt, vector::GENERAL_PROTECTION),
    ("MOV RAX, CR3", read_cr3, vector::GENERAL_PROTECTION),
    ("MOV CR3, RAX", write_cr3, vector::GENERAL_PROTECTION),
    ("LGDT", lgdt, vector::GENERAL_PROTECTION),
    ("LIDT", lidt, vector::GENERAL_PROTECTION),
    ("LTR", ltr, vector::GENERAL_PROTECTION),
    ("IN AL, 0x60", input, vector::GENERAL_PROTECTION),
    ("OUT 0x80, AL", output, vector::GENERAL_PROTECTION),
    ("RDMSR", rdmsr, vector::GENERAL_PROTECTION),
    ("WRMSR", wrmsr, vector::GENERAL_PROTECTION),
    ("INVLPG", invlpg, vector::GENERAL_PROTECTION),
    (
        "INT 0x40, the timer's vector",
        timer_vector,
        vector::GENERAL_PROTECTION,
    ),
    (
        "MOV SS with the kernel's selector",
        segment_of_ring_0,
        vector::GENERAL_PROTECTION,
    ),
    (
        "a load from the kernel's memory",
        kernel_memory,
        vector::PAGE_FAULT,
    ),
];

fn privilege() {
    let (_space, mut context) = program(undefined);
    let caught = catch_in_ring_3(vector::INVALID_OPCODE, 0, &mut context);
    seen("CPL of a program (the low bits of CS)", caught.frame().cs & 3);
    seen("CPL of a handler", caught.cs & 3);
    let traps = FORBIDDEN.map(|(what, code, _)| {
        let (_space, mut context) = program(code);
        context.registers_mut().rdi = privilege as *const () as u64;
        let trap = context.run();
        seen(format_args!("ring 3: {what}"), format_args!("{trap:x?}"));
        trap
    });
    assert_eq!((caught.frame().cs & 3, caught.cs & 3), (3, 0));
    for ((what, _, expected), trap) in FORBIDDEN.iter().zip(traps) {
        match trap {
            Trap::Exception { vector, .. } => assert_eq!(vector, *expected, "{what}"),
            Trap::PageFault { access, .. } => {
                assert!(access.present && *expected == vector::PAGE_FAULT, "{what}");
            }
            other => panic!("{what}: {other:?}"),
        }
    }
}

/// The end of a context's frame.
fn end_of(context: &UserContext) -> u64 {
    core::ptr::from_ref(context.registers()) as u64 + size_of::<TrapFrame>() as u64
}

fn rsp0() {
    let (tss, _) = tables::tss();
    seen_hex("the TSS lies at", tss);
    let (_space, context) = program(undefined);
    let mut contexts = [context.clone(), context.clone(), context];
    for context in &mut contexts {
        let end = end_of(context);
        let trap = context.run();
        // SAFETY: the field of the running CPU's TSS (SDM 3A, figure 8-11).
        let rsp0 = unsafe { ((tss + 4) as *const u64).read_unaligned() };
        // SAFETY: the context's frame, by its address.
        let [rip, cs, _, rsp, ss] = unsafe { ((end - 40) as *const [u64; 5]).read_volatile() };
        seen_hex("RSP0, the word at offset 4 of the TSS", rsp0);
        seen(
            format_args!("the five words below {end:#x}, after #UD in ring 3"),
            format_args!("RIP {rip:#x} CS {cs:#x} … RSP {rsp:#x} SS {ss:#x}"),
        );
        let vector = vector::INVALID_OPCODE;
        assert_eq!(
            trap,
            Trap::Exception {
                vector,
                error_code: 0
            }
        );
        assert_eq!(rsp0, end, "RSP0 is where the frame is to end");
        assert_eq!(rsp0, { local().tss.rsp0 });
        assert_eq!((rip, rsp, cs & 3, ss & 3), (CODE as u64, STACK_TOP as u64, 3, 3));
    }
    let ends = contexts.each_ref().map(end_of);
    assert!(ends[0] != ends[1] && ends[1] != ends[2], "three stacks");
}

static CANARY: [u64; 8] = [0xca11_ab1e; 8];

fn user_stack() {
    let kernel = (&raw const CANARY as u64) + 64;
    let cases = [
        ("zero", 0),
        ("not canonical", 0x8000_0000_0000),
        ("nowhere", 0x1234_5678),
        ("the program's code, which cannot be written", CODE as u64 + 256),
        ("the kernel's memory", kernel),
        ("its own stack, with something below RSP", STACK_TOP as u64),
    ];
    for (what, rsp) in cases {
        for (how, code) in [
            ("#UD", undefined as unsafe extern "sysv64" fn()),
            ("SYSCALL", system_call),
        ] {
            let (_space, mut context) = program(code);
            const BELOW: [u8; 64] = [0xab; 64];
            user::copy_out(STACK_TOP - 64, &BELOW).expect("the stack's page is there");
            context.registers_mut().cpu.rsp = rsp;
            let trap = context.run();
            let mut below = [0; 64];
            user::copy_in(STACK_TOP - 64, &mut below).expect("the stack's page is there");
            seen(
                format_args!("{how} with RSP {rsp:#x} ({what})"),
                format_args!("{trap:x?}, RSP saved {:#x}", context.registers().cpu.rsp),
            );
            assert!(matches!(
                trap,
                Trap::SystemCall
                    | Trap::Exception {
                        vector: vector::INVALID_OPCODE,
                        ..
                    }
            ));
            assert_eq!(context.registers().cpu.rsp, rsp);
            assert_eq!(below, BELOW, "nothing was written to the program's stack");
        }
    }
    seen(
        "the words that ring 3 pointed RSP at",
        format_args!("{CANARY:x?}"),
    );
    assert!(CANARY.iter().all(|word| *word == 0xca11_ab1e));
    const { assert!(PAGE_SIZE == 4096) };
}
