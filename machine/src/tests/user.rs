//! Ring 3 as a call.

use super::Test;
use crate::cpu::gdt::{USER_CODE, USER_DATA};
use crate::cpu::local::local;
use crate::memory::Frame;
use crate::paging::{Access, UserSpace};
use crate::task;
use crate::trap::vector;
use crate::user::{self, LeafCalls, Trap, UserContext};
use core::arch::naked_asm;

pub(super) const TESTS: &[Test] = &[
    Test::new(
        "a_system_call_returns_from_run_and_goes_on_behind_it",
        system_call,
    ),
    Test::new("a_trap_from_ring_3_lands_on_rsp0", rsp0),
    Test::new("ring_3_registers_are_in_the_frame", registers),
    Test::new("privileged_flags_are_taken_from_ring_3", flags),
    Test::new("a_non_canonical_rip_never_runs", non_canonical),
    Test::new("a_user_page_fault_tells_address_and_access", page_fault),
    Test::new("exceptions_of_ring_3_return_their_vector", exceptions),
    Test::new("an_nmi_in_ring_3_is_taken_on_its_ist_stack", nmi_in_ring_3),
    Test::new("vector_state_is_saved_checked_and_restored", vector_state),
];

pub(super) const CODE: usize = 0x40_0000;
pub(super) const STACK_TOP: usize = 0x50_1000;

/// A program of this code in a space of its own, which is loaded: a page of code, a page of stack.
pub(super) fn program(code: unsafe extern "sysv64" fn()) -> (UserSpace, UserContext) {
    let mut space = UserSpace::new().expect("memory for a space");
    let page = Frame::zeroed().expect("memory for a page");
    // SAFETY: a page of the kernel's text from the function on; functions are far from the end of the text.
    page.write(0, unsafe { core::slice::from_raw_parts(code as *const u8, 256) });
    let of_code = Access {
        read: true,
        write: false,
        execute: true,
    };
    let of_stack = Access {
        read: true,
        write: true,
        execute: false,
    };
    space.map(CODE, page, of_code).expect("memory for tables");
    let stack = Frame::zeroed().expect("memory for a page");
    space
        .map(STACK_TOP - 4096, stack, of_stack)
        .expect("memory for tables");
    task::set_space(space.handle());
    (space, UserContext::new(CODE, STACK_TOP))
}

/// Runs `code` in ring 3 in a space of its own until `check` has had enough.
fn in_ring_3(
    code: unsafe extern "sysv64" fn(),
    prepare: impl FnOnce(&mut UserContext),
    check: impl FnOnce(&mut UserContext, Trap),
) {
    in_ring_3_with(&LeafCalls::NONE, &(), code, prepare, check);
}

/// The same with leaf calls for `subject`.
pub(super) fn in_ring_3_with<T>(
    leaves: &LeafCalls<T>,
    subject: &T,
    code: unsafe extern "sysv64" fn(),
    prepare: impl FnOnce(&mut UserContext),
    check: impl FnOnce(&mut UserContext, Trap),
) {
    let (_space, mut context) = program(code);
    prepare(&mut context);
    let trap = context.run_with(leaves, subject);
    check(&mut context, trap);
}

#[unsafe(naked)]
unsafe extern "sysv64" fn two_calls() {
    naked_asm!(
        "mov eax, 39",
        "syscall",
        "mov ebx, eax",
        "mov eax, 60",
        "syscall",
        "ud2"
    )
}

fn system_call() {
    in_ring_3(
        two_calls,
        |_| (),
        |context, trap| {
            assert_eq!(trap, Trap::SystemCall);
            assert_eq!(context.registers().rax, 39);
            assert_eq!(
                context.registers().rcx,
                context.registers().cpu.rip,
                "SYSCALL leaves the return address in RCX"
            );
            context.registers_mut().rax = 1234;
            assert_eq!(context.run(), Trap::SystemCall);
            assert_eq!((context.registers().rax, context.registers().rbx), (60, 1234));
        },
    );
}

#[unsafe(naked)]
unsafe extern "sysv64" fn undefined() {
    naked_asm!("ud2")
}

fn rsp0() {
    in_ring_3(
        undefined,
        |_| (),
        |context, trap| {
            assert_eq!(
                trap,
                Trap::Exception {
                    vector: vector::INVALID_OPCODE,
                    error_code: 0
                }
            );
            let frame = core::ptr::from_ref(context.registers());
            let rsp0 = local().tss.rsp0;
            assert_eq!(
                rsp0 as usize,
                frame as usize + 176,
                "RSP0 was the end of this context's frame"
            );
            assert_eq!(rsp0 % 16, 0);
            let cpu = context.registers().cpu;
            assert_eq!((cpu.cs, cpu.ss), (u64::from(USER_CODE), u64::from(USER_DATA)));
            assert_eq!((cpu.rip, cpu.rsp), (CODE as u64, STACK_TOP as u64));
        },
    );
}

#[unsafe(naked)]
unsafe extern "sysv64" fn count_up() {
    naked_asm!(
        "inc rax", "inc rbx", "inc rcx", "inc rdx", "inc rsi", "inc rdi", "inc rbp", "inc r8", "inc r9",
        "inc r10", "inc r11", "inc r12", "inc r13", "inc r14", "inc r15", "ud2",
    )
}

fn registers() {
    in_ring_3(
        count_up,
        |context| {
            let r = context.registers_mut();
            (r.rax, r.rbx, r.rcx, r.rdx, r.rsi, r.rdi, r.rbp) = (1, 2, 3, 4, 5, 6, 7);
            (r.r8, r.r9, r.r10, r.r11, r.r12, r.r13, r.r14, r.r15) = (8, 9, 10, 11, 12, 13, 14, 15);
        },
        |context, _| {
            let r = context.registers();
            assert_eq!(
                (r.rax, r.rbx, r.rcx, r.rdx, r.rsi, r.rdi, r.rbp),
                (2, 3, 4, 5, 6, 7, 8)
            );
            assert_eq!(
                (r.r8, r.r9, r.r10, r.r11, r.r12, r.r13, r.r14, r.r15),
                (9, 10, 11, 12, 13, 14, 15, 16)
            );
        },
    );
}

#[unsafe(naked)]
unsafe extern "sysv64" fn show_flags() {
    naked_asm!("pushfq", "pop rax", "ud2")
}

fn flags() {
    const IF: u64 = 1 << 9;
    const IOPL: u64 = 3 << 12;
    const VIF: u64 = 1 << 19;
    in_ring_3(
        show_flags,
        |context| {
            let cpu = &mut context.registers_mut().cpu;
            cpu.rflags = IOPL | VIF | 1; // no IF, all privileges, and the carry flag
            (cpu.cs, cpu.ss) = (0x08, 0x10); // the kernel's selectors
        },
        |context, trap| {
            assert!(matches!(
                trap,
                Trap::Exception {
                    vector: vector::INVALID_OPCODE,
                    ..
                }
            ));
            let flags = context.registers().rax;
            assert_eq!(flags & (IOPL | VIF), 0);
            assert_eq!(flags & (IF | 1), IF | 1);
            assert_eq!(context.registers().cpu.cs & 3, 3);
        },
    );
}

fn non_canonical() {
    for rip in [
        0x0000_8000_0000_0000,
        0x7fff_ffff_f000,
        0xffff_8000_0000_0000,
        u64::MAX,
    ] {
        in_ring_3(
            two_calls,
            |_| (),
            |context, _| {
                // As after a system call: SYSRET would fault in ring 0 on such an address.
                let registers = context.registers_mut();
                registers.cpu.rip = rip;
                registers.rcx = rip;
                let trap = context.run();
                assert_eq!(
                    trap,
                    Trap::Exception {
                        vector: vector::GENERAL_PROTECTION,
                        error_code: 0
                    }
                );
                assert_eq!(context.registers().cpu.rip, rip);
            },
        );
    }
}

#[unsafe(naked)]
unsafe extern "sysv64" fn write_code() {
    naked_asm!("mov [0x400010], al", "ud2")
}

fn page_fault() {
    in_ring_3(
        write_code,
        |_| (),
        |_, trap| {
            let Trap::PageFault { address, access } = trap else {
                panic!("{trap:?}")
            };
            assert_eq!(address, 0x40_0010);
            assert!(access.write && access.present && !access.execute);
        },
    );
}

#[unsafe(naked)]
unsafe extern "sysv64" fn divide() {
    naked_asm!("xor ecx, ecx", "div ecx")
}

#[unsafe(naked)]
unsafe extern "sysv64" fn halt() {
    naked_asm!("hlt")
}

#[unsafe(naked)]
unsafe extern "sysv64" fn breakpoint() {
    naked_asm!("int3")
}

#[unsafe(naked)]
unsafe extern "sysv64" fn call_kernel_vector() {
    naked_asm!("int 0x40")
}

fn exceptions() {
    let cases: [(unsafe extern "sysv64" fn(), u8); 3] = [
        (divide, vector::DIVIDE_ERROR),
        (halt, vector::GENERAL_PROTECTION),
        (breakpoint, vector::BREAKPOINT),
    ];
    for (code, vector) in cases {
        in_ring_3(
            code,
            |_| (),
            |_, trap| {
                assert_eq!(
                    trap,
                    Trap::Exception {
                        vector,
                        error_code: 0
                    }
                )
            },
        );
    }
    in_ring_3(
        call_kernel_vector,
        |_| (),
        |_, trap| {
            let Trap::Exception {
                vector: vector::GENERAL_PROTECTION,
                error_code,
            } = trap
            else {
                panic!("{trap:?}")
            };
            // Bit 1: the error is about the IDT. (The index above it counts entries of 8 bytes on CPUs, of 16 in QEMU.)
            assert_eq!(error_code & 7, 2);
        },
    );
}

#[unsafe(naked)]
unsafe extern "sysv64" fn raise_nmi() {
    naked_asm!("int 2", "mov eax, 77", "syscall")
}

fn nmi_in_ring_3() {
    // SAFETY: the NMI's own stub and stack; only who may raise it by INT changes.
    unsafe { crate::trap::install::change_gate(vector::NMI, 2, crate::cpu::idt::GateKind::Interrupt) };
    let stacks = local().tss.ist;
    let (frame, at) = super::observe::watch(vector::NMI, || {
        in_ring_3(
            raise_nmi,
            |_| (),
            |context, trap| {
                assert_eq!(trap, Trap::SystemCall, "ring 3 went on behind the NMI");
                assert_eq!(context.registers().rax, 77);
            },
        );
    });
    assert_eq!(at + 176, stacks[1] as usize);
    assert_eq!(frame.cpu.cs, u64::from(USER_CODE), "it came from ring 3");
}

#[unsafe(naked)]
unsafe extern "sysv64" fn set_vector() {
    naked_asm!("movq xmm5, rax", "syscall", "movq rax, xmm5", "syscall")
}

fn vector_state() {
    const AREA: usize = STACK_TOP - 4096;
    const SIZE: usize = 2700;
    let read = || {
        let mut area = alloc::vec![0; SIZE];
        user::copy_in(AREA, &mut area).expect("the stack's page is there");
        area
    };
    let load = |area: &[u8]| {
        user::copy_out(AREA, area).expect("the stack's page is there");
        user::load_vector_state(AREA)
    };
    in_ring_3(
        set_vector,
        |context| context.registers_mut().rax = 0x1122_3344,
        |context, _| {
            assert!(user::vector_frame_size() <= SIZE);
            assert_eq!(user::store_vector_state(AREA), Ok(()));
            let mut area = read();
            let xmm5 = 160 + 5 * 16;
            assert_eq!(
                &area[xmm5..][..4],
                &[0x44, 0x33, 0x22, 0x11],
                "XMM5 in the FXSAVE area"
            );
            area[xmm5] = 0x55;
            assert_eq!(load(&area), Ok(()));
            context.run();
            assert_eq!(context.registers().rax, 0x1122_3355);
            // What a program may have forged:
            let mut refused = |at: usize, byte: u8| {
                let before = core::mem::replace(&mut area[at], byte);
                assert_eq!(load(&area), Err(user::VectorFault), "byte {at} is {byte:#x}");
                area[at] = before;
            };
            refused(512 + 7, 0x80); // a component that does not exist
            refused(512 + 15, 0x80); // the compacted format
            refused(512 + 20, 1); // a reserved word of the header
            refused(26, 1); // a reserved bit of MXCSR
            area[464] ^= 1; // no magic number: the old format, and the header means nothing
            area[512 + 7] = 0x80;
            assert_eq!(load(&area), Ok(()));
            for address in [
                AREA + 16,
                AREA - 8192,
                crate::paging::USER_END,
                usize::MAX - 63,
                !0 << 47,
            ] {
                assert_eq!(user::load_vector_state(address), Err(user::VectorFault));
                assert_eq!(user::store_vector_state(address), Err(user::VectorFault));
            }
        },
    );
}
