//! A small program in C, as the compiler on this machine translates it, read and executed.

use super::Run;
use crate::assembler;
use crate::compiler::{self, Compiled, compile};
use crate::fault::{self, vector};
use crate::show::{Picture, Show};
use crate::step::{Step, steps};
use std::arch::naked_asm;

pub(crate) const RUNS: &[Run] = &[
    ("compiled-c.listing", listing),
    ("compiled-c.noise", noise),
    ("compiled-c.executed", executed),
    ("compiled-c.sizes", sizes),
    ("compiled-c.optimised", optimised),
    ("compiled-c.lea-against-mov", lea_against_mov),
];

const SOURCE: &str = "
    void f(int *x, int y) { *x = y; }
    int main(void) { int x; x = 0; f(&x, 2); return x; }
    long size_of_int(void) { return sizeof(int); }
    long size_of_pointer(void) { return sizeof(int *); }
";

/// Where the code is mapped.
const BASE: u64 = 0x60_0000;

fn translated(show: &mut Show, level: &str) -> Option<Compiled> {
    compile(SOURCE, &[level], BASE)
        .inspect_err(|why| show.demand(why, false))
        .ok()
}

fn listing(show: &mut Show) {
    let Some(code) = translated(show, "-O0") else {
        return;
    };
    let (f, main): (Vec<&str>, Vec<&str>) = (code.body("f").collect(), code.body("main").collect());
    show.seen("f", f.join("; "));
    show.seen("main", main.join("; "));
    let in_order = |lines: &[&str], wanted: &[&str]| {
        let mut rest = lines.iter();
        wanted
            .iter()
            .all(|wanted| rest.any(|line| line.starts_with(wanted)))
    };
    show.demand(
        "f makes a frame, stores its two arguments in it, and x through the pointer",
        in_order(
            &f,
            &[
                "push %rbp",
                "mov %rsp,%rbp",
                "mov %rdi,-0x8(%rbp)",
                "mov %esi,-0xc(%rbp)",
                "mov -0x8(%rbp),%rax",
                "mov -0xc(%rbp),%edx",
                "mov %edx,(%rax)",
                "pop %rbp",
                "ret",
            ],
        ),
    );
    show.demand(
        "main makes room, passes an address and 2, and returns x",
        in_order(
            &main,
            &[
                "push %rbp",
                "mov %rsp,%rbp",
                "sub $0x10,%rsp",
                "movl $0x0,-0x4(%rbp)",
                "lea -0x4(%rbp),%rax",
                "mov $0x2,%esi",
                "mov %rax,%rdi",
                "call",
                "mov -0x4(%rbp),%eax",
                "leave",
                "ret",
            ],
        ),
    );
}

/// The whole of what `gcc -S` prints, beside what of it is instructions.
fn noise(show: &mut Show) {
    let printed = match compiler::assembly(SOURCE) {
        Ok(printed) => printed,
        Err(why) => return show.demand(&why, false),
    };
    let lines: Vec<&str> = printed.lines().map(str::trim).collect();
    let directives = lines.iter().filter(|line| line.starts_with('.')).count();
    let instructions = lines
        .iter()
        .filter(|line| !line.starts_with('.') && !line.ends_with(':'))
        .count();
    show.seen("lines that gcc -S prints", lines.len());
    show.seen(
        "directives and local labels among them, the first",
        format_args!("{directives}, {}", lines.first().unwrap_or(&"")),
    );
    show.seen("instructions", instructions);
    show.demand(
        "most of it is noise",
        directives > instructions && instructions > 0,
    );
}

fn executed(show: &mut Show) {
    let Some(code) = translated(show, "-O0") else {
        return;
    };
    // SAFETY: C.
    let steps = unsafe { steps(code.function("main"), 0) };
    let f = code.address("f");
    let Some(entered) = steps.iter().position(|step| step.rip() == f) else {
        return show.demand("main calls f", false);
    };
    let (first, call, in_f) = (steps[0], steps[entered - 1], steps[entered]);
    let last = steps[steps.len() - 1];
    let x = call.rbp() - 4;
    show.hex("RSP at main's first instruction", first.rsp());
    show.hex("RBP in main", call.rbp());
    show.hex("RSP at the call of f", call.rsp());
    show.hex("&x, RBP - 4", x);
    show.hex("RDI in f", in_f.rdi());
    show.hex("RSI in f", in_f.rsi());
    show.seen("RAX after main", last.rax());
    show.demand("the first argument is the address of x, in RDI", in_f.rdi() == x);
    show.demand("the second is 2, in RSI, its upper half zero", in_f.rsi() == 2);
    show.demand(
        "RSP is a multiple of 16 at the call",
        call.rsp().is_multiple_of(16),
    );
    show.demand(
        "main took 16 bytes for an int of 4",
        call.rbp() - call.rsp() == 16,
    );
    show.demand("main returns what f stored", last.rax() & 0xffff_ffff == 2);
    show.demand("RBP is what it was", last.rbp() == first.rbp());
    draw(&first, &call, &in_f);
}

fn draw(first: &Step, call: &Step, in_f: &Step) {
    let picture = Picture::begin(
        "compiled-c",
        "main has called f(&x, 2): the stack at f's first instruction",
    );
    picture.point("RBP of main", call.rbp());
    picture.point("RSP in f", in_f.rsp());
    picture.point("return address into main", in_f.top);
    picture.point("return address of main", first.top);
    picture.point("RBP of main's caller", first.rbp());
    picture.word(first.rsp(), first.top, "pushed by the call of main");
    picture.word(call.rbp(), first.rbp(), "pushed by main");
    picture.unknown(call.rbp() - 8, "x in the upper four bytes, &x = RBP - 4");
    picture.unknown(call.rbp() - 16, "room, for the alignment");
    picture.word(in_f.rsp(), in_f.top, "pushed by the call of f");
    picture.column("registers");
    picture.register("RDI", in_f.rdi(), "first argument, &x");
    picture.register("RSI", in_f.rsi(), "second argument");
}

fn sizes(show: &mut Show) {
    let Some(code) = translated(show, "-O0") else {
        return;
    };
    // SAFETY: functions without arguments.
    let (int, pointer) = unsafe {
        (
            fault::catch(code.function("size_of_int"), 0),
            fault::catch(code.function("size_of_pointer"), 0),
        )
    };
    show.seen("sizeof(int)", fault::told(int));
    show.seen("sizeof(int *)", fault::told(pointer));
    show.demand(
        "an int has 4 bytes, a pointer 8",
        (int, pointer) == (Ok(4), Ok(8)),
    );
}

fn optimised(show: &mut Show) {
    let Some(plain) = translated(show, "-O0") else {
        return;
    };
    let plain: Vec<String> = plain.body("main").map(str::to_owned).collect();
    let optimised = compile(SOURCE, &["-O2"], BASE + 0x1_0000);
    let Ok(optimised) = optimised.inspect_err(|why| show.demand(why, false)) else {
        return;
    };
    let main: Vec<&str> = optimised
        .body("main")
        .take_while(|line| !line.starts_with("nop") && !line.contains("nopw"))
        .collect();
    show.seen("instructions of main with -O0", plain.len());
    show.seen("main with -O2", main.join("; "));
    // SAFETY: C.
    let result = unsafe { fault::catch(optimised.function("main"), 0) };
    show.seen("its result", fault::told(result));
    show.demand("the code is another", main.iter().ne(plain.iter()));
    show.demand("and does the same", result == Ok(2));
}

#[unsafe(naked)]
unsafe extern "sysv64" fn lea_of(_base: u64) -> u64 {
    naked_asm!("lea rax, [rdi - 4]", "ret")
}

#[unsafe(naked)]
unsafe extern "sysv64" fn mov_of(_base: u64) -> u64 {
    naked_asm!("mov rax, [rdi - 4]", "ret")
}

fn lea_against_mov(show: &mut Show) {
    let cells = [0x1111_1111u32, 0x2222_2222, 0x3333_3333];
    let base = &raw const cells[1] as u64;
    // SAFETY: eight bytes from `base - 4` are ours.
    let (lea, mov) = unsafe { (fault::catch(lea_of, base), fault::catch(mov_of, base)) };
    show.hex("a base", base);
    show.seen("lea of base - 4", fault::told(lea));
    show.seen("mov of 8 bytes at base - 4", fault::told(mov));
    show.demand("lea computes the address", lea == Ok(base - 4));
    show.demand("mov reads what lies there", mov == Ok(0x2222_2222_1111_1111));
    // SAFETY: the load faults.
    let (lea, mov) = unsafe { (fault::catch(lea_of, 0x1234), fault::catch(mov_of, 0x1234)) };
    show.seen("lea where no memory is", fault::told(lea));
    show.seen("mov where no memory is", fault::told(mov));
    show.demand("lea touches no memory", lea == Ok(0x1230));
    show.demand(
        "mov does",
        mov.is_err_and(|fault| fault.vector == vector::PAGE_FAULT && fault.address == 0x1230),
    );
    for text in ["lea -4(%rbp), %rax", "mov -4(%rbp), %rax"] {
        show.seen(&format!("`{text}`"), assembler::told(&assembler::att(text)));
    }
}
