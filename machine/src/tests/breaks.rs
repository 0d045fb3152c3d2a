//! Breaking a mechanism on purpose.
//!
//! Most mutations overwrite instructions of the kernel's own code, in this machine's memory: what fails then is the very
//! code that runs programs, less an instruction. Each looks for the bytes that it expects and refuses to break anything else.

use crate::cpu::gdt::TaskStateSegment;
use crate::cpu::idt::GateKind;
use crate::cpu::local::{CpuLocal, local};
use crate::irq;
use crate::trap::entry::trap_entry;
use crate::trap::install::change_gate;
use crate::trap::vector;
use crate::user::enter::enter_by_iret;
use core::arch::asm;
use core::mem::offset_of;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// A mutation, and how it is done.
struct Mutation {
    name: &'static str,
    apply: fn(),
}

const MUTATIONS: &[Mutation] = &[
    Mutation {
        name: "double-fault-without-ist",
        apply: double_fault_without_ist,
    },
    Mutation {
        name: "ist-word-zero",
        apply: ist_word_zero,
    },
    Mutation {
        name: "ist-off-by-one",
        apply: ist_off_by_one,
    },
    Mutation {
        name: "trap-gates",
        apply: trap_gates,
    },
    Mutation {
        name: "rsp0-not-set",
        apply: rsp0_not_set,
    },
    Mutation {
        name: "ret-for-iretq",
        apply: ret_for_iretq,
    },
    Mutation {
        name: "rax-not-restored",
        apply: rax_not_restored,
    },
    Mutation {
        name: "error-code-left",
        apply: error_code_left,
    },
    Mutation {
        name: "no-swapgs",
        apply: no_swapgs,
    },
    Mutation {
        name: "switch-saves-no-rsp",
        apply: switch_saves_no_rsp,
    },
    Mutation {
        name: "handler-body-misaligned",
        apply: handler_body_misaligned,
    },
    Mutation {
        name: "handler-saves-no-rcx",
        apply: handler_saves_no_rcx,
    },
    Mutation {
        name: "no-cr3-write",
        apply: || NO_CR3_WRITE.store(true, Relaxed),
    },
    Mutation {
        name: "no-invlpg",
        apply: || NO_INVLPG.store(true, Relaxed),
    },
];

/// Asked where CR3 is written.
pub(crate) static NO_CR3_WRITE: AtomicBool = AtomicBool::new(false);
/// Asked where INVLPG is executed.
pub(crate) static NO_INVLPG: AtomicBool = AtomicBool::new(false);

/// Breaks the mechanism.
///
/// # Panics
/// When there is no such mutation, or the code does not look as it expects.
pub(super) fn apply(name: &str) {
    let mutation = MUTATIONS.iter().find(|mutation| mutation.name == name);
    (mutation.expect("there is no such mutation").apply)();
}

/// #DF arrives on whatever stack there is.
fn double_fault_without_ist() {
    // SAFETY: the vector's own stub, less its stack.
    unsafe { change_gate(vector::DOUBLE_FAULT, 0, GateKind::Interrupt) };
}

/// The gate names IST1, and the TSS has nothing there.
fn ist_word_zero() {
    set_ist([0, local().tss.ist[1], local().tss.ist[2]]);
}

/// The stacks are in the TSS one word too high, as if the gate's index counted from 0.
fn ist_off_by_one() {
    let [first, second, ..] = local().tss.ist;
    set_ist([0, first, second]);
}

fn set_ist(words: [u64; 3]) {
    let tss = &raw const local().tss as *mut TaskStateSegment;
    // SAFETY: the running CPU's TSS; what these stacks are for may fail from now on, which is the point.
    unsafe {
        let mut ist = (*tss).ist;
        ist[..3].copy_from_slice(&words);
        (*tss).ist = ist;
    }
}

/// Interrupts stay enabled in handlers.
fn trap_gates() {
    for number in (0..=255).filter(|number| ![2, 8, 18].contains(number)) {
        // SAFETY: the vector's own stub.
        unsafe { change_gate(number, 0, GateKind::Trap) };
    }
}

/// Room for a frame that lands where RSP0 was left.
static mut STALE: [u64; 128] = [0; 128];

/// Ring 3 is entered without telling the TSS where its next trap is to land.
fn rsp0_not_set() {
    const RSP0: usize = offset_of!(CpuLocal, tss) + offset_of!(TaskStateSegment, rsp0);
    let mut store = [0x65, 0x48, 0x89, 0x04, 0x25, 0, 0, 0, 0]; // mov gs:[RSP0], rax
    store[5..].copy_from_slice(&u32::try_from(RSP0).expect("a small block").to_le_bytes());
    overwrite(enter_by_iret as *const () as usize, &store, &[0x90; 9]);
    let tss = &raw const local().tss as *mut TaskStateSegment;
    // SAFETY: the running CPU's TSS; the static is used by nobody else.
    unsafe { (*tss).rsp0 = &raw const STALE as u64 + size_of::<[u64; 128]>() as u64 };
}

/// The entry from ring 0 ends like a function.
fn ret_for_iretq() {
    overwrite(entry(), &[0x48, 0xcf], &[0xc3, 0x90]); // iretq; ret, nop
}

/// `pop rax; add rsp, 16` becomes `add rsp, 24; nop`.
fn rax_not_restored() {
    overwrite(
        entry(),
        &[0x58, 0x48, 0x83, 0xc4, 16],
        &[0x48, 0x83, 0xc4, 24, 0x90],
    );
}

/// `add rsp, 16` takes off the vector alone.
fn error_code_left() {
    overwrite(entry(), &[0x48, 0x83, 0xc4, 16], &[0x48, 0x83, 0xc4, 8]);
}

/// The kernel goes on with the program's GS base.
fn no_swapgs() {
    overwrite(entry(), &[0x0f, 0x01, 0xf8], &[0x0f, 0x1f, 0x00]); // swapgs; a long nop
}

/// Who leaves does not note where its stack was left.
fn switch_saves_no_rsp() {
    unsafe extern "C" {
        static __text_start: u8;
        static __text_end: u8;
    }
    let (start, end) = (&raw const __text_start, &raw const __text_end);
    // mov [rdi], rsp; mov rsp, rdx; pop rax; jmp rax, and where that leads: pop rbx; pop rbp
    const SWITCH: [u8; 11] = [0x48, 0x89, 0x27, 0x48, 0x89, 0xd4, 0x58, 0xff, 0xe0, 0x5b, 0x5d];
    // SAFETY: the kernel's text, by the linker script.
    let text = unsafe { core::slice::from_raw_parts(start, end.offset_from_unsigned(start)) };
    let places = text
        .windows(SWITCH.len())
        .enumerate()
        .filter(|(_, window)| *window == SWITCH);
    let mut count = 0;
    for (at, _) in places {
        overwrite(start as usize + at, &SWITCH[..3], &[0x0f, 0x1f, 0x00]);
        count += 1;
    }
    assert!(count > 0, "the switch is somewhere");
}

/// The macro's wrapper calls the body with a word more on the stack.
fn handler_body_misaligned() {
    let handler = super::handlers::ALIGNED.address();
    overwrite(handler, &[0x48, 0x83, 0xec, 8], &[0x48, 0x83, 0xec, 0]); // sub rsp, 8
    overwrite(handler, &[0x48, 0x83, 0xc4, 8], &[0x48, 0x83, 0xc4, 0]); // add rsp, 8
}

/// The macro's wrapper takes RCX's place off the stack without restoring it: `pop rcx; pop rax` becomes `pop rax; pop rax`.
fn handler_saves_no_rcx() {
    overwrite(super::handlers::CLOBBER.address(), &[0x59, 0x58], &[0x58, 0x58]);
}

fn entry() -> usize {
    trap_entry as *const () as usize
}

/// Overwrites the first `old` in the routine at `start` by `new`.
fn overwrite(start: usize, old: &[u8], new: &[u8]) {
    const FAR: usize = 160;
    const WRITE_PROTECT: u64 = 1 << 16;
    assert_eq!(old.len(), new.len());
    // SAFETY: the kernel's text is readable beyond each of the routines here.
    let code = unsafe { core::slice::from_raw_parts(start as *const u8, FAR) };
    let at = code.windows(old.len()).position(|window| window == old);
    let at = start + at.expect("the routine has these instructions");
    let _interrupts = irq::disable();
    // SAFETY: without CR0.WP ring 0 may write to read-only pages. What is written are whole instructions in the place of whole ones;
    // nothing executes them meanwhile. What the kernel does from now on is wrong: that is the point.
    unsafe {
        let cr0: u64;
        asm!("mov {}, cr0", out(reg) cr0, options(nomem, nostack, preserves_flags));
        asm!("mov cr0, {}", in(reg) cr0 & !WRITE_PROTECT, options(nostack, preserves_flags));
        core::ptr::copy_nonoverlapping(new.as_ptr(), at as *mut u8, new.len());
        asm!("mov cr0, {}", in(reg) cr0, options(nostack, preserves_flags));
    }
}
