//! Which registers survive a call, and where RSP must stand for one.

use super::Run;
use crate::assembler;
use crate::compiler::{Compiled, compile};
use crate::fault::{self, Fault, vector};
use crate::mutation::broken;
use crate::pages::Pages;
use crate::show::Show;
use std::arch::naked_asm;

pub(crate) const RUNS: &[Run] = &[
    ("calls.saved-registers", saved_registers),
    ("calls.r12", r12),
    ("calls.kept-by-the-caller", kept_by_the_caller),
    ("calls.argument-registers-change", argument_registers_change),
    ("calls.control-words", control_words),
    ("calls.alignment", alignment),
    ("calls.rsp-0x7fff0108", rsp_question),
    ("calls.movaps", movaps),
    ("calls.misaligned-entry", misaligned_entry),
    ("calls.wider-vectors", wider_vectors),
    ("calls.alignment-check", alignment_check),
];

const KEPT: [&str; 6] = ["RBX", "RBP", "R12", "R13", "R14", "R15"];
const LOST: [&str; 9] = ["RAX", "RCX", "RDX", "RSI", "RDI", "R8", "R9", "R10", "R11"];

/// Fills all registers (101 to 106 in [`KEPT`], 201 to 209 in [`LOST`]), calls `function`, and stores what they hold then.
#[unsafe(naked)]
unsafe extern "sysv64" fn call_with_all_registers(_function: u64, _seen: &mut [u64; 15]) {
    naked_asm!(
        push_preserved!(),
        "push rsi", // where to store; and RSP is a multiple of 16
        "push rdi", // whom to call
        "sub rsp, 8",
        fill_preserved!(),
        "mov eax, 201",
        "mov ecx, 202",
        "mov edx, 203",
        "mov esi, 204",
        "mov edi, 205",
        "mov r8d, 206",
        "mov r9d, 207",
        "mov r10d, 208",
        "mov r11d, 209",
        "call [rsp + 8]",
        "xchg rax, [rsp + 16]", // RAX for where to store
        store_preserved!("rax"),
        "mov [rax + 56], rcx",
        "mov [rax + 64], rdx",
        "mov [rax + 72], rsi",
        "mov [rax + 80], rdi",
        "mov [rax + 88], r8",
        "mov [rax + 96], r9",
        "mov [rax + 104], r10",
        "mov [rax + 112], r11",
        "mov rcx, [rsp + 16]",
        "mov [rax + 48], rcx",
        "add rsp, 24",
        pop_preserved!(),
        "ret",
    )
}

/// C that overwrites every register that it may: the compiler is told so, and does the rest.
const OVERWRITES: &str = r#"
    long overwrites(long x) {
        asm volatile("mov $-1, %%rax; mov %%rax, %%rbx; mov %%rax, %%rcx; mov %%rax, %%rdx; mov %%rax, %%rsi;"
                     "mov %%rax, %%rdi; mov %%rax, %%rbp; mov %%rax, %%r8; mov %%rax, %%r9; mov %%rax, %%r10;"
                     "mov %%rax, %%r11; mov %%rax, %%r12; mov %%rax, %%r13; mov %%rax, %%r14; mov %%rax, %%r15"
                     ::: "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15");
        return -1;
    }
    long uses_r12(long x) {
        asm volatile("mov $-1, %%r12" ::: "r12");
        return x;
    }
"#;

fn compiled(source: &str, flags: &[&str], show: &mut Show) -> Option<Compiled> {
    compile(source, flags, 0x60_0000)
        .inspect_err(|why| show.demand(why, false))
        .ok()
}

/// The twin of compiled code that uses R12 and forgets that it is its caller's.
#[unsafe(naked)]
unsafe extern "sysv64" fn steals_r12(_unused: u64) -> u64 {
    naked_asm!("mov r12, -1", "ret")
}

fn saved_registers(show: &mut Show) {
    let Some(code) = compiled(OVERWRITES, &["-O2", "-fomit-frame-pointer"], show) else {
        return;
    };
    let callee = if broken("unsaved-r12") {
        steals_r12 as *const () as u64
    } else {
        code.address("overwrites")
    };
    let mut seen = [0; 15];
    // SAFETY: C, or the twin, whose only fault is R12: the caller saves that itself.
    unsafe { call_with_all_registers(callee, &mut seen) };
    for (before, (name, after)) in (101..).zip(KEPT.iter().zip(&seen[..6])) {
        show.seen(
            name,
            format_args!("{before} before the call, {} after", after.cast_signed()),
        );
        show.demand(&format!("{name} is kept"), *after == before);
    }
    for (before, (name, after)) in (201..).zip(LOST.iter().zip(&seen[6..])) {
        show.seen(
            name,
            format_args!("{before} before the call, {} after", after.cast_signed()),
        );
        show.demand(&format!("{name} is lost to this callee"), *after == u64::MAX);
    }
}

fn r12(show: &mut Show) {
    let Some(code) = compiled(OVERWRITES, &["-O2"], show) else {
        return;
    };
    let lines: Vec<&str> = code
        .body("uses_r12")
        .take_while(|line| !line.starts_with("nop"))
        .collect();
    show.seen("gcc's code for a function that uses R12", lines.join("; "));
    let at = |wanted: &str| lines.iter().position(|line| *line == wanted);
    let (push, change, pop) = (
        at("push %r12"),
        at("mov $0xffffffffffffffff,%r12"),
        at("pop %r12"),
    );
    show.demand(
        "R12 is saved before it is changed",
        push.is_some() && push < change,
    );
    show.demand(
        "and restored before the return",
        change.is_some() && change < pop && pop < at("ret"),
    );
}

/// Keeps a number in RCX across a call that overwrites RCX: once without care, once by push and pop.
#[unsafe(naked)]
unsafe extern "sysv64" fn rcx_across_calls(_function: u64, _seen: &mut [u64; 2]) {
    naked_asm!(
        "push rbx",
        "push r12",
        "sub rsp, 8",
        "mov rbx, rsi",
        "mov r12, rdi",
        "mov ecx, 42",
        "call r12",
        "mov [rbx], rcx",
        "mov ecx, 42",
        "push rcx", // the caller saves what it needs …
        "sub rsp, 8",
        "call r12",
        "add rsp, 8",
        "pop rcx", // … and takes it back
        "mov [rbx + 8], rcx",
        "add rsp, 8",
        "pop r12",
        "pop rbx",
        "ret",
    )
}

fn kept_by_the_caller(show: &mut Show) {
    let Some(code) = compiled(OVERWRITES, &["-O2"], show) else {
        return;
    };
    let mut seen = [0; 2];
    // SAFETY: the callee is C.
    unsafe { rcx_across_calls(code.address("overwrites"), &mut seen) };
    show.seen("RCX, 42 before a call, after it", seen[0].cast_signed());
    show.seen("RCX, 42, pushed before the call and popped after it", seen[1]);
    show.demand("RCX cannot be relied on", seen[0] != 42);
    show.demand("push and pop keep it", seen[1] == 42);
}

const TWO_CALLS: &str = "
    long second(long x) { return x + 1; }
    long first(long x) { return second(x * 2) + 1; }
";

/// A function that calls needs RDI for its own callee's argument: were it callee-saved, each call would have to save it.
fn argument_registers_change(show: &mut Show) {
    let Some(code) = compiled(TWO_CALLS, &["-O1", "-fno-inline"], show) else {
        return;
    };
    let lines: Vec<&str> = code.body("first").collect();
    show.seen(
        "gcc's code for a function that passes its argument on, doubled",
        lines.join("; "),
    );
    let call = lines.iter().position(|line| line.starts_with("call"));
    let written = lines
        .iter()
        .position(|line| line.ends_with(",%rdi") || *line == "add %rdi,%rdi");
    show.demand(
        "it writes RDI before its call",
        written.is_some() && written < call,
    );
    show.demand(
        "and saves it nowhere",
        lines
            .iter()
            .all(|line| *line != "push %rdi" && !line.contains("%rdi,-")),
    );
    let mut seen = [0; 15];
    // SAFETY: C.
    unsafe { call_with_all_registers(code.address("first"), &mut seen) };
    show.seen("RDI, 205 before the call, after it", seen[10]);
    show.demand("the caller finds another RDI", seen[10] != 205);
}

/// MXCSR and the x87 control word, before and after a call.
#[unsafe(naked)]
unsafe extern "sysv64" fn control_words_of_this_thread(_unused: u64) -> u64 {
    naked_asm!(
        "stmxcsr [rsp - 8]",
        "fnstcw [rsp - 16]",
        "mov eax, [rsp - 8]",
        "and eax, 0xffc0", // the bits below are status, which nobody keeps
        "movzx ecx, word ptr [rsp - 16]",
        "shl rcx, 32",
        "or rax, rcx",
        "ret",
    )
}

fn control_words(show: &mut Show) {
    // SAFETY: reads registers.
    let before = unsafe { control_words_of_this_thread(0) };
    let quotient = std::hint::black_box(1.0f64) / std::hint::black_box(3.0);
    // SAFETY: as above.
    let after = unsafe { control_words_of_this_thread(0) };
    show.seen("a quotient", quotient);
    show.hex("MXCSR's control bits, before and after", before & 0xffff_ffff);
    show.hex("the x87 control word, before and after", before >> 32);
    show.demand("both are as they were", before == after);
    show.demand(
        "both are as the ABI starts a program",
        before == (0x37f << 32) | 0x1f80,
    );
}

/// RSP at a function's first instruction.
#[unsafe(naked)]
unsafe extern "sysv64" fn entry_rsp(_unused: u64) -> u64 {
    naked_asm!("mov rax, rsp", "ret")
}

/// The same, called by the twin of compiled code that leaves RSP where its caller's call put it.
#[unsafe(naked)]
unsafe extern "sysv64" fn call_without_alignment(_unused: u64) -> u64 {
    naked_asm!("call {callee}", "ret", callee = sym entry_rsp)
}

#[inline(never)]
fn deeper(depth: u32, found: &mut Vec<u64>) {
    let routine = if broken("unaligned-entry") {
        call_without_alignment
    } else {
        entry_rsp
    };
    // SAFETY: both keep the ABI but for the alignment, which neither needs.
    found.push(unsafe { routine(0) });
    if depth > 0 {
        let room = [depth; 3];
        deeper(std::hint::black_box(&room)[0] - 1, found);
    }
}

fn alignment(show: &mut Show) {
    let mut found = Vec::new();
    deeper(3, &mut found);
    for rsp in &found {
        show.seen(
            "RSP at a function's first instruction",
            format_args!(
                "{rsp:#x}, modulo 16: {}; at the call: {}",
                rsp % 16,
                (rsp + 8) % 16
            ),
        );
    }
    show.demand(
        "compiled code calls with RSP a multiple of 16",
        found.iter().all(|rsp| (rsp + 8) % 16 == 0),
    );
}

/// Calls a function with RSP set to the argument; the function saves an XMM register as compilers do.
#[unsafe(naked)]
unsafe extern "sysv64" fn call_with_rsp(_rsp: u64) -> u64 {
    naked_asm!(
        "push rbp",
        "mov rbp, rsp",
        "mov rsp, rdi",
        "call {callee}",
        "mov rsp, rbp",
        "pop rbp",
        "ret",
        callee = sym keeps_a_vector,
    )
}

/// Written for RSP as the ABI has it: a multiple of 16, less the 8 of the return address.
#[unsafe(naked)]
unsafe extern "sysv64" fn keeps_a_vector(_unused: u64) -> u64 {
    naked_asm!(
        "sub rsp, 24",
        "movaps [rsp], xmm0",
        "mov eax, 1",
        "add rsp, 24",
        "ret"
    )
}

fn rsp_question(show: &mut Show) {
    if Pages::at(0x7fff_0000, 4096).is_none() {
        return show.demand("the page at 0x7fff0000 is to be had", false);
    }
    for (rsp, works) in [(0x7fff_0108, false), (0x7fff_0110, true)] {
        // SAFETY: the page is a stack as good as any.
        let outcome = unsafe { fault::catch(call_with_rsp, rsp) };
        show.seen(
            &format!("a call with RSP at {rsp:#x}, which is {} modulo 16", rsp % 16),
            fault::told(outcome),
        );
        show.demand(
            "a call works where RSP is a multiple of 16, and only there",
            outcome.is_ok() == works,
        );
    }
}

/// Defines a routine that does one access to the memory at RDI.
macro_rules! access {
    ($name:ident, $line:literal) => {
        #[unsafe(naked)]
        unsafe extern "sysv64" fn $name(_at: u64) -> u64 {
            naked_asm!($line, "xor eax, eax", "ret")
        }
    };
}

access!(store_movaps, "movaps [rdi], xmm0");
access!(load_movaps, "movaps xmm0, [rdi]");
access!(load_movups, "movups xmm0, [rdi]");
access!(add_from_memory, "addps xmm0, [rdi]");
access!(load_mov, "mov rax, [rdi]");
access!(load_vmovaps, "vmovaps ymm0, [rdi]");
access!(load_vmovups, "vmovups ymm0, [rdi]");
access!(add_vex, "vaddps xmm0, xmm0, [rdi]");

#[repr(align(64))]
struct Aligned([u8; 128]);

fn try_access(
    show: &mut Show,
    what: &str,
    access: unsafe extern "sysv64" fn(u64) -> u64,
    shift: usize,
) -> Option<Fault> {
    let mut memory = Aligned([0; 128]);
    let at = &raw mut memory.0 as u64 + shift as u64;
    // SAFETY: 64 bytes from `at` are ours, and an access owns nothing.
    let outcome = unsafe { fault::catch(access, at) };
    show.seen(
        &format!("{what} at an address that is {shift} modulo 64"),
        fault::told(outcome),
    );
    outcome.err()
}

/// #GP as Linux tells it: SIGSEGV without an address.
fn is_general_protection(fault: Option<Fault>) -> bool {
    fault.is_some_and(|fault| {
        fault.vector == vector::GENERAL_PROTECTION
            && fault.error_code == 0
            && fault.signal == libc::SIGSEGV
            && fault.address == 0
    })
}

fn movaps(show: &mut Show) {
    let fine = try_access(show, "movaps, a store", store_movaps, 16);
    show.demand("movaps works on a multiple of 16", fine.is_none());
    for (what, access) in [
        (
            "movaps, a store",
            store_movaps as unsafe extern "sysv64" fn(u64) -> u64,
        ),
        ("movaps, a load", load_movaps),
        ("addps with an operand in memory", add_from_memory),
    ] {
        let fault = try_access(show, what, access, 8);
        show.demand("it is #GP elsewhere", is_general_protection(fault));
    }
    let unaligned = try_access(show, "movups", load_movups, 8);
    let ordinary = try_access(show, "an ordinary mov of 8 bytes", load_mov, 3);
    show.demand("movups takes any address", unaligned.is_none());
    show.demand("an ordinary mov takes any address", ordinary.is_none());
}

const USES_A_VECTOR: &str = "
    typedef float four __attribute__((vector_size(16)));
    long uses_a_vector(long x) { four a = { x, x, x, x }; asm volatile(\"\" : \"+m\"(a)); return a[0]; }
";

/// Calls a function of C with RSP a multiple of 16, or 8 off.
#[unsafe(naked)]
unsafe extern "sysv64" fn call_aligned(_function: u64) -> u64 {
    naked_asm!(
        "sub rsp, 8",
        "mov rax, rdi",
        "mov edi, 5",
        "call rax",
        "add rsp, 8",
        "ret"
    )
}

#[unsafe(naked)]
unsafe extern "sysv64" fn call_misaligned(_function: u64) -> u64 {
    naked_asm!("mov rax, rdi", "mov edi, 5", "call rax", "ret")
}

/// The compiler trusts the rule: its own code faults when a caller breaks it.
fn misaligned_entry(show: &mut Show) {
    let Some(code) = compiled(USES_A_VECTOR, &["-O1"], show) else {
        return;
    };
    let lines: Vec<&str> = code.body("uses_a_vector").collect();
    show.seen(
        "gcc's code for a function with a vector in memory",
        lines.join("; "),
    );
    show.demand(
        "it uses movaps at a distance from RSP",
        lines
            .iter()
            .any(|line| line.starts_with("movaps") && line.contains("(%rsp)")),
    );
    let function = code.address("uses_a_vector");
    // SAFETY: C; where RSP is off, it faults in a store to its own frame.
    let (aligned, misaligned) = unsafe {
        (
            fault::catch(call_aligned, function),
            fault::catch(call_misaligned, function),
        )
    };
    show.seen("called with RSP a multiple of 16", fault::told(aligned));
    show.seen("called with RSP 8 off", fault::told(misaligned));
    show.demand(
        "with RSP as the ABI wants it the function works",
        aligned == Ok(5),
    );
    show.demand(
        "with RSP 8 off it is #GP",
        is_general_protection(misaligned.err()),
    );
}

/// With the VEX encoding only the instructions that say "aligned" insist, and then on the whole width.
fn wider_vectors(show: &mut Show) {
    if !std::is_x86_feature_detected!("avx") {
        return show.seen("AVX", "this CPU has none: nothing to see");
    }
    let half = try_access(show, "vmovaps of 32 bytes", load_vmovaps, 16);
    show.demand(
        "a multiple of 16 is not enough for vmovaps of 32 bytes",
        is_general_protection(half),
    );
    let whole = try_access(show, "vmovaps of 32 bytes", load_vmovaps, 32);
    let unaligned = try_access(show, "vmovups of 32 bytes", load_vmovups, 8);
    let arithmetic = try_access(show, "vaddps with an operand in memory", add_vex, 8);
    show.demand("a multiple of 32 is", whole.is_none());
    show.demand("vmovups takes any address", unaligned.is_none());
    show.demand(
        "so does arithmetic in VEX encoding, unlike addps",
        arithmetic.is_none(),
    );
}

/// A load with RFLAGS.AC set.
#[unsafe(naked)]
unsafe extern "sysv64" fn load_with_alignment_check(_at: u64) -> u64 {
    naked_asm!(
        "pushfq",
        "or qword ptr [rsp], 0x40000", // AC
        "popfq",
        "mov rax, [rdi]",
        "pushfq",
        "and qword ptr [rsp], ~0x40000",
        "popfq",
        "ret",
    )
}

fn alignment_check(show: &mut Show) {
    let aligned = try_access(show, "mov with AC set", load_with_alignment_check, 8);
    let odd = try_access(show, "mov with AC set", load_with_alignment_check, 3);
    show.demand("AC makes no difference to aligned accesses", aligned.is_none());
    show.demand(
        "and makes #AC of others, which Linux tells by SIGBUS",
        odd.is_some_and(|fault| fault.vector == vector::ALIGNMENT_CHECK && fault.signal == libc::SIGBUS),
    );
    show.seen(
        "the bytes of movaps and movups",
        format_args!(
            "{}, {}",
            assembler::told(&assembler::intel("movaps xmm0, [rdi]")),
            assembler::told(&assembler::intel("movups xmm0, [rdi]")),
        ),
    );
}
