//! Handlers that do not save what they use, and what their victims see.

use super::raw::{Net, catch};
use super::see::{seen, seen_hex};
use super::testpage::TestPage;
use crate::tests::Test;
use crate::tests::user::program;
use crate::trap::entry::{pop_preserved_registers, push_preserved_registers};
use crate::trap::vector;
use crate::user::Trap;
use core::arch::naked_asm;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

pub(crate) const TESTS: &[Test] = &[
    Test::new("claims::interrupts.registers-not-saved", not_saved),
    Test::new("claims::interrupts.registers-kept", kept),
    Test::new("claims::interrupts.page-fault-clobber", page_fault),
];

/// A vector that nothing else uses.
const SPARE: u8 = 0x76;
const MINE: u64 = 0x1111_2222_3333_4444;
const LEFT_BY_HANDLER: u64 = 0xbad;

/// Uses RAX and does not save it.
#[unsafe(naked)]
unsafe extern "sysv64" fn use_rax() {
    naked_asm!("mov eax, 0xbad", "iretq")
}

/// Uses RAX and saves it.
#[unsafe(naked)]
unsafe extern "sysv64" fn save_and_use_rax() {
    naked_asm!("push rax", "mov eax, 0xbad", "pop rax", "iretq")
}

static AFTER: AtomicU64 = AtomicU64::new(0);

/// Has `first` in RAX, is interrupted, and looks again.
#[unsafe(naked)]
unsafe extern "sysv64" fn victim(_first: u64, _second: u64) {
    naked_asm!("mov rax, rdi", "int 0x76", "mov [rip + {after}], rax", "ret", after = sym AFTER)
}

/// The same in ring 3: it tells RAX by a system call.
#[unsafe(naked)]
unsafe extern "sysv64" fn victim_in_ring_3() {
    naked_asm!("mov rax, rdi", "int 0x76", "syscall")
}

extern "sysv64" fn run_victim_in_ring_3(value: u64, _second: u64) {
    let (_space, mut context) = program(victim_in_ring_3);
    context.registers_mut().rdi = value;
    assert_eq!(context.run(), Trap::SystemCall);
    AFTER.store(context.registers().rax, Relaxed);
}

fn not_saved() {
    seen_hex("RAX before", MINE);
    let after = |handler: unsafe extern "sysv64" fn(), victim| {
        AFTER.store(0, Relaxed);
        // SAFETY: the handler returns, and changes RAX at most, which no caller of the victim relies on.
        let caught = unsafe { catch(&[Net::to(SPARE, handler as *const () as usize)], victim, MINE, 0) };
        assert!(caught.is_none(), "the handler returns");
        AFTER.load(Relaxed)
    };
    let ring_0 = after(use_rax, victim);
    let ring_3 = after(use_rax, run_victim_in_ring_3);
    let ring_0_saved = after(save_and_use_rax, victim);
    let ring_3_saved = after(save_and_use_rax, run_victim_in_ring_3);
    seen_hex("ring 0: RAX after a handler that uses RAX", ring_0);
    seen_hex("ring 3: RAX after the same handler", ring_3);
    seen_hex("ring 0: RAX after a handler that saves it first", ring_0_saved);
    seen_hex("ring 3: RAX after that", ring_3_saved);
    assert_eq!((ring_0, ring_3), (LEFT_BY_HANDLER, LEFT_BY_HANDLER));
    assert_eq!((ring_0_saved, ring_3_saved), (MINE, MINE));
}

/// The general registers but RSP, in the order of [`NAMES`].
type Registers = [u64; 15];

const NAMES: [&str; 15] = [
    "RAX", "RBX", "RCX", "RDX", "RSI", "RDI", "RBP", "R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15",
];

/// Fills every register with a value of its own (0x101 for RAX, 0x202 for RBX …), raises the vector, and stores what the
/// registers are then.
#[unsafe(naked)]
unsafe extern "sysv64" fn interrupt_with_all<const VECTOR: u8>(_after: *mut Registers) -> u64 {
    naked_asm!(
        push_preserved_registers!(),
        "push rdi",
        "mov eax, 0x101",
        "mov ebx, 0x202",
        "mov ecx, 0x303",
        "mov edx, 0x404",
        "mov esi, 0x505",
        "mov edi, 0x606",
        "mov ebp, 0x707",
        "mov r8d, 0x808",
        "mov r9d, 0x909",
        "mov r10d, 0xa0a",
        "mov r11d, 0xb0b",
        "mov r12d, 0xc0c",
        "mov r13d, 0xd0d",
        "mov r14d, 0xe0e",
        "mov r15d, 0xf0f",
        "int {vector}",
        "xchg rdi, [rsp]", // the array; RDI takes its place
        "mov [rdi], rax",
        "mov [rdi + 8], rbx",
        "mov [rdi + 16], rcx",
        "mov [rdi + 24], rdx",
        "mov [rdi + 32], rsi",
        "pop rax",
        "mov [rdi + 40], rax",
        "mov [rdi + 48], rbp",
        "mov [rdi + 56], r8",
        "mov [rdi + 64], r9",
        "mov [rdi + 72], r10",
        "mov [rdi + 80], r11",
        "mov [rdi + 88], r12",
        "mov [rdi + 96], r13",
        "mov [rdi + 104], r14",
        "mov [rdi + 112], r15",
        pop_preserved_registers!(),
        "ret",
        vector = const VECTOR,
    )
}

/// What the registers are after `VECTOR`.
///
/// # Safety
/// 1. The vector's handler returns behind the INT, with RSP as it was.
pub(super) unsafe fn registers_after<const VECTOR: u8>() -> Registers {
    let mut after = [0; 15];
    // SAFETY: (1); every register that it changes is restored or scratch.
    unsafe { interrupt_with_all::<VECTOR>(&mut after) };
    after
}

/// Names those that are not what [`interrupt_with_all`] put there.
pub(super) fn changed(after: &Registers) -> alloc::string::String {
    let mut text = alloc::string::String::new();
    for (number, (name, value)) in (1..).zip(NAMES.iter().zip(after)) {
        if *value != 0x101 * number {
            text += &alloc::format!("{name} {value:#x} (was {:#x}) ", 0x101 * number);
        }
    }
    if text.is_empty() { "none".into() } else { text }
}

fn kept() {
    // SAFETY: a vector with the kernel's own stub; its interrupt is acknowledged and comes back.
    let after = unsafe { registers_after::<0x75>() };
    for (number, (name, value)) in (1..).zip(NAMES.iter().zip(after)) {
        seen(
            format_args!("{name} before and after the kernel's own entry and exit"),
            format_args!("{:#x}, {value:#x}", 0x101 * number),
        );
    }
    seen("registers changed", changed(&after));
    assert_eq!(changed(&after), "none");
}

/// Where the page's entry lies, and what it should be.
static ENTRY: AtomicU64 = AtomicU64::new(0);
static VALUE: AtomicU64 = AtomicU64::new(0);

/// Maps the page, and uses RAX for that without saving it.
#[unsafe(naked)]
unsafe extern "sysv64" fn map_page() {
    naked_asm!(
        "push rcx",
        "mov rcx, [rip + {value}]",
        "mov rax, [rip + {entry}]",
        "mov [rax], rcx",
        "pop rcx",
        "add rsp, 8", // the error code
        "iretq",
        value = sym VALUE,
        entry = sym ENTRY,
    )
}

/// Stores RAX, which is `second`, at `first`.
#[unsafe(naked)]
unsafe extern "sysv64" fn store(_first: u64, _second: u64) {
    naked_asm!("mov rax, rsi", "mov [rdi], rax", "ret")
}

fn page_fault() {
    let page = TestPage::new();
    let entry = page.entry();
    VALUE.store(entry.read(), Relaxed);
    ENTRY.store(entry.address(), Relaxed);
    entry.write(0);
    page.invalidate();
    seen_hex("RAX before the store", MINE);
    let handler = Net::to(vector::PAGE_FAULT, map_page as *const () as usize);
    // SAFETY: the handler maps the page and returns; the store is the page's only use.
    let caught = unsafe { catch(&[handler], store, page.address(), MINE) };
    let stored = page.read();
    seen_hex("the handler used RAX for", entry.address());
    seen_hex(
        "the word that MOV [page], RAX stored when it was executed again",
        stored,
    );
    assert!(caught.is_none(), "the handler returns to the store");
    assert_eq!(stored, entry.address());
}
