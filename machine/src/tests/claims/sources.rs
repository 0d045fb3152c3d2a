//! Faults, traps and interrupts: which instruction the pushed RIP names (SDM 3A, 7.5 and 7.6).

use super::raw::{Action, Caught, Net, catch, catch_one};
use super::see::seen;
use crate::irq::{self, apic};
use crate::tests::Test;
use crate::time;
use crate::trap::vector;
use core::arch::naked_asm;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

pub(crate) const TESTS: &[Test] = &[
    Test::new("claims::interrupts.fault-trap-interrupt", fault_trap_interrupt),
    Test::new("claims::interrupts.fault-restarts", restart),
    Test::new("claims::interrupts.held-while-if-is-clear", held),
];

/// Notes the address of the instruction at label 2, then executes it with RCX = `first`.
macro_rules! raiser {
    ($name:ident, $($instruction:literal),+) => {
        #[unsafe(naked)]
        unsafe extern "sysv64" fn $name(_first: u64, _second: u64) {
            naked_asm!(
                "mov rcx, rdi",
                "lea rax, [rip + 2f]",
                "mov [rip + {at}], rax",
                "xor edx, edx",
                "mov eax, 1",
                $($instruction,)+
                "nop",
                "ret",
                at = sym AT,
            )
        }
    };
}

/// The address of the instruction that raises.
static AT: AtomicU64 = AtomicU64::new(0);

raiser!(divide, "2:", "div ecx");
raiser!(breakpoint, "2:", "int3");
raiser!(software_interrupt, "2:", "int 0x76");
raiser!(undefined, "2:", "ud2");
raiser!(read_nothing, "2:", "mov rax, [0x10]");
raiser!(
    step,
    "pushfq",
    "or qword ptr [rsp], 0x100",
    "popfq",
    "2:",
    "mov eax, eax"
);

/// What is raised, by what, how long the instruction is, and whether RIP names the one behind it.
const SYNCHRONOUS: [(&str, u8, Action, u64, bool); 6] = [
    ("#DE by DIV", vector::DIVIDE_ERROR, divide, 2, false),
    ("#UD by UD2", vector::INVALID_OPCODE, undefined, 2, false),
    ("#PF by MOV", vector::PAGE_FAULT, read_nothing, 8, false),
    ("#BP by INT3", vector::BREAKPOINT, breakpoint, 1, true),
    ("INT 0x76", 0x76, software_interrupt, 2, true),
    ("#DB by the trap flag", vector::DEBUG, step, 2, true),
];

fn fault_trap_interrupt() {
    let mut offsets = [[0u64; 3]; SYNCHRONOUS.len()];
    for (&(what, vector, raise, _, _), offsets) in SYNCHRONOUS.iter().zip(&mut offsets) {
        for offset in &mut *offsets {
            // SAFETY: raises its vector and holds nothing.
            let caught = unsafe { catch_one(vector, raise, 0, 0) };
            *offset = caught.frame().rip.wrapping_sub(AT.load(Relaxed));
        }
        seen(
            format_args!("{what}, three times: pushed RIP, counted from the instruction's first byte"),
            format_args!("{offsets:?}"),
        );
    }
    time::now(); // measures the timer, which this borrows
    let struck = [100_000, 100_003, 150_001, 171_717].map(interrupt_after);
    for (caught, rounds) in &struck {
        seen(
            "timer interrupt: pushed RIP, counted from the start of the loop that it struck",
            format_args!(
                "{} after {rounds} rounds; {} words pushed",
                offset_in_loop(caught),
                caught.pushed()
            ),
        );
    }
    for ((what, _, _, length, behind), offsets) in SYNCHRONOUS.iter().zip(offsets) {
        assert_eq!(offsets, [if *behind { *length } else { 0 }; 3], "{what}");
    }
    for (caught, _) in struck {
        assert!(
            offset_in_loop(&caught) <= LOOP_BYTES,
            "it struck the loop, which raises nothing"
        );
        assert_eq!(caught.pushed(), 5);
    }
}

/// Counts in RAX for ever, interrupts enabled. The jumps are for emulators, which look for interrupts between blocks.
#[unsafe(naked)]
unsafe extern "sysv64" fn count(_first: u64, _second: u64) {
    naked_asm!(
        "xor eax, eax",
        "sti",
        "2:",
        "inc rax",
        "jmp 3f",
        "3:",
        "jmp 4f",
        "4:",
        "jmp 5f",
        "5:",
        "jmp 2b",
    )
}

/// XOR and STI before it.
const LOOP_START: u64 = 3;
/// INC and four short JMPs.
const LOOP_BYTES: u64 = 11;

fn offset_in_loop(caught: &Caught) -> u64 {
    caught
        .frame()
        .rip
        .wrapping_sub(count as *const () as u64 + LOOP_START)
}

/// Lets the timer interrupt [`count`]; the frame, and how far it had counted.
fn interrupt_after(ticks: u32) -> (Caught, u64) {
    let interrupts = irq::disable();
    apic::start_timer(ticks);
    // SAFETY: the timer's interrupt is caught; `count` holds nothing.
    let caught = unsafe { catch(&[Net::on(vector::TIMER, 0)], count, 0, 0) };
    apic::end_of_interrupt();
    drop(interrupts);
    let caught = caught.expect("it counts for ever");
    (caught, caught.rax)
}

/// Gives the divisor a value that is not zero, and returns to the instruction.
#[unsafe(naked)]
unsafe extern "sysv64" fn mend_divisor() {
    naked_asm!("mov ecx, 6", "inc qword ptr [rip + {faults}]", "iretq", faults = sym FAULTS)
}

static FAULTS: AtomicU64 = AtomicU64::new(0);
static QUOTIENT: AtomicU64 = AtomicU64::new(0);

/// Divides 42 by `first`.
#[unsafe(naked)]
unsafe extern "sysv64" fn divide_42(_first: u64, _second: u64) {
    naked_asm!(
        "mov rcx, rdi",
        "xor edx, edx",
        "mov eax, 42",
        "div ecx",
        "mov [rip + {quotient}], rax",
        "ret",
        quotient = sym QUOTIENT,
    )
}

fn restart() {
    let handler = Net::to(vector::DIVIDE_ERROR, mend_divisor as *const () as usize);
    FAULTS.store(0, Relaxed);
    // SAFETY: the handler changes RCX alone, a scratch register, and returns.
    let caught = unsafe { catch(&[handler], divide_42, 0, 0) };
    seen("42 divided by 0: faults", FAULTS.load(Relaxed));
    seen("the handler changed the divisor to", 6);
    seen(
        "the same instruction, executed again, gave",
        QUOTIENT.load(Relaxed),
    );
    assert!(caught.is_none(), "it returned");
    assert_eq!((FAULTS.load(Relaxed), QUOTIENT.load(Relaxed)), (1, 7));
}

/// Waits with interrupts disabled until the bits `second` are set in the word at `first`, then enables interrupts.
#[unsafe(naked)]
unsafe extern "sysv64" fn wait_then_enable(_first: u64, _second: u64) {
    naked_asm!(
        "cli",
        "xor eax, eax",
        "2:",
        "inc rax",
        "test [rdi], esi",
        "jz 2b",
        "lea rcx, [rip + 3f]",
        "mov [rip + {at}], rcx",
        "sti",
        "3:",
        "nop", // interrupts are inhibited for one more instruction (SDM 2B, STI)
        "nop",
        "nop",
        "5:",
        "jmp 5b",
        at = sym AT,
    )
}

fn held() {
    time::now();
    let (register, bit) = apic::request(vector::TIMER);
    let interrupts = irq::disable();
    apic::start_timer(20_000);
    // SAFETY: the interrupt is caught; nothing is held. The register is read.
    let caught = unsafe {
        catch(
            &[Net::on(vector::TIMER, 0)],
            wait_then_enable,
            register as u64,
            bit.into(),
        )
    };
    apic::end_of_interrupt();
    drop(interrupts);
    let caught = caught.expect("it spins for ever");
    let behind = caught.frame().rip.wrapping_sub(AT.load(Relaxed));
    seen("rounds with IF clear until the APIC had the request", caught.rax);
    seen("pushed RIP, counted from behind STI", behind);
    assert!(caught.frame().rflags & 0x200 != 0, "IF was set when it was taken");
    assert!((1..=3).contains(&behind), "not before the instruction behind STI");
}
