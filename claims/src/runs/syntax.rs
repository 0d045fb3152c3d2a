//! AT&T's syntax beside Intel's: the same bytes by two spellings.

use super::Run;
use crate::assembler;
use crate::pages::Pages;
use crate::show::Show;
use crate::step::steps;

pub(crate) const RUNS: &[Run] = &[
    ("syntax.prefixes", prefixes),
    ("syntax.suffixes", suffixes),
    ("syntax.order", order),
    ("syntax.offsets", offsets),
];

/// Assembles both spellings; whether the bytes are the same.
fn same(show: &mut Show, att: &str, intel: &str) -> bool {
    let (left, right) = (assembler::att(att), assembler::intel(intel));
    show.seen(
        &format!("AT&T `{att}`, Intel `{intel}`"),
        match (&left, &right) {
            (Ok(left), Ok(right)) if left == right => assembler::hex(left),
            _ => format!("{} / {}", assembler::told(&left), assembler::told(&right)),
        },
    );
    left.is_ok() && left == right
}

fn prefixes(show: &mut Show) {
    let register = same(show, "push %rbp", "push rbp");
    let constant = same(show, "mov $16, %rax", "mov rax, 16");
    let memory = same(show, "mov 16, %rax", "mov rax, [16]");
    let symbol = same(show, "f: call f", "f: call f");
    show.demand("% marks a register", register);
    show.demand("$ marks a constant", constant);
    show.demand("without $ a number is an address", memory);
    show.demand("a symbol has no prefix", symbol);
    let without = assembler::att("push rbp");
    show.seen("AT&T `push rbp`, without %", assembler::told(&without));
    show.demand(
        "without % the name is a symbol, and another instruction comes out",
        without != assembler::att("push %rbp"),
    );
}

fn suffixes(show: &mut Show) {
    let q = same(show, "movq $0, (%rax)", "mov qword ptr [rax], 0");
    let l = same(show, "movl $0, (%rax)", "mov dword ptr [rax], 0");
    let implied = same(show, "mov %rsp, %rbp", "mov rbp, rsp")
        && assembler::att("movq %rsp, %rbp") == assembler::att("mov %rsp, %rbp");
    show.demand("q is 64 bits", q);
    show.demand("l is 32 bits", l);
    show.demand("a register implies its size", implied);
    let wrong = assembler::att("movq -12(%rbp), %edx");
    let right = assembler::att("movl -12(%rbp), %edx");
    show.seen("`movq -12(%rbp), %edx`", assembler::told(&wrong));
    show.seen("`movl -12(%rbp), %edx`", assembler::told(&right));
    show.demand(
        "a 64-bit move into a 32-bit register is no instruction",
        wrong.is_err() && right.is_ok(),
    );
    let low = same(show, "mov %eax, %ebx", "mov ebx, eax");
    show.demand("e names the low 32 bits", low);
}

/// `add %rax, %rbx` is executed, with 40 in RAX and 2 in RBX.
fn order(show: &mut Show) {
    let both = same(show, "add %rax, %rbx", "add rbx, rax");
    show.demand(
        "the destination comes second in AT&T's order, first in Intel's",
        both,
    );
    let source = "push %rbx\nmov $40, %eax\nmov $2, %ebx\nadd %rax, %rbx\nmov %rbx, %rcx\nmov %rcx, %rdx\npop %rbx\nmov %rdx, %rax\nret";
    let Some(code) = assembler::att(source)
        .ok()
        .and_then(|bytes| Pages::of_code(0x60_0000, &bytes))
    else {
        return show.demand("the code can be assembled and mapped", false);
    };
    // SAFETY: RBX comes back.
    let steps = unsafe { steps(code.function(), 0) };
    let (before, after) = (&steps[3], &steps[4]);
    show.seen(
        "before `add %rax, %rbx`",
        format_args!("RAX = {}, RBX = {}", before.rax(), before.rbx()),
    );
    show.seen(
        "after it",
        format_args!("RAX = {}, RBX = {}", after.rax(), after.rbx()),
    );
    show.demand(
        "the sum is in RBX, the second",
        (after.rax(), after.rbx()) == (40, 42),
    );
}

fn offsets(show: &mut Show) {
    let plain = same(show, "mov (%rdi), %rax", "mov rax, [rdi]");
    let below = same(show, "mov -8(%rbp), %rax", "mov rax, [rbp - 8]");
    let scaled = same(show, "mov 16(%rdi,%rcx,8), %rax", "mov rax, [rdi + 8*rcx + 16]");
    show.demand("n(%reg) is the memory n bytes from the register", plain && below);
    show.demand("an index and a scale can follow", scaled);
}
