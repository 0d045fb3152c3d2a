//! System calls that are answered in SYSCALL's entry.

use super::Test;
use super::user::{STACK_TOP, in_ring_3_with};
use crate::trap::vector;
use crate::user::{Answer, LeafCall, LeafCalls, Trap, UserContext};
use crate::{irq, task};
use alloc::boxed::Box;
use core::arch::naked_asm;

pub(super) const TESTS: &[Test] = &[
    Test::new(
        "a_leaf_call_is_answered_and_leaves_all_other_registers",
        leaf_call,
    ),
    Test::new(
        "a_leaf_without_an_answer_returns_from_run_with_all_registers",
        leaf_gives_up,
    ),
    Test::new(
        "a_single_step_over_a_leaf_call_goes_the_long_way",
        leaf_single_step,
    ),
    Test::dying("a_leaf_call_must_not_wait", leaf_waits, &["a leaf call waits"]),
];

/// Makes the call that R14 says, with the flags in R15 and a value of its own in every register that a call preserves.
/// Then INT3.
#[unsafe(naked)]
unsafe extern "sysv64" fn call_with_known_registers() {
    naked_asm!(
        "mov eax, r14d",
        "mov edi, 1",
        "mov esi, 2",
        "mov edx, 3",
        "mov r10d, 4",
        "mov r8d, 5",
        "mov r9d, 6",
        "mov ebx, 7",
        "mov ebp, 8",
        "mov r12d, 9",
        "mov r13d, 10",
        "push r15",
        "popfq",
        "syscall",
        "int3",
    )
}

/// What `call_with_known_registers` must find again, and how its stack must be.
fn check_known_registers(context: &UserContext) {
    let frame = context.registers();
    let passed = [frame.rdi, frame.rsi, frame.rdx, frame.r10, frame.r8, frame.r9];
    assert_eq!(passed, [1, 2, 3, 4, 5, 6]);
    assert_eq!([frame.rbx, frame.rbp, frame.r12, frame.r13], [7, 8, 9, 10]);
    assert_eq!(frame.cpu.rsp, STACK_TOP as u64);
}

const ANSWERED: u32 = 100;
const NOT_ANSWERED: u32 = 101;
const WAITS: u32 = 102;
const PAST_ALL: u32 = 7000;
const SUBJECT: u64 = 1234;

const LEAVES: LeafCalls<u64> = LeafCalls::NONE
    .with(ANSWERED, answer)
    .with(NOT_ANSWERED, give_up)
    .with(WAITS, wait)
    .with(PAST_ALL, answer);

extern "sysv64" fn answer(subject: &u64, call: &LeafCall) -> Answer {
    assert!(!irq::enabled());
    assert_eq!(*subject, SUBJECT);
    Answer::value(call.number() as usize + 1)
}

extern "sysv64" fn give_up(_: &u64, _: &LeafCall) -> Answer {
    Answer::NONE
}

extern "sysv64" fn wait(_: &u64, _: &LeafCall) -> Answer {
    let other = task::Task::new("other", Box::new(()), task::Registers::None, || ());
    task::switch_to(other.expect("memory for a task"));
    Answer::NONE
}

/// Runs a program that makes the call `number` with `flags`, until `check` has had enough.
fn calling(number: u32, flags: u64, check: impl FnOnce(&mut UserContext, Trap)) {
    in_ring_3_with(
        &LEAVES,
        &SUBJECT,
        call_with_known_registers,
        |context| {
            context.registers_mut().r14 = number.into();
            context.registers_mut().r15 = flags;
        },
        check,
    );
}

fn leaf_call() {
    let breakpoint = Trap::Exception {
        vector: vector::BREAKPOINT,
        error_code: 0,
    };
    for number in [ANSWERED, PAST_ALL] {
        calling(number, 0, |context, trap| {
            assert_eq!(trap, breakpoint, "the call did not end the run");
            assert_eq!(context.registers().rax, u64::from(number) + 1);
            check_known_registers(context);
        });
    }
}

fn leaf_gives_up() {
    for number in [NOT_ANSWERED, ANSWERED - 1] {
        calling(number, 0, |context, trap| {
            assert_eq!(trap, Trap::SystemCall);
            assert_eq!(context.registers().rax, number.into());
            check_known_registers(context);
        });
    }
}

/// SYSRET must not set TF.
fn leaf_single_step() {
    const TRAP_FLAG: u64 = 1 << 8;
    calling(ANSWERED, TRAP_FLAG, |context, mut trap| {
        let step = Trap::Exception {
            vector: vector::DEBUG,
            error_code: 0,
        };
        while trap == step {
            trap = context.run_with(&LEAVES, &SUBJECT);
        }
        assert_eq!(trap, Trap::SystemCall);
        check_known_registers(context);
    });
}

fn leaf_waits() {
    calling(WAITS, 0, |_, _| ());
}
