//! Stack frames, and how arguments and results travel.

use super::Run;
use crate::assembler;
use crate::compiler::compile;
use crate::fault;
use crate::mutation::broken;
use crate::show::{Picture, Show};
use crate::step::{Step, steps};
use std::arch::naked_asm;

pub(crate) const RUNS: &[Run] = &[
    ("frames.layout", layout),
    ("frames.chain", chain),
    ("frames.prologue-epilogue", prologue_and_epilogue),
    ("frames.locals", locals),
    ("frames.arguments", arguments),
    ("frames.arguments-received", arguments_received),
    ("frames.three-arguments", three_arguments),
    ("frames.return-value", return_value),
];

/// What a function with a frame saw of itself.
#[derive(Default)]
#[repr(C)]
struct Frame {
    callers_rbp: u64,
    entry_rsp: u64,
    return_address: u64,
    rbp: u64,
    rsp: u64,
    /// From `rsp` upwards, to the return address.
    words: [u64; 6],
}

/// The lines of a function that keeps two locals and RBX in its frame; the first operand is how it saves RBP.
macro_rules! framed {
    ($save:literal) => {
        naked_asm!(
            "mov [rdi], rbp",
            "mov [rdi + 8], rsp",
            "mov rax, [rsp]",
            "mov [rdi + 16], rax",
            $save, // frames form a list by it
            "mov rbp, rsp",
            "push rbx", // callee-saved, because it is used below
            "mov ebx, 0xb0b",
            "sub rsp, 24", // two locals, and a word that keeps RSP a multiple of 16
            "mov qword ptr [rbp - 16], 0x1111",
            "mov qword ptr [rbp - 24], 0x2222",
            "mov qword ptr [rsp], 0",
            "mov [rdi + 24], rbp",
            "mov [rdi + 32], rsp",
            "mov rax, [rsp]",
            "mov [rdi + 40], rax",
            "mov rax, [rsp + 8]",
            "mov [rdi + 48], rax",
            "mov rax, [rsp + 16]",
            "mov [rdi + 56], rax",
            "mov rax, [rsp + 24]",
            "mov [rdi + 64], rax",
            "mov rax, [rsp + 32]",
            "mov [rdi + 72], rax",
            "mov rax, [rsp + 40]",
            "mov [rdi + 80], rax",
            "mov rbx, [rbp - 8]",
            "mov rsp, rbp",
            "pop rbp",
            "ret",
        )
    };
}

#[unsafe(naked)]
unsafe extern "sysv64" fn with_frame(_seen: u64) -> u64 {
    framed!("push rbp")
}

/// The twin that makes room for RBP and does not save it.
#[unsafe(naked)]
unsafe extern "sysv64" fn with_frame_without_rbp(_seen: u64) -> u64 {
    framed!("push 0")
}

fn layout(show: &mut Show) {
    let mut seen = Frame::default();
    let routine = if broken("unsaved-frame-pointer") {
        with_frame_without_rbp
    } else {
        with_frame
    };
    // SAFETY: `seen` has the words that the routine writes; `catch` restores RBP where the twin loses it.
    let returned = unsafe { fault::catch(routine, &raw mut seen as u64) };
    let at = |address: u64| seen.words[usize::try_from((address - seen.rsp) / 8).unwrap_or(0)];
    show.hex("RBP of the caller", seen.callers_rbp);
    show.hex("RSP at the first instruction", seen.entry_rsp);
    show.hex("RBP in the function", seen.rbp);
    show.hex("RSP in the function", seen.rsp);
    show.hex("the word at RBP + 8", at(seen.rbp + 8));
    show.hex("the word at RBP", at(seen.rbp));
    show.demand("the function returned", returned.is_ok());
    show.demand(
        "RBP lies 8 below the return address",
        seen.rbp + 8 == seen.entry_rsp,
    );
    show.demand(
        "at RBP + 8 is the return address",
        at(seen.rbp + 8) == seen.return_address,
    );
    show.demand("at RBP is the caller's RBP", at(seen.rbp) == seen.callers_rbp);
    show.demand(
        "locals lie below",
        at(seen.rbp - 16) == 0x1111 && at(seen.rbp - 24) == 0x2222,
    );
    show.demand("RSP is a multiple of 16 in the body", seen.rsp.is_multiple_of(16));
    let picture = Picture::begin("frame", "The frame of a function, from its live registers");
    picture.point("RBP", seen.rbp);
    picture.point("RSP", seen.rsp);
    picture.point("return address", seen.return_address);
    picture.point("RBP of the caller", seen.callers_rbp);
    let meanings = [
        "room, for the alignment",
        "second local",
        "first local",
        "RBX of the caller",
        "RBP of the caller",
        "return address, pushed by call",
    ];
    for (index, meaning) in meanings.iter().enumerate().rev() {
        let address = seen.rsp + 8 * index as u64;
        match index {
            3 => picture.unknown(address, meaning),
            _ => picture.word(address, seen.words[index], meaning),
        }
    }
}

/// Three functions, each calling the next; the last walks the list of their frames.
#[unsafe(naked)]
unsafe extern "sysv64" fn outer(_seen: u64) -> u64 {
    naked_asm!(
        "push rbp",
        "push 0", // the list ends here
        "mov rbp, rsp",
        "sub rsp, 8",
        "call {next}",
        "add rsp, 16",
        "pop rbp",
        "ret",
        next = sym middle,
    )
}

#[unsafe(naked)]
unsafe extern "sysv64" fn middle(_seen: u64) -> u64 {
    naked_asm!("push rbp", "mov rbp, rsp", "call {next}", "pop rbp", "ret", next = sym inner)
}

#[unsafe(naked)]
unsafe extern "sysv64" fn inner(_seen: u64) -> u64 {
    naked_asm!(
        "push rbp",
        "mov rbp, rsp",
        "mov rax, rbp",
        "2:",
        "cmp qword ptr [rax], 0",
        "je 3f",
        "mov rcx, [rax + 8]", // the return address of a frame
        "mov [rdi], rcx",
        "add rdi, 8",
        "mov rax, [rax]", // the frame above it
        "jmp 2b",
        "3:",
        "pop rbp",
        "ret",
    )
}

fn chain(show: &mut Show) {
    let mut seen = [0u64; 2];
    // SAFETY: two addresses are written at most; RBP comes back.
    let returned = unsafe { fault::catch(outer, seen.as_mut_ptr() as u64) };
    let names = [
        ("middle", middle as *const () as u64),
        ("outer", outer as *const () as u64),
    ];
    for (address, (name, start)) in seen.iter().zip(names) {
        show.hex(
            &format!("a return address, {address:#x}, from the start of {name}"),
            address.wrapping_sub(start),
        );
        show.demand(
            "it lies in the function that called",
            address.wrapping_sub(start) < 32,
        );
    }
    show.demand("the walk came to its end", returned.is_ok());
}

#[unsafe(naked)]
unsafe extern "sysv64" fn by_leave(_unused: u64) -> u64 {
    naked_asm!("push rbp", "mov rbp, rsp", "sub rsp, 48", "leave", "ret")
}

#[unsafe(naked)]
unsafe extern "sysv64" fn by_mov_and_pop(_unused: u64) -> u64 {
    naked_asm!(
        "push rbp",
        "mov rbp, rsp",
        "sub rsp, 48",
        "mov rsp, rbp",
        "pop rbp",
        "ret"
    )
}

/// The twin whose epilogue forgets to take RBP off the stack.
#[unsafe(naked)]
unsafe extern "sysv64" fn without_pop(_unused: u64) -> u64 {
    naked_asm!(
        "push rbp",
        "mov rbp, rsp",
        "sub rsp, 48",
        "mov rsp, rbp",
        "nop",
        "add rsp, 8",
        "ret"
    )
}

fn prologue_and_epilogue(show: &mut Show) {
    let short = if broken("epilogue-without-pop") {
        without_pop
    } else {
        by_leave
    };
    // SAFETY: `step` keeps RBP on its own stack, so the twin harms nobody.
    let (short, long) = unsafe { (steps(short, 0), steps(by_mov_and_pop, 0)) };
    let first = long[0];
    let names = [
        "at the first instruction",
        "after push rbp",
        "after mov rbp, rsp",
        "after sub rsp, 48",
        "after mov rsp, rbp",
        "after pop rbp",
        "after ret",
    ];
    let tell = |step: &Step| {
        format!(
            "RSP = first RSP {:+}, RBP = {:#x}",
            step.rsp().wrapping_sub(first.rsp()).cast_signed(),
            step.rbp()
        )
    };
    for (name, step) in names.iter().zip(&long) {
        show.seen(name, tell(step));
    }
    // Both run at the same depth, so that their addresses can be compared.
    show.seen("with leave, after it", tell(&short[short.len() - 2]));
    show.demand("push rbp moves RSP by 8", long[1].rsp() + 8 == first.rsp());
    show.demand(
        "mov rbp, rsp: RBP points at the saved RBP",
        long[2].rbp() == long[1].rsp() && long[2].top == first.rbp(),
    );
    show.demand("sub makes room", long[3].rsp() + 48 == long[2].rsp());
    show.demand(
        "mov and pop undo it all",
        long[5].rsp() == first.rsp() && long[5].rbp() == first.rbp(),
    );
    let (of_leave, of_both) = (short[short.len() - 2], long[long.len() - 2]);
    show.demand(
        "leave is mov and pop",
        of_leave.rsp() == of_both.rsp() && of_leave.rbp() == of_both.rbp(),
    );
    show.demand("in one instruction", long.len() == short.len() + 1);
    for text in ["leave", "mov rsp, rbp\npop rbp"] {
        show.seen(
            &format!("the bytes of {}", text.replace('\n', "; ")),
            assembler::told(&assembler::intel(text)),
        );
    }
}

const THREE_LOCALS: &str = "
    void use(long *, long *, long *);
    long calls(void) { long a = 1, b = 2, c = 3; use(&a, &b, &c); return a + b + c; }
    long leaf(void) { volatile long a = 1, b = 2, c = 3; return a + b + c; }
    void use(long *a, long *b, long *c) { *a += *b + *c; }
";

fn locals(show: &mut Show) {
    let compiled = match compile(THREE_LOCALS, &["-O0"], 0x60_0000) {
        Ok(compiled) => compiled,
        Err(why) => return show.demand(&why, false),
    };
    let sub = |name: &str| {
        let mut lines = compiled.body(name);
        lines.find_map(|line| {
            u64::from_str_radix(line.strip_prefix("sub $0x")?.strip_suffix(",%rsp")?, 16).ok()
        })
    };
    let (calls, leaf) = (sub("calls"), sub("leaf"));
    show.seen(
        "gcc for three locals of 8 bytes, in a function that calls",
        format_args!("sub rsp, {}", calls.unwrap_or(0)),
    );
    show.seen(
        "in a function that calls nobody",
        leaf.map_or_else(
            || "no sub: the red zone holds them".to_owned(),
            |bytes| format!("sub rsp, {bytes}"),
        ),
    );
    show.demand("the room is enough", calls.is_some_and(|bytes| bytes >= 24));
    show.demand(
        "and a multiple of 16 beneath the saved RBP",
        calls.is_some_and(|bytes| bytes.is_multiple_of(16)),
    );
    show.demand("a leaf needs to move RSP not at all", leaf.is_none());
    // SAFETY: the code is C.
    let result = unsafe { fault::catch(compiled.function("calls"), 0) };
    show.seen("the function's result", fault::told(result));
    show.demand("the locals were where they belong", result == Ok(11));
}

/// The six registers, and the words at RSP, RSP + 8 and RSP + 16, as a function finds them.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
struct Arguments {
    registers: [u64; 6],
    return_address: u64,
    stack: [u64; 2],
    rsp: u64,
}

/// Where [`observe`] writes: an argument for that would be in the way.
static mut SEEN: Arguments = Arguments {
    registers: [0; 6],
    return_address: 0,
    stack: [0; 2],
    rsp: 0,
};

#[unsafe(naked)]
extern "sysv64" fn observe(_: u64, _: u64, _: u64, _: u64, _: u64, _: u64, _: u64, _: u64) {
    naked_asm!(
        "lea rax, [rip + {seen}]",
        "mov [rax], rdi",
        "mov [rax + 8], rsi",
        "mov [rax + 16], rdx",
        "mov [rax + 24], rcx",
        "mov [rax + 32], r8",
        "mov [rax + 40], r9",
        "mov r10, [rsp]",
        "mov [rax + 48], r10",
        "mov r10, [rsp + 8]",
        "mov [rax + 56], r10",
        "mov r10, [rsp + 16]",
        "mov [rax + 64], r10",
        "mov [rax + 72], rsp",
        "ret",
        seen = sym SEEN,
    )
}

/// The registers of a call with two arguments.
pub(super) fn passed(first: u64, second: u64) -> [u64; 6] {
    observe(first, second, 0, 0, 0, 0, 0, 0);
    // SAFETY: `observe` has returned, and this is the only thread.
    unsafe { SEEN.registers }
}

const NAMES: [&str; 6] = ["RDI", "RSI", "RDX", "RCX", "R8", "R9"];

/// What compiled code passes: eight arguments, found by a function that looks at registers and stack.
fn arguments(show: &mut Show) {
    observe(0x101, 0x102, 0x103, 0x104, 0x105, 0x106, 0x107, 0x108);
    // SAFETY: `observe` has returned, and this is the only thread.
    let seen = unsafe { SEEN };
    for (name, value) in NAMES.iter().zip(seen.registers) {
        show.hex(name, value);
    }
    show.hex("the word at RSP + 8", seen.stack[0]);
    show.hex("the word at RSP + 16", seen.stack[1]);
    for (index, (name, value)) in (0x101..).zip(NAMES.iter().zip(seen.registers)) {
        show.demand(&format!("argument {index:#x} is in {name}"), value == index);
    }
    show.demand(
        "the seventh lies above the return address",
        seen.stack[0] == 0x107,
    );
    show.demand("the eighth above that", seen.stack[1] == 0x108);
    let picture = Picture::begin("arguments", "Eight arguments, as the callee finds them");
    picture.point("RSP", seen.rsp);
    picture.point("return address", seen.return_address);
    picture.column("registers");
    for (index, (name, value)) in NAMES.iter().zip(seen.registers).enumerate() {
        picture.register(name, value, &format!("argument {}", index + 1));
    }
    picture.column("stack");
    picture.word(seen.rsp + 16, seen.stack[1], "argument 8");
    picture.word(seen.rsp + 8, seen.stack[0], "argument 7");
    picture.word(seen.rsp, seen.return_address, "pushed by call");
}

/// A compiled callee: each argument is a digit of its result.
#[inline(never)]
extern "sysv64" fn digits(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64, g: u64, h: u64) -> u64 {
    [a, b, c, d, e, f, g, h]
        .iter()
        .fold(0, |sum, digit| sum * 10 + digit)
}

/// The lines that call [`digits`] with 1 to 8; the operands are the first register and the seventh argument's push.
macro_rules! call_digits {
    ($first:literal, $second:literal, $seventh:literal) => {
        naked_asm!(
            "push rbp", // and RSP is a multiple of 16
            $first,
            $second,
            "mov edx, 3",
            "mov ecx, 4",
            "mov r8d, 5",
            "mov r9d, 6",
            "push 8",
            $seventh,
            "call {digits}",
            "add rsp, 16", // the caller takes its arguments off the stack
            "pop rbp",
            "ret",
            digits = sym digits,
        )
    };
}

#[unsafe(naked)]
unsafe extern "sysv64" fn by_the_book(_unused: u64) -> u64 {
    call_digits!("mov edi, 1", "mov esi, 2", "push 7")
}

/// The twin that swaps the first two registers.
#[unsafe(naked)]
unsafe extern "sysv64" fn swapped(_unused: u64) -> u64 {
    call_digits!("mov esi, 1", "mov edi, 2", "push 7")
}

/// The twin that passes the seventh argument in R10.
#[unsafe(naked)]
unsafe extern "sysv64" fn seventh_in_r10(_unused: u64) -> u64 {
    call_digits!("mov edi, 1", "mov esi, 2", "mov r10d, 7\npush 0")
}

/// The other way round: arguments placed by hand, found by compiled code.
fn arguments_received(show: &mut Show) {
    let caller = if broken("swapped-argument-registers") {
        swapped
    } else if broken("seventh-in-r10") {
        seventh_in_r10
    } else {
        by_the_book
    };
    // SAFETY: the caller keeps the ABI but for the places of arguments, which are numbers.
    let result = unsafe { fault::catch(caller, 0) };
    show.seen(
        "the digits that compiled code found",
        result.map_or_else(|fault| fault::told(Err(fault)), |value| value.to_string()),
    );
    show.demand(
        "compiled code finds all eight arguments where the ABI has them",
        result == Ok(12_345_678),
    );
}

fn three_arguments(show: &mut Show) {
    // The others are there because `observe` has them; a function with three looks at the first three only.
    observe(10, 20, 30, 0, 0, 0, 0, 0);
    // SAFETY: as in `arguments`.
    let seen = unsafe { SEEN };
    show.seen(
        "foo(10, 20, 30)",
        format_args!(
            "RDI = {}, RSI = {}, RDX = {}",
            seen.registers[0], seen.registers[1], seen.registers[2]
        ),
    );
    show.demand(
        "10 in RDI, 20 in RSI, 30 in RDX",
        seen.registers[..3] == [10, 20, 30],
    );
}

#[inline(never)]
extern "sysv64" fn one_word() -> u64 {
    0x1234_5678_9abc
}

#[inline(never)]
extern "sysv64" fn two_words() -> u128 {
    0x1111_u128 << 64 | 0x2222
}

/// Calls a function, and stores RAX and RDX as it left them.
#[unsafe(naked)]
unsafe extern "sysv64" fn call_and_store(_function: u64, _seen: &mut [u64; 2]) {
    naked_asm!(
        "push rsi",
        "xor eax, eax",
        "xor edx, edx",
        "call rdi",
        "pop rsi",
        "mov [rsi], rax",
        "mov [rsi + 8], rdx",
        "ret",
    )
}

/// The twin that returns in RDX.
#[unsafe(naked)]
extern "sysv64" fn in_rdx() -> u64 {
    naked_asm!("movabs rdx, 0x123456789abc", "xor eax, eax", "ret")
}

fn return_value(show: &mut Show) {
    let one = if broken("return-in-rdx") { in_rdx } else { one_word };
    let mut seen = [0; 2];
    // SAFETY: functions without arguments.
    unsafe { call_and_store(one as *const () as u64, &mut seen) };
    show.hex("RAX after a function that returns 0x123456789abc", seen[0]);
    show.demand("one word comes back in RAX", seen[0] == 0x1234_5678_9abc);
    // SAFETY: as above.
    unsafe { call_and_store(two_words as *const () as u64, &mut seen) };
    show.seen(
        "RAX and RDX after one that returns 16 bytes",
        format_args!("{:#x} and {:#x}", seen[0], seen[1]),
    );
    show.demand(
        "the upper word of two comes back in RDX",
        seen == [0x2222, 0x1111],
    );
}
