//! The border between a program and the kernel: another ABI than that between functions.

use super::Run;
use super::frames;
use crate::show::Show;
use std::arch::naked_asm;

pub(crate) const RUNS: &[Run] = &[
    ("abi.system-call", system_call),
    ("abi.zero-and-one", zero_and_one),
];

/// Fills the registers with 1 to 13 (and RAX with the number of getpid), enters the kernel, and stores what they hold then.
#[unsafe(naked)]
unsafe extern "sysv64" fn system_call_with_all_registers(_seen: &mut [u64; 15], _behind: &mut u64) {
    naked_asm!(
        push_preserved!(),
        "push rdi",
        "lea rax, [rip + 2f]",
        "mov [rsi], rax",
        "mov ebx, 1",
        "mov ebp, 2",
        "mov r12d, 3",
        "mov r13d, 4",
        "mov r14d, 5",
        "mov r15d, 6",
        "mov edx, 7",
        "mov esi, 8",
        "mov edi, 9",
        "mov r8d, 10",
        "mov r9d, 11",
        "mov r10d, 12",
        "mov ecx, 13",
        "mov r11d, 14",
        "mov eax, 39", // getpid
        "syscall",
        "2:",
        "xchg rdi, [rsp]",
        store_preserved!("rdi"),
        "mov [rdi + 48], rdx",
        "mov [rdi + 56], rsi",
        "mov [rdi + 72], r8",
        "mov [rdi + 80], r9",
        "mov [rdi + 88], r10",
        "mov [rdi + 96], rcx",
        "mov [rdi + 104], r11",
        "mov [rdi + 112], rax",
        "pop rax",
        "mov [rdi + 64], rax",
        pop_preserved!(),
        "ret",
    )
}

fn system_call(show: &mut Show) {
    let (mut seen, mut behind) = ([0; 15], 0);
    // SAFETY: getpid touches no memory.
    unsafe { system_call_with_all_registers(&mut seen, &mut behind) };
    let names = [
        "RBX", "RBP", "R12", "R13", "R14", "R15", "RDX", "RSI", "RDI", "R8", "R9", "R10",
    ];
    let kept: Vec<String> = names
        .iter()
        .zip(&seen)
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    show.seen(
        "registers after getpid, filled with 1 to 12 before",
        kept.join(", "),
    );
    show.hex("RCX, 13 before", seen[12]);
    show.hex("the address behind SYSCALL", behind);
    show.hex("R11, 14 before", seen[13]);
    show.seen("RAX, 39 before", seen[14]);
    show.demand(
        "a system call keeps all but RAX, RCX and R11",
        seen[..12].iter().copied().eq(1..=12),
    );
    show.demand("RCX holds where to go on", seen[12] == behind);
    show.demand("R11 holds the flags", seen[13] & 0x202 == 0x202);
    show.demand("RAX holds the result", seen[14] == u64::from(std::process::id()));
}

fn zero_and_one(show: &mut Show) {
    let registers = frames::passed(0, 1);
    show.seen(
        "a call with the arguments 0 and 1",
        format_args!("RDI = {}, RSI = {}", registers[0], registers[1]),
    );
    show.demand("0 in RDI and 1 in RSI", registers[..2] == [0, 1]);
}
