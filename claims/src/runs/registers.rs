//! The registers by name and by width, and how memory is reached from them.

use super::Run;
use crate::assembler;
use crate::fault;
use crate::mutation::broken;
use crate::show::Show;
use std::arch::{asm, naked_asm};

pub(crate) const RUNS: &[Run] = &[
    ("registers.names", names),
    ("registers.seen-by-all", seen_by_all),
    ("registers.widths", widths),
    ("registers.addressing", addressing),
    (
        "registers.return-address-in-a-register",
        return_address_in_a_register,
    ),
    ("registers.call-by-hand", call_by_hand),
];

/// Asks the assembler for `mov rax, NAME`: the four bits that name the register are in the ModRM byte and in REX.R.
fn names(show: &mut Show) {
    let written = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15";
    let mut numbers = Vec::new();
    for name in written.split(' ') {
        let bytes = assembler::intel(&format!("mov rax, {name}"));
        show.seen(&format!("mov rax, {name}"), assembler::told(&bytes));
        if let Ok([rex, _, modrm]) = bytes.as_deref() {
            numbers.push((rex >> 2 & 1) << 3 | modrm >> 3 & 7);
        }
    }
    show.seen("the numbers of the registers", format_args!("{numbers:?}"));
    show.demand(
        "sixteen registers have the numbers 0 to 15",
        numbers == (0..16).collect::<Vec<u8>>(),
    );
    let rip = assembler::intel("mov rax, rip");
    show.seen("mov rax, rip", assembler::told(&rip));
    show.demand("RIP is not one of them", rip.is_err());
}

/// One function leaves a number in R10, another finds it there.
#[unsafe(naked)]
unsafe extern "sysv64" fn leave_and_find(_value: u64) -> u64 {
    naked_asm!("mov r10, rdi", "call {find}", "ret", find = sym find)
}

#[unsafe(naked)]
unsafe extern "sysv64" fn find() -> u64 {
    naked_asm!("mov rax, r10", "ret")
}

fn seen_by_all(show: &mut Show) {
    // SAFETY: changes scratch registers only.
    let found = unsafe { leave_and_find(0x77) };
    show.hex("what one function left in R10, as another finds it", found);
    show.demand("registers are there for every function alike", found == 0x77);
}

fn widths(show: &mut Show) {
    let [by_32, by_16, by_8, signed]: [u64; 4];
    // SAFETY: changes registers only.
    unsafe {
        let all = u64::MAX;
        let (mut a, mut b, mut c) = (all, all, all);
        let d;
        if broken("no-zero-extension") {
            asm!("mov {0:x}, 2", inout(reg) a);
        } else {
            asm!("mov {0:e}, 2", inout(reg) a);
        }
        asm!("mov {0:x}, 2", inout(reg) b);
        asm!("mov al, 2", inout("rax") c);
        asm!("movsxd {0}, {1:e}", out(reg) d, in(reg) 0xffff_fffe_u32);
        [by_32, by_16, by_8, signed] = [a, b, c, d];
    }
    show.hex("a register of ones after mov of 2 to its low 32 bits", by_32);
    show.hex("after mov of 2 to its low 16 bits", by_16);
    show.hex("a word of ones after mov of 2 to its low 8 bits", by_8);
    show.hex("movsxd of -2", signed);
    show.demand("a write of 32 bits clears the upper 32", by_32 == 2);
    show.demand(
        "a write of 16 bits leaves the rest",
        by_16 == 0xffff_ffff_ffff_0002,
    );
    show.demand("so does one of 8 bits", by_8 == 0xffff_ffff_ffff_ff02);
    show.demand("a sign is spread only on demand", signed == 0xffff_ffff_ffff_fffe);
}

/// Memory by an address in the instruction, and by one in a register.
fn addressing(show: &mut Show) {
    static CELL: u64 = 0xce11;
    let by_register: u64;
    // SAFETY: a load of the cell.
    unsafe { asm!("mov {}, [{}]", out(reg) by_register, in(reg) &raw const CELL) };
    let direct = assembler::intel(&format!("movabs rax, [{:#x}]\nret", &raw const CELL as u64));
    show.seen("a load by a direct address of 64 bits", assembler::told(&direct));
    let code = direct
        .ok()
        .and_then(|bytes| crate::pages::Pages::of_code(0x60_0000, &bytes));
    // SAFETY: a load and a RET.
    let by_address = code.map(|code| unsafe { fault::catch(code.function(), 0) });
    show.hex("the cell, read by an address in a register", by_register);
    show.seen(
        "the cell, read by an address in the instruction",
        by_address.map_or_else(String::new, fault::told),
    );
    show.demand(
        "both find the cell",
        by_register == CELL && by_address == Some(Ok(CELL)),
    );
    let other = assembler::intel("movabs rbx, [0x1122334455667788]");
    show.seen("the same to another register than RAX", assembler::told(&other));
    show.demand("a direct address of 64 bits goes with RAX only", other.is_err());
}

/// Functions that keep their return address in RBX instead of on a stack; the second level overwrites the first.
#[unsafe(naked)]
unsafe extern "sysv64" fn through_rbx(_levels: u64) -> u64 {
    naked_asm!(
        "push rbx",
        "mov ecx, 100", // no more than so many returns
        "xor eax, eax",
        "lea rbx, [rip + 3f]",
        "jmp 2f",
        "3:", // back from g
        "mov eax, 1",
        "pop rbx",
        "ret",
        "2:", // g
        "cmp edi, 1",
        "je 4f",
        "lea rbx, [rip + 4f]", // g calls h: where g itself returns to is lost
        "jmp 5f",
        "4:", // g returns
        "dec ecx",
        "jz 6f",
        "jmp rbx",
        "5:", // h
        "jmp rbx",
        "6:", // lost
        "pop rbx",
        "ret",
    )
}

fn return_address_in_a_register(show: &mut Show) {
    // SAFETY: RBX comes back on both ways out.
    let (one, two) = unsafe { (through_rbx(1), through_rbx(2)) };
    let tell = |found: u64| {
        if found == 1 {
            "came back"
        } else {
            "went in circles, and was stopped after 100 returns"
        }
    };
    show.seen("f calls g, the return address in a register", tell(one));
    show.seen("f calls g calls h, the same register for both", tell(two));
    show.demand("one register is enough for one level", one == 1);
    show.demand("and not for two", two == 0);
    let address = through_rbx as *const () as u64;
    show.hex("a return address", address);
    show.hex("what 32 bits (EBX) would keep of it", address & 0xffff_ffff);
    show.demand("an address does not fit into 32 bits here", address > 0xffff_ffff);
}

/// What CALL does, by other instructions.
#[unsafe(naked)]
unsafe extern "sysv64" fn without_call(_unused: u64) -> u64 {
    naked_asm!(
        "lea rax, [rip + 2f]",
        "push rax",
        "jmp {find}",
        "2:",
        "mov eax, 5",
        "ret",
        find = sym find,
    )
}

fn call_by_hand(show: &mut Show) {
    let push = assembler::intel("push rip");
    show.seen("push rip", assembler::told(&push));
    // SAFETY: the address that is pushed is popped by the callee's RET.
    let result = unsafe { fault::catch(without_call, 0) };
    show.seen("lea, push and jmp in place of call", fault::told(result));
    show.demand("RIP cannot be pushed as such", push.is_err());
    show.demand("but its value can, by LEA and PUSH", result == Ok(5));
}
