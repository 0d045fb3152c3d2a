//! Which exceptions push an error code (SDM 3A, table 7-1), by raising them.

use super::raw::{Action, Caught, Net, catch, catch_in_ring_3};
use super::see::seen;
use super::tables::{self, TemporaryGdt};
use crate::irq::apic;
use crate::tests::Test;
use crate::tests::user::program;
use crate::trap::vector;
use core::arch::{asm, naked_asm};

pub(crate) const TESTS: &[Test] = &[
    Test::new("claims::interrupts.error-codes", error_codes),
    Test::new("claims::interrupts.int-has-no-error-code", software),
    Test::new("claims::rust.alignment-check", alignment_check),
];

/// Defines what raises a trap: RDI and RSI are the two arguments.
macro_rules! raiser {
    ($name:ident, $($line:literal),+) => {
        #[unsafe(naked)]
        unsafe extern "sysv64" fn $name(_first: u64, _second: u64) {
            naked_asm!($($line,)+ "ret")
        }
    };
}

raiser!(divide, "xor ecx, ecx", "div ecx");
raiser!(step, "pushfq", "or qword ptr [rsp], 0x100", "popfq", "nop");
raiser!(breakpoint, "int3");
raiser!(undefined, "ud2");
raiser!(
    x87_without_device,
    "mov rax, cr0",
    "or rax, 8",
    "mov cr0, rax",
    "fnop"
);
raiser!(load_ds, "mov ds, edi");
raiser!(load_ss, "mov ss, edi");
raiser!(load, "mov rax, [rdi]");
raiser!(without_stack, "mov rsp, rdi", "ud2");
raiser!(ist_vector, "int 0x76");
raiser!(
    x87_division,
    "fninit",
    "push 0x37b", // the zero-divide exception is not masked
    "fldcw [rsp]",
    "fld1",
    "fldz",
    "fdivp",
    "fwait",
    "pop rax"
);
raiser!(
    simd_division,
    "push 0x1d80", // the same in MXCSR
    "ldmxcsr [rsp]",
    "mov eax, 0x3f800000",
    "movd xmm0, eax",
    "pxor xmm1, xmm1",
    "divss xmm0, xmm1",
    "pop rax"
);
raiser!(int_13, "int 13");
raiser!(int_14, "int 14");
raiser!(int_6, "int 6");

/// Sends an NMI to this CPU, and waits for it.
extern "sysv64" fn send_nmi(_first: u64, _second: u64) {
    apic::send_nmi();
    loop {
        core::hint::spin_loop();
    }
}

fn raise(vector: u8, action: Action, with: u64) -> Option<Caught> {
    // SAFETY: raises the vector and holds nothing; what it changed in the CPU is put back by `error_codes`.
    unsafe { catch(&[Net::on(vector, 0)], action, with, 0) }
}

fn error_codes() {
    const NOT_CANONICAL: u64 = 0x8000_0000_0000;
    let mut all = alloc::vec![
        ("#DE", vector::DIVIDE_ERROR, raise(0, divide, 0)),
        ("#DB", vector::DEBUG, raise(1, step, 0)),
        ("NMI", vector::NMI, raise(2, send_nmi, 0)),
        ("#BP", vector::BREAKPOINT, raise(3, breakpoint, 0)),
        ("#UD", vector::INVALID_OPCODE, raise(6, undefined, 0)),
        (
            "#NM",
            vector::DEVICE_NOT_AVAILABLE,
            raise(7, x87_without_device, 0)
        ),
    ];
    // SAFETY: CR0.TS is clear again, as everywhere in the kernel.
    unsafe { asm!("clts", options(nomem, nostack)) };
    let nets = [
        Net::on(vector::INVALID_OPCODE, 0),
        Net::on(vector::DOUBLE_FAULT, 1),
    ];
    // SAFETY: #UD finds no stack and becomes #DF, which has one.
    let double = unsafe { catch(&nets, without_stack, NOT_CANONICAL, 0) };
    all.push(("#DF", vector::DOUBLE_FAULT, double));
    all.push((
        "#TS",
        vector::INVALID_TSS,
        tables::with_short_tss(|| {
            let nets = [Net::on(0x76, 7), Net::on(vector::INVALID_TSS, 0)];
            // SAFETY: the vector's stack lies beyond the segment's limit; #TS uses the running one.
            unsafe { catch(&nets, ist_vector, 0, 0) }
        }),
    ));
    let gdt = TemporaryGdt::load();
    all.push((
        "#NP",
        vector::SEGMENT_NOT_PRESENT,
        raise(11, load_ds, gdt.absent_segment()),
    ));
    all.push((
        "#SS",
        vector::STACK_FAULT,
        raise(12, load_ss, gdt.absent_segment()),
    ));
    drop(gdt);
    all.push(("#GP", vector::GENERAL_PROTECTION, raise(13, load, NOT_CANONICAL)));
    all.push(("#PF", vector::PAGE_FAULT, raise(14, load, 8)));
    all.push(("#MF", vector::X87_ERROR, raise(16, x87_division, 0)));
    all.push(("#AC", vector::ALIGNMENT_CHECK, misaligned_in_ring_3(true)));
    all.push(("#XM", vector::SIMD_ERROR, raise(19, simd_division, 0)));
    // SAFETY: the floating-point unit as programs find it.
    unsafe { asm!("fninit", "push 0x1f80", "ldmxcsr [rsp]", "pop rax", out("rax") _) };
    for (name, number, caught) in &all {
        let what = format_args!("{name} (vector {number})");
        match caught {
            None => seen(what, "not raised by this CPU"),
            Some(caught) => match caught.error_code() {
                Some(code) => seen(
                    what,
                    format_args!("{} words, error code {code:#x}", caught.pushed()),
                ),
                None => seen(what, format_args!("{} words, no error code", caught.pushed())),
            },
        }
    }
    seen(
        "not to be raised here",
        "#OF #BR (no instruction for them in 64-bit mode but INT), #MC, #VE, #CP, #VC, #SX",
    );
    for (name, number, caught) in &all {
        if let Some(caught) = caught {
            assert_eq!(caught.vector, u64::from(*number), "{name}");
            assert_eq!(
                caught.error_code().is_some(),
                vector::has_error_code(*number),
                "{name}"
            );
        } else {
            // Emulators leave these two out.
            assert!(
                matches!(*number, vector::ALIGNMENT_CHECK | vector::SIMD_ERROR),
                "{name} is not raised"
            );
        }
    }
}

fn software() {
    for (name, vector, action) in [
        ("INT 13", 13, int_13 as Action),
        ("INT 14", 14, int_14),
        ("INT 6", 6, int_6),
    ] {
        let caught = raise(vector, action, 0).expect("INT raises its vector");
        seen(format_args!("{name}: words pushed"), caught.pushed());
        assert_eq!(caught.pushed(), 5, "INT n pushes no error code (SDM 3A, 7.4.3)");
    }
}

#[unsafe(naked)]
unsafe extern "sysv64" fn misaligned_load() {
    naked_asm!("mov rax, [rsp - 15]", "ud2")
}

/// Loads a misaligned word in ring 3; with CR0.AM, and RFLAGS.AC as told. What is raised, if #AC is.
fn misaligned_in_ring_3(ac: bool) -> Option<Caught> {
    const AC: u64 = 1 << 18;
    extern "sysv64" fn run(context: u64, _second: u64) {
        // SAFETY: the reference below.
        unsafe { (*(context as *mut crate::user::UserContext)).run() };
    }
    let (_space, mut context) = program(misaligned_load);
    context.registers_mut().cpu.rflags = if ac { AC } else { 0 };
    let _mask = tables::AlignmentMask::set();
    // SAFETY: as `catch_in_ring_3`.
    unsafe {
        catch(
            &[Net::on(vector::ALIGNMENT_CHECK, 0)],
            run,
            &raw mut context as u64,
            0,
        )
    }
}

/// Loads a misaligned word in ring 0 with RFLAGS.AC set.
#[unsafe(naked)]
unsafe extern "sysv64" fn misaligned_in_ring_0(_first: u64, _second: u64) {
    naked_asm!(
        "pushfq",
        "or qword ptr [rsp], 0x40000",
        "popfq",
        "mov rax, [rsp - 15]",
        "pushfq",
        "and qword ptr [rsp], ~0x40000",
        "popfq",
        "ret",
    )
}

fn alignment_check() {
    let (_space, mut context) = program(misaligned_load);
    let usual = catch_in_ring_3(vector::INVALID_OPCODE, 0, &mut context);
    seen(
        "ring 3, as programs run: the misaligned load went through, next raised is vector",
        usual.vector,
    );
    let without = misaligned_in_ring_3(false);
    let with = misaligned_in_ring_3(true);
    let mask = tables::AlignmentMask::set();
    let ring_0 = raise(vector::ALIGNMENT_CHECK, misaligned_in_ring_0, 0);
    drop(mask);
    seen("ring 3 with CR0.AM, without RFLAGS.AC: #AC", without.is_some());
    seen("ring 3 with both: #AC (emulators leave it out)", with.is_some());
    seen("ring 0 with both: #AC", ring_0.is_some());
    assert_eq!(usual.vector, u64::from(vector::INVALID_OPCODE));
    assert!(
        without.is_none() && ring_0.is_none(),
        "only ring 3 with both bits (SDM 3A, 7.15, vector 17)"
    );
    assert!(with.is_none_or(|caught| caught.error_code() == Some(0)));
}
