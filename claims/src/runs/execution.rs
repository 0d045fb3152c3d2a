//! RIP and what moves it.

use super::Run;
use crate::assembler;
use crate::fault::{self, vector};
use crate::mutation::broken;
use crate::pages::{Access, Pages, mapping_of};
use crate::show::{Picture, Show};
use crate::step::{Step, steps};
use std::arch::naked_asm;

pub(crate) const RUNS: &[Run] = &[
    ("execution.text-segment", text_segment),
    ("execution.rip-lengths", rip_lengths),
    ("execution.rip-0x500000", rip_question),
    ("execution.rip-unwritable", rip_unwritable),
    ("execution.cycle", cycle),
    ("execution.jump-call-ret", jump_call_ret),
    ("execution.ret-takes-any-word", ret_takes_any_word),
];

/// Six bytes: b8 2a 00 00 00 (`mov eax, 42`) and c3 (`ret`).
#[unsafe(naked)]
unsafe extern "sysv64" fn forty_two(_unused: u64) -> u64 {
    naked_asm!("mov eax, 42", "ret")
}

#[unsafe(naked)]
unsafe extern "sysv64" fn store_byte(_to: u64) -> u64 {
    naked_asm!("mov byte ptr [rdi], 0x90", "xor eax, eax", "ret")
}

/// Code is bytes in a mapping that may be read and executed, and not written.
fn text_segment(show: &mut Show) {
    let address = forty_two as *const () as u64;
    // SAFETY: six bytes of a function of six bytes.
    let bytes = unsafe { std::slice::from_raw_parts(address as *const u8, 6) };
    let mapping = mapping_of(address);
    show.hex("the address of a function", address);
    show.bytes("its bytes, read as data", bytes);
    show.seen("the mapping that it lies in", &mapping);
    show.demand("code is bytes in memory", bytes == [0xb8, 42, 0, 0, 0, 0xc3]);
    show.demand("of a mapping for reading and executing", mapping.contains("r-xp"));
    // SAFETY: a store to a page that is not writable has no effect.
    let fault = unsafe { fault::catch(store_byte, address) };
    show.seen("a store to it", fault::told(fault));
    show.demand(
        "it cannot be written",
        fault.is_err_and(|fault| fault.vector == vector::PAGE_FAULT && fault.error_code == 7),
    );
}

#[unsafe(naked)]
unsafe extern "sysv64" fn of_many_lengths(_unused: u64) -> u64 {
    naked_asm!(
        "nop",                                                                              // 1
        "xor eax, eax",                                                                     // 2
        "lea ecx, [rdi + 8]",                                                               // 3
        "add rax, 8",                                                                       // 4
        "mov eax, 42",                                                                      // 5
        "mov rax, 0x1234",                                                                  // 7
        "movabs rax, 0x1122334455667788",                                                   // 10
        ".byte 0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x90", // 15, a NOP
        "ret",
    )
}

fn rip_lengths(show: &mut Show) {
    // SAFETY: the function changes scratch registers only.
    let steps = unsafe { steps(of_many_lengths, 0) };
    let mut lengths = Vec::new();
    for pair in steps.windows(2).take(8) {
        let (before, after) = (pair[0].rip(), pair[1].rip());
        let length = after - before;
        // SAFETY: the instruction that was just executed.
        let bytes = unsafe {
            std::slice::from_raw_parts(before as *const u8, usize::try_from(length).unwrap_or(0).min(15))
        };
        show.seen(
            &format!("an instruction of {length} bytes, {}", assembler::hex(bytes)),
            format_args!("RIP {before:#x} before, {after:#x} after"),
        );
        lengths.push(length);
    }
    show.demand(
        "RIP moves on by the length of each instruction",
        lengths == [1, 2, 3, 4, 5, 7, 10, 15],
    );
    let Some(pages) = Pages::of_code(0x60_0000, &[[0x66; 15].as_slice(), &[0x90, 0xc3]].concat()) else {
        return show.demand("a page for code is to be had", false);
    };
    // SAFETY: a NOP and a RET, if the CPU takes them.
    let fault = unsafe { fault::catch(pages.function(), 0) };
    show.seen("an instruction of 16 bytes", fault::told(fault));
    show.demand(
        "no instruction is longer than 15 bytes",
        fault.is_err_and(|fault| fault.vector == vector::GENERAL_PROTECTION && fault.rip == pages.start),
    );
}

/// `add rax, 8` has four bytes; here it lies at 0x500000.
fn rip_question(show: &mut Show) {
    let Some(pages) = Pages::of_code(0x50_0000, &[0x48, 0x83, 0xc0, 0x08, 0xc3]) else {
        return show.demand("the page at 0x500000 is to be had", false);
    };
    // SAFETY: an addition and a RET.
    let steps = unsafe { steps(pages.function(), 0) };
    let rips: Vec<u64> = steps.iter().map(Step::rip).take(2).collect();
    show.bytes("the instruction at 0x500000", &[0x48, 0x83, 0xc0, 0x08]);
    show.seen(
        "RIP before and after it",
        format_args!("{rips:#x?}")
            .to_string()
            .split_whitespace()
            .collect::<String>(),
    );
    show.demand("RIP becomes 0x500004", rips == [0x50_0000, 0x50_0004]);
}

#[unsafe(naked)]
unsafe extern "sysv64" fn read_rip(_unused: u64) -> u64 {
    naked_asm!("lea rax, [rip]", "ret")
}

/// No instruction names RIP as its operand, other than to compute addresses.
fn rip_unwritable(show: &mut Show) {
    for text in [
        "mov rip, rax",
        "mov rax, rip",
        "push rip",
        "pop rip",
        "add rip, 4",
    ] {
        let outcome = assembler::intel(text);
        show.seen(&format!("the assembler about {text}"), assembler::told(&outcome));
        show.demand(&format!("{text} has no encoding"), outcome.is_err());
    }
    for text in ["jmp rax", "call rax", "ret", "lea rax, [rip]"] {
        let outcome = assembler::intel(text);
        show.seen(&format!("the assembler about {text}"), assembler::told(&outcome));
        show.demand(&format!("{text} exists"), outcome.is_ok());
    }
    // SAFETY: reads RIP.
    let rip = unsafe { read_rip(0) };
    show.hex(
        "lea rax, [rip] at a function's start",
        rip - (read_rip as *const () as u64),
    );
    show.demand(
        "RIP is read as the address of the next instruction",
        rip == read_rip as *const () as u64 + 7,
    );
}

/// Three times around a loop of two instructions.
#[unsafe(naked)]
unsafe extern "sysv64" fn three_times(_unused: u64) -> u64 {
    naked_asm!("mov eax, 3", "2:", "dec eax", "jnz 2b", "ret")
}

fn cycle(show: &mut Show) {
    let Some(pages) = Pages::of_code(0x60_0000, &[0xb8, 1, 0, 0, 0, 0xc3]) else {
        return show.demand("a page for code is to be had", false);
    };
    // SAFETY: `mov eax, N; ret`, or a fault.
    let run = || unsafe { fault::catch(pages.function(), 0) };
    let first = run();
    pages.protect(Access::ReadWrite);
    let without_permission = run();
    pages.write(&[0xb8, 2]);
    pages.protect(Access::ReadExecute);
    let second = run();
    pages.protect(Access::ReadWrite);
    pages.write(&[0x0f, 0x0b]);
    pages.protect(Access::ReadExecute);
    let undefined = run();
    show.seen("fetched b8 01 00 00 00, c3", fault::told(first));
    show.seen(
        "the same where nothing may be fetched",
        fault::told(without_permission),
    );
    show.seen("after one byte was changed, b8 02 …", fault::told(second));
    show.seen("fetched 0f 0b, which means nothing (UD2)", fault::told(undefined));
    show.demand(
        "what is fetched from RIP is executed",
        first == Ok(1) && second == Ok(2),
    );
    show.demand(
        "the fetch itself can fault (error code: present, ring 3, fetch)",
        without_permission.is_err_and(|fault| fault.error_code == 0x15 && fault.address == pages.start),
    );
    show.demand(
        "an instruction that cannot be decoded is #UD, at its address",
        undefined.is_err_and(|fault| fault.vector == vector::INVALID_OPCODE && fault.rip == pages.start),
    );
    // SAFETY: counts down in a register.
    let steps = unsafe { steps(three_times, 0) };
    let start = three_times as *const () as u64;
    let rips: Vec<String> = steps
        .iter()
        .map(|step| step.rip().wrapping_sub(start))
        .take_while(|offset| *offset < 64)
        .map(|offset| format!("+{offset}"))
        .collect();
    show.seen("RIP around a loop, from its function's start", rips.join(" "));
    show.seen(
        "RAX on the way",
        steps
            .iter()
            .map(|step| (step.rax() & 0xff).to_string())
            .collect::<Vec<_>>()
            .join(" "),
    );
    show.demand(
        "instruction after instruction, until a jump turns RIP back",
        rips == ["+0", "+5", "+7", "+5", "+7", "+5", "+7", "+9"],
    );
}

/// Jumps over an instruction, then calls a function that returns at once.
#[unsafe(naked)]
unsafe extern "sysv64" fn jump_then_call(_unused: u64) -> u64 {
    naked_asm!(
        "jmp 2f", // two bytes
        "ud2",
        "2:",
        "call 3f", // five bytes
        "mov eax, 1",
        "ret",
        "3:",
        "ret",
    )
}

/// The twin that jumps where it should call.
#[unsafe(naked)]
unsafe extern "sysv64" fn jump_then_jump(_unused: u64) -> u64 {
    naked_asm!(
        "jmp 2f",
        "ud2",
        "2:",
        "jmp 3f", // nobody notes where to return to
        "nop",
        "nop",
        "nop",
        "mov eax, 1",
        "ret",
        "3:",
        "ret",
    )
}

fn jump_call_ret(show: &mut Show) {
    let routine = if broken("call-as-jump") {
        jump_then_jump
    } else {
        jump_then_call
    };
    // SAFETY: changes RAX only; the twin returns early.
    let steps = unsafe { steps(routine, 0) };
    let start = routine as *const () as u64;
    let [at_jump, at_call, in_callee, behind] = [0, 1, 2, 3].map(|index| steps[index]);
    let tell = |step: &Step| {
        format!(
            "RIP = start + {}, RSP = {:#x}",
            step.rip().wrapping_sub(start).cast_signed(),
            step.rsp()
        )
    };
    show.hex("start", start);
    show.seen("before jmp", tell(&at_jump));
    show.seen("after jmp, before call", tell(&at_call));
    show.seen("in the function that was called", tell(&in_callee));
    show.hex("the word at RSP there", in_callee.top);
    show.seen("after ret", tell(&behind));
    show.demand(
        "jmp changes RIP and nothing else",
        at_call.rip() == start + 4 && at_call.rsp() == at_jump.rsp(),
    );
    show.demand("call moves RSP down by 8", in_callee.rsp() + 8 == at_call.rsp());
    show.demand(
        "and leaves the address behind itself there",
        in_callee.top == at_call.rip() + 5,
    );
    show.demand("ret goes to that address", behind.rip() == in_callee.top);
    show.demand("and takes it off the stack", behind.rsp() == at_call.rsp());
    let picture = Picture::begin("call", "call pushes where to go on");
    picture.point("RSP before call", at_call.rsp());
    picture.point("RSP in the callee", in_callee.rsp());
    picture.point("behind the call", at_call.rip() + 5);
    picture.unknown(at_call.rsp(), "the caller's");
    picture.word(in_callee.rsp(), in_callee.top, "the return address");
}

/// RET to an address that no CALL pushed.
#[unsafe(naked)]
unsafe extern "sysv64" fn return_elsewhere(_unused: u64) -> u64 {
    naked_asm!(
        "lea rax, [rip + 2f]",
        "push rax",
        "ret", // not home, but to 2
        "ud2",
        "2:",
        "mov eax, 7",
        "ret",
    )
}

fn ret_takes_any_word(show: &mut Show) {
    // SAFETY: every push has its RET.
    let steps = unsafe { steps(return_elsewhere, 0) };
    let [before, after] = [2, 3].map(|index| steps[index]);
    show.hex("the word at RSP before ret, pushed by hand", before.top);
    show.hex("RIP after ret", after.rip());
    show.seen("RSP after ret, less RSP before", after.rsp() - before.rsp());
    show.demand(
        "ret pops any word into RIP",
        after.rip() == before.top && after.rsp() == before.rsp() + 8,
    );
}
