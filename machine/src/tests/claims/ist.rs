//! Interrupt stacks, and faults while a fault is being delivered (SDM 3A, 7.14.5 and 7.15, vector 8).

use super::raw::{Caught, Net, catch, catch_in_ring_3};
use super::see::{Picture, seen, seen_hex};
use super::tables;
use crate::cpu::idt::GateKind;
use crate::memory::stack::{Place, STACK_BYTES, describe};
use crate::paging::kernel::is_mapped;
use crate::tests::Test;
use crate::tests::overflow::{overflow, overflow_without_ist};
use crate::tests::user::program;
use crate::trap::install::change_gate;
use crate::trap::vector;
use core::arch::naked_asm;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

pub(crate) const TESTS: &[Test] = &[
    Test::new("claims::rings.ist", ist),
    Test::new("claims::rings.ist-overwrites", overwrites),
    Test::new("claims::rings.double-fault-table", classes),
    Test::dying(
        "claims::rings.double-fault",
        double_fault,
        &[
            "double fault (#DF)",
            "interrupt stack (IST)",
            "address: 0x",
            "a user address",
        ],
    ),
    Test::dying("claims::rings.no-ist_triple_fault", triple_fault, &[]),
    Test::new("claims::rust.tss", tss),
    Test::dying(
        "claims::rust.overflow-with-ist",
        overflow_with_ist,
        &[
            "double fault (#DF)",
            "kernel stack overflow: the stack of kernel thread",
            "the guard of a kernel stack",
        ],
    ),
    Test::dying(
        "claims::rust.overflow-without-ist_triple_fault",
        overflow_no_ist,
        &[],
    ),
];

#[unsafe(naked)]
unsafe extern "sysv64" fn int_76(_first: u64, _second: u64) {
    naked_asm!("int 0x76", "ret")
}

#[unsafe(naked)]
unsafe extern "sysv64" fn int_76_in_ring_3() {
    naked_asm!("int 0x76")
}

/// Memory for seven stacks.
#[repr(C, align(16))]
struct Stacks([[u64; 64]; 7]);

static mut STACKS: Stacks = Stacks([[0; 64]; 7]);

fn stack_top(number: u8) -> u64 {
    &raw const STACKS as u64 + u64::from(number) * 512
}

fn ist() {
    let (tss, _) = tables::tss();
    let words: [u64; 7] = core::array::from_fn(|index| {
        // SAFETY: the seven words of the running TSS from offset 0x24 on.
        unsafe { ((tss + 0x24) as *const u64).add(index).read_unaligned() }
    });
    for (index, word) in words.iter().enumerate() {
        seen(
            format_args!(
                "TSS offset {:#x}, array index {index}, IST{}",
                0x24 + 8 * index,
                index + 1
            ),
            format_args!("{word:#x}"),
        );
    }
    let mut all = alloc::vec::Vec::new();
    for number in 1..=7 {
        for misaligned in [0, 8] {
            all.push((
                number,
                stack_top(number) - misaligned,
                by_index(number, misaligned),
            ));
        }
    }
    for (number, top, (ring_0, ring_3)) in &all {
        seen(
            format_args!("a gate with IST index {number}, whose word is {top:#x}: the frame ends at"),
            format_args!("{:#x} from ring 0, {:#x} from ring 3", ring_0.end(), ring_3.end()),
        );
    }
    let (_, top, (ring_0, _)) = &all[0];
    Picture::new(
        "ist",
        "An interrupt in ring 0 through a gate with an IST index: another stack, without a change of ring",
    )
    .point("RSP before", ring_0.frame().rsp)
    .point("RSP in the handler", ring_0.rsp)
    .point("IST1 in the TSS", *top)
    .point("RIP", ring_0.frame().rip)
    .column("the stack that was running")
    .row_of_whatever(ring_0.frame().rsp, "the interrupted computation's stack")
    .column("the stack of IST1")
    .row_of_whatever(*top, "where IST1 points: the end of its stack")
    .row(top - 8, ring_0.frame().ss, "SS")
    .row(top - 16, ring_0.frame().rsp, "RSP")
    .row(top - 24, ring_0.frame().rflags, "RFLAGS")
    .row(top - 32, ring_0.frame().cs, "CS")
    .row(top - 40, ring_0.frame().rip, "RIP");
    for (_, top, (ring_0, ring_3)) in &all {
        assert_eq!(
            (ring_0.end(), ring_3.end()),
            (top & !15, top & !15),
            "aligned, too"
        );
        assert_eq!((ring_0.frame().cs & 3, ring_3.frame().cs & 3), (0, 3));
    }
    // What the kernel's own gates name is there.
    for (number, word) in (1..=3).zip(words) {
        assert!(
            matches!(describe(word as usize), Some(Place::Inside(_))),
            "IST{number} is a stack"
        );
    }
}

/// Raises a vector whose gate has IST index `number`, from both rings.
fn by_index(number: u8, misaligned: u64) -> (Caught, Caught) {
    // SAFETY: the stacks are this test's; a vector that uses one is raised only here, or has its stack back before.
    unsafe {
        let before = tables::exchange_ist(number, stack_top(number) - misaligned);
        let ring_0 = catch(&[Net::on(0x76, number)], int_76, 0, 0).expect("it is raised");
        let (_space, mut context) = program(int_76_in_ring_3);
        let ring_3 = catch_in_ring_3(0x76, number, &mut context);
        tables::exchange_ist(number, before);
        (ring_0, ring_3)
    }
}

/// A handler that raises a vector whose gate names the stack that it runs on.
#[unsafe(naked)]
unsafe extern "sysv64" fn raise_another() {
    naked_asm!("mov [rip + {rsp}], rsp", "int 0x76", rsp = sym FIRST_RSP)
}

static FIRST_RSP: AtomicU64 = AtomicU64::new(0);

#[unsafe(naked)]
unsafe extern "sysv64" fn int_75(_first: u64, _second: u64) {
    naked_asm!("int 0x75")
}

fn overwrites() {
    const FREE_IST: u8 = 7;
    let top = stack_top(FREE_IST);
    let nets = [
        Net::to_on(0x75, raise_another as *const () as usize, FREE_IST),
        Net::on(0x76, FREE_IST),
    ];
    // SAFETY: the stack is this test's; nothing else uses this IST meanwhile.
    let second = unsafe {
        let before = tables::exchange_ist(FREE_IST, top);
        let caught = catch(&nets, int_75, 0, 0).expect("it is raised");
        tables::exchange_ist(FREE_IST, before);
        caught
    };
    let first = FIRST_RSP.load(Relaxed);
    seen_hex("IST7", top);
    seen_hex("RSP in the first handler, below its five words", first);
    seen_hex(
        "RSP before the trap that it raises through another gate with the same IST",
        second.frame().rsp,
    );
    seen_hex("RSP in the second handler, below its five words", second.rsp);
    seen(
        "the second frame lies where the first one was",
        first == second.rsp,
    );
    assert_eq!(
        (first, second.frame().rsp, second.rsp),
        (top - 40, top - 40, top - 40)
    );
}

#[unsafe(naked)]
unsafe extern "sysv64" fn divide(_first: u64, _second: u64) {
    naked_asm!("xor ecx, ecx", "div ecx", "ret")
}

#[unsafe(naked)]
unsafe extern "sysv64" fn undefined(_first: u64, _second: u64) {
    naked_asm!("ud2")
}

#[unsafe(naked)]
unsafe extern "sysv64" fn touch_nothing(_first: u64, _second: u64) {
    naked_asm!("mov rax, [0x10]", "ret")
}

/// What a second exception makes of a first (SDM 3A, table 7-5): `absent` has no gate (delivery raises #NP), `stackless` an
/// IST stack that is not mapped (delivery raises #PF).
fn classes() {
    const FREE_IST: u8 = 7;
    let absent = |number, action| {
        let nets = [
            Net::absent(number),
            Net::on(vector::SEGMENT_NOT_PRESENT, 0),
            Net::on(vector::DOUBLE_FAULT, 1),
        ];
        // SAFETY: whatever comes of it is caught.
        unsafe { catch(&nets, action, 0, 0) }.expect("something is raised")
    };
    let stackless = |number, action| {
        // #PF itself is caught on the running stack, but for the case in which it is the first.
        let nets = [
            Net::on(vector::PAGE_FAULT, 0),
            Net::on(number, FREE_IST),
            Net::on(vector::DOUBLE_FAULT, 1),
        ];
        // SAFETY: whatever comes of it is caught; nothing else uses this IST.
        unsafe {
            let before = tables::exchange_ist(FREE_IST, 0x1000);
            let caught = catch(&nets, action, 0, 0).expect("something is raised");
            tables::exchange_ist(FREE_IST, before);
            caught
        }
    };
    let (de, ud, pf) = (vector::DIVIDE_ERROR, vector::INVALID_OPCODE, vector::PAGE_FAULT);
    let (np, df) = (vector::SEGMENT_NOT_PRESENT, vector::DOUBLE_FAULT);
    let cases = [
        (
            "#UD (benign), then #NP: one after the other",
            absent(ud, undefined),
            np,
        ),
        (
            "#UD (benign), then #PF: one after the other",
            stackless(ud, undefined),
            pf,
        ),
        (
            "#DE (contributory), then #NP (contributory)",
            absent(de, divide),
            df,
        ),
        (
            "#DE (contributory), then #PF: one after the other",
            stackless(de, divide),
            pf,
        ),
        ("#PF, then #NP (contributory)", absent(pf, touch_nothing), df),
        ("#PF, then #PF", stackless(pf, touch_nothing), df),
    ];
    for (what, caught, _) in &cases {
        let code = caught.error_code().expect("these three have one");
        #[expect(clippy::cast_possible_truncation, reason = "a vector")]
        let name = vector::name(caught.vector as u8);
        seen(
            format_args!("{what}: raised"),
            format_args!("{name}, error code {code:#x}"),
        );
    }
    for (what, caught, expected) in cases {
        assert_eq!(caught.vector, u64::from(expected), "{what}");
    }
}

/// Has no stack that a frame could be pushed on, and raises #UD.
#[unsafe(naked)]
unsafe extern "sysv64" fn without_stack() {
    naked_asm!("mov rsp, 0x12345670", "ud2")
}

fn double_fault() {
    seen_hex("RSP in ring 0, where nothing is mapped", 0x1234_5670);
    seen(
        "raised",
        "#UD, whose frame cannot be pushed; then #PF, whose frame cannot be pushed",
    );
    // SAFETY: the report ends the machine.
    unsafe { without_stack() };
}

fn triple_fault() {
    seen_hex("RSP in ring 0, where nothing is mapped", 0x1234_5670);
    // SAFETY: the double fault will find no stack either: that is the point.
    unsafe {
        change_gate(vector::DOUBLE_FAULT, 0, GateKind::Interrupt);
        without_stack();
    }
}

fn tss() {
    let (base, limit) = tables::tss();
    seen_hex("task register: selector", tables::task_register());
    seen_hex("TSS descriptor: address", base);
    seen_hex("TSS descriptor: limit", limit);
    for (number, what) in [(1, "#DF"), (2, "NMI"), (3, "#MC")] {
        // SAFETY: a word of the running TSS.
        let top = unsafe { ((base + 0x24 + 8 * (number - 1)) as *const u64).read_unaligned() };
        let Some(Place::Inside(end)) = describe(top as usize) else {
            panic!("IST{number} is no stack of the kernel's")
        };
        let limit = end - STACK_BYTES;
        seen_hex(format_args!("IST{number}, for {what}"), top);
        seen(
            format_args!("its stack: mapped"),
            format_args!("{limit:#x}..{end:#x}, {STACK_BYTES} bytes"),
        );
        seen("the page below it is mapped", is_mapped(limit - 1));
        assert!(
            top as usize > limit && top as usize <= end,
            "the end is loaded: stacks grow down"
        );
        assert!(
            end - top as usize <= 16,
            "all but the last words are for the handler"
        );
        assert!(is_mapped(limit) && is_mapped(end - 1) && !is_mapped(limit - 1));
    }
    assert_eq!(limit, 103, "104 bytes");
}

fn gate_of_double_fault() {
    seen(
        "IST index in the gate of #DF",
        super::gates::ist_of(vector::DOUBLE_FAULT),
    );
    // SAFETY: a word of the running TSS.
    let top = unsafe { ((tables::tss().0 + 0x24) as *const u64).read_unaligned() };
    seen_hex("IST1 in the TSS", top);
    let rsp: u64;
    // SAFETY: reads a register.
    unsafe { core::arch::asm!("mov {}, rsp", out(reg) rsp, options(nomem, nostack, preserves_flags)) };
    let Some(Place::Inside(end)) = describe(rsp as usize) else {
        panic!("the kernel runs on its stack")
    };
    seen_hex("RSP", rsp);
    seen_hex("the running stack's lowest byte", (end - STACK_BYTES) as u64);
    seen("a function calls itself", "for ever");
}

fn overflow_with_ist() {
    gate_of_double_fault();
    overflow();
}

fn overflow_no_ist() {
    // SAFETY: as `overflow_without_ist`, which does it again.
    unsafe { change_gate(vector::DOUBLE_FAULT, 0, GateKind::Interrupt) };
    gate_of_double_fault();
    overflow_without_ist();
}
