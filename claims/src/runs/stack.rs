//! The stack is memory that RSP points into.
//!
//! The routines are naked functions, so that nothing but their own lines moves RSP. Below RSP nobody writes: signals are kept away
//! (`fault::only_faults`), and System V keeps 128 bytes there free of them anyway (the red zone, psABI 3.2.2).

use super::Run;
use crate::mutation::broken;
use crate::pages::{Pages, mapping_of};
use crate::show::{Picture, Show};
use std::arch::naked_asm;

pub(crate) const RUNS: &[Run] = &[
    ("stack.push-pop", push_pop),
    ("stack.concrete-address", concrete_address),
    ("stack.grows-down", grows_down),
    ("stack.last-in-first-out", last_in_first_out),
    ("stack.region", region),
    ("stack.freed", freed),
];

/// RSP before, after PUSH and after POP; the word at RSP after PUSH; what POP gave; the word below RSP after POP.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
struct PushPop {
    before: u64,
    pushed: u64,
    at_rsp: u64,
    popped: u64,
    value: u64,
    below: u64,
}

#[unsafe(naked)]
unsafe extern "sysv64" fn push_and_pop(_seen: &mut PushPop, _value: u64) {
    naked_asm!(
        "mov [rdi], rsp",
        "push rsi",
        "mov [rdi + 8], rsp",
        "mov rax, [rsp]",
        "mov [rdi + 16], rax",
        "pop rcx",
        "mov [rdi + 24], rsp",
        "mov [rdi + 32], rcx",
        "mov rax, [rsp - 8]",
        "mov [rdi + 40], rax",
        "ret",
    )
}

/// The twin that stores without moving RSP first, as if RSP named the next free slot.
#[unsafe(naked)]
unsafe extern "sysv64" fn store_and_pop(_seen: &mut PushPop, _value: u64) {
    naked_asm!(
        "mov [rdi], rsp",
        "mov [rsp - 8], rsi", // PUSH would have moved RSP
        "mov [rdi + 8], rsp",
        "mov rax, [rsp]",
        "mov [rdi + 16], rax",
        "mov rcx, [rsp]",
        "mov [rdi + 24], rsp",
        "mov [rdi + 32], rcx",
        "mov rax, [rsp - 8]",
        "mov [rdi + 40], rax",
        "ret",
    )
}

fn push_pop(show: &mut Show) {
    let mut seen = PushPop::default();
    let value = 0x1111_2222_3333_4444;
    let routine = if broken("push-without-rsp") {
        store_and_pop
    } else {
        push_and_pop
    };
    // SAFETY: the routine leaves RSP where it was.
    unsafe { routine(&mut seen, value) };
    show.hex("RSP before", seen.before);
    show.hex("RSP after push", seen.pushed);
    show.hex("the word at RSP after push", seen.at_rsp);
    show.hex("RSP after pop", seen.popped);
    show.hex("what pop gave", seen.value);
    show.hex("the word 8 below RSP after pop", seen.below);
    show.demand("push moves RSP down by 8", seen.pushed + 8 == seen.before);
    show.demand("after push RSP points at the value", seen.at_rsp == value);
    show.demand("pop moves RSP up by 8", seen.popped == seen.pushed + 8);
    show.demand("pop gives the value", seen.value == value);
    show.demand("pop leaves the old bytes where they were", seen.below == value);
    let picture = Picture::begin("push-pop", "push and pop: what moves is RSP");
    picture.point("RSP before", seen.before);
    picture.point("RSP after push", seen.pushed);
    picture.column("after push");
    picture.unknown(seen.before, "what was there before");
    picture.word(seen.pushed, seen.at_rsp, "the value that was pushed");
    picture.column("after pop");
    picture.register("RSP", seen.popped, "as before the push");
    picture.register("RCX", seen.value, "what pop gave");
    picture.word(seen.pushed, seen.below, "free, and still what it was");
}

#[unsafe(naked)]
unsafe extern "sysv64" fn push_with_stack(_top: u64, _seen: &mut [u64; 3]) {
    naked_asm!(
        "mov rdx, rsp",
        "mov rsp, rdi",
        "mov [rsi], rsp",
        "mov eax, 0x77",
        "push rax",
        "mov [rsi + 8], rsp",
        "push ax", // with an operand of 16 bits RSP moves by 2
        "mov [rsi + 16], rsp",
        "mov rsp, rdx",
        "ret",
    )
}

/// The address of the documents' question, where this user may have the page below it; otherwise one that ends like it.
fn concrete_address(show: &mut Show) {
    let Some(pages) = Pages::at(0, 4096).or_else(|| Pages::at(0x20_0000, 4096)) else {
        return show.demand("a page for a stack is to be had", false);
    };
    let (page, top) = (pages.start, pages.start + 0x1000);
    let mut seen = [0; 3];
    // SAFETY: a page below `top` is ours, and the routine comes back to this stack.
    unsafe { push_with_stack(top, &mut seen) };
    show.hex("RSP", seen[0]);
    show.hex("RSP after push rax", seen[1]);
    show.hex("RSP after another push, of ax", seen[2]);
    // SAFETY: the page is mapped.
    let pushed = unsafe { ((page + 0xff8) as *const u64).read() };
    show.hex("the word at the page's offset 0xff8, read as any memory", pushed);
    show.demand("RSP 0x…1000 becomes 0x…0ff8", seen[1] == page + 0xff8);
    show.demand("the value lies there", pushed == 0x77);
    show.demand("a push of 16 bits moves RSP by 2", seen[2] == seen[1] - 2);
}

/// RSP at the entry of a function that calls itself `depth` times.
#[unsafe(naked)]
unsafe extern "sysv64" fn descend(_depth: u64, _seen: *mut u64) {
    naked_asm!(
        "mov [rsi], rsp",
        "add rsi, 8",
        "dec rdi",
        "jz 2f",
        "sub rsp, 24", // room of its own
        "call {descend}",
        "add rsp, 24",
        "2:",
        "ret",
        descend = sym descend,
    )
}

fn grows_down(show: &mut Show) {
    let mut seen = [0u64; 4];
    // SAFETY: four entries are written.
    unsafe { descend(4, seen.as_mut_ptr()) };
    for (depth, rsp) in seen.iter().enumerate() {
        show.hex(&format!("RSP in call {depth}"), *rsp);
    }
    show.demand(
        "each deeper call has a lower RSP",
        seen.is_sorted_by(|a, b| a > b),
    );
    show.demand(
        "by its room and a return address",
        seen.windows(2).all(|pair| pair[0] - pair[1] == 32),
    );
}

#[unsafe(naked)]
unsafe extern "sysv64" fn push_three(_seen: &mut [u64; 3]) {
    naked_asm!(
        "push 1",
        "push 2",
        "push 3",
        "pop rax",
        "mov [rdi], rax",
        "pop rax",
        "mov [rdi + 8], rax",
        "pop rax",
        "mov [rdi + 16], rax",
        "ret",
    )
}

fn last_in_first_out(show: &mut Show) {
    let mut seen = [0; 3];
    // SAFETY: pushes and pops in pairs.
    unsafe { push_three(&mut seen) };
    show.seen("pushed", "1 2 3");
    show.seen("popped", format_args!("{} {} {}", seen[0], seen[1], seen[2]));
    show.demand("the last in is the first out", seen == [3, 2, 1]);
}

/// Any writable memory will do as a stack.
fn region(show: &mut Show) {
    let local = 0u8;
    let here = &raw const local as u64;
    let line = mapping_of(here);
    show.hex("an address on the stack", here);
    show.seen("the mapping that it lies in", &line);
    show.demand(
        "the stack is a mapping like others, readable and writable",
        line.contains("rw-p"),
    );
    let mut memory = vec![0u64; 512];
    let top = memory.as_mut_ptr_range().end as u64;
    let mut seen = [0; 3];
    // SAFETY: 4096 bytes below `top` are ours; the routine comes back to this stack.
    unsafe { push_with_stack(top, &mut seen) };
    show.hex("RSP set to the end of an ordinary vector", seen[0]);
    show.hex("the vector's last word after a push", memory[511]);
    show.demand("a push is a store to ordinary memory", memory[511] == 0x77);
}

/// Takes room, fills it, gives it back, and reads it once more.
#[unsafe(naked)]
unsafe extern "sysv64" fn take_and_free(_seen: &mut [u64; 3]) {
    naked_asm!(
        "sub rsp, 16",
        "mov qword ptr [rsp], 0x1234",
        "add rsp, 16",
        "mov [rdi], rsp",
        "mov rax, [rsp - 16]", // freed, unchanged
        "mov [rdi + 8], rax",
        "push 0x5678", // whoever comes next
        "push 0x5678",
        "add rsp, 16",
        "mov rax, [rsp - 16]",
        "mov [rdi + 16], rax",
        "ret",
    )
}

fn freed(show: &mut Show) {
    let mut seen = [0; 3];
    // SAFETY: RSP is where it was in the end.
    unsafe { take_and_free(&mut seen) };
    show.hex("a local at RSP - 16, after its room was given back", seen[1]);
    show.hex("the same word after two more pushes", seen[2]);
    show.demand("to free is to move RSP: the bytes stay", seen[1] == 0x1234);
    show.demand("until something else is written there", seen[2] == 0x5678);
}
