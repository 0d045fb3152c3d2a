//! Memory is an array of bytes; what registers are beside it.

use super::Run;
use crate::assembler;
use crate::fault::{self, vector};
use crate::mutation::broken;
use crate::pages::Pages;
use crate::show::{Picture, Show};
use std::arch::{asm, naked_asm};
use std::fs;

pub(crate) const RUNS: &[Run] = &[
    ("memory.bytes", bytes),
    ("memory.sizes", sizes),
    ("memory.canonical", canonical),
    ("memory.canonical-stack", canonical_stack),
    ("memory.pointers", pointers),
    ("memory.byte-order", byte_order),
    ("memory.address-and-value", address_and_value),
    ("memory.registers", registers),
    ("memory.latency", latency),
    ("memory.addition", addition),
];

/// Neighbouring bytes have neighbouring addresses, and each can be changed alone.
fn bytes(show: &mut Show) {
    let mut array = [0x10u8, 0x11, 0x12, 0x13];
    let first = &raw mut array as u64;
    let mut read = [0; 4];
    for (index, byte) in (0..).zip(&mut read) {
        // SAFETY: the address of an element of `array`, made from the number of its first byte.
        *byte = unsafe { ((first + index) as *const u8).read_volatile() };
        show.seen(
            "a byte",
            format_args!("{byte:#x} at address {:#x}", first + index),
        );
    }
    show.demand("a number and an offset find each byte", read == array);
    // SAFETY: as above.
    unsafe { ((first + 2) as *mut u8).write_volatile(0xff) };
    show.bytes("after a store of one byte at + 2", &array);
    show.demand(
        "a store of a byte changes that byte alone",
        array == [0x10, 0x11, 0xff, 0x13],
    );
}

/// One store of `size` bytes, all ones.
///
/// # Safety
/// `to` is valid for so many bytes.
unsafe fn store_ones(size: usize, to: *mut u8) {
    // SAFETY: as the caller promises.
    unsafe {
        match size {
            1 => asm!("mov byte ptr [{}], -1", in(reg) to),
            2 => asm!("mov word ptr [{}], -1", in(reg) to),
            4 => asm!("mov dword ptr [{}], -1", in(reg) to),
            _ => asm!("mov qword ptr [{}], -1", in(reg) to),
        }
    }
}

/// Fills memory with ones by the store of each size, and looks how far it went.
fn sizes(show: &mut Show) {
    for (name, size) in [("byte", 1), ("word", 2), ("dword", 4), ("qword", 8)] {
        let mut cells = [0u8; 16];
        // SAFETY: sixteen bytes are more than any of the stores writes.
        unsafe { store_ones(size, cells.as_mut_ptr()) };
        let changed = cells.iter().filter(|byte| **byte == 0xff).count();
        let largest = cells
            .iter()
            .take(8)
            .rev()
            .fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte));
        show.seen(&format!("bytes that a {name} store changes"), changed);
        show.seen(&format!("largest unsigned {name}"), largest);
        show.demand(&format!("a {name} has {size} bytes"), changed == size);
        let expected = u64::MAX >> (64 - 8 * size);
        show.demand(
            &format!("a {name} holds up to 2^{} - 1", 8 * size),
            largest == expected,
        );
    }
    let (unsigned, signed): (u64, i64);
    // SAFETY: two loads of one byte.
    unsafe {
        let byte = 0x80u8;
        asm!("movzx {0:e}, byte ptr [{2}]", "movsx {1}, byte ptr [{2}]",
             out(reg) unsigned, out(reg) signed, in(reg) &raw const byte);
    }
    show.seen("the byte 0x80 without sign (movzx)", unsigned);
    show.seen("the byte 0x80 with sign (movsx)", signed);
    show.demand(
        "the range of a byte is the reader's choice",
        (unsigned, signed) == (128, -128),
    );
}

#[unsafe(naked)]
unsafe extern "sysv64" fn load(_address: u64) -> u64 {
    naked_asm!("mov rax, [rdi]", "ret")
}

/// Bits 48 to 63 of an address repeat bit 47, or the access is refused before any page is looked at.
fn canonical(show: &mut Show) {
    let cell = 0x5eedu64;
    let address = &raw const cell as u64;
    // SAFETY: `load` owns nothing.
    let fault = |address| unsafe { fault::catch(load, address) };
    show.hex("an address of this stack", address);
    show.demand("it can be read", fault(address) == Ok(cell));
    show.demand("it uses the lower 47 bits only", address >> 47 == 0);
    // With five levels of tables addresses have 57 bits; Linux removes the flag where it does not use them.
    let bits = if cpuinfo("flags").split(' ').any(|flag| flag == "la57") {
        57
    } else {
        48
    };
    show.seen("bits that count", bits);
    show.seen("what the CPU says about addresses", cpuinfo("address sizes"));
    for (what, bit) in [("the first bit that must repeat", bits), ("the top bit", 63)] {
        let outcome = fault(address | (1 << bit));
        show.seen(
            &format!("read with {what} set, {:#x}", address | (1 << bit)),
            fault::told(outcome),
        );
        show.demand(
            "an address that is not canonical is #GP, without an address",
            outcome.is_err_and(|fault| fault.vector == vector::GENERAL_PROTECTION && fault.address == 0),
        );
    }
    let unmapped = fault(16);
    show.seen("a canonical address without a page, 0x10", fault::told(unmapped));
    show.demand(
        "that one is #PF, with its address",
        unmapped.is_err_and(|fault| fault.vector == vector::PAGE_FAULT && fault.address == 16),
    );
}

/// Loads from its argument through RSP.
#[unsafe(naked)]
unsafe extern "sysv64" fn load_through_rsp(_address: u64) -> u64 {
    naked_asm!(
        "mov rdx, rsp",
        "mov rsp, rdi",
        "mov rax, [rsp]",
        "mov rsp, rdx",
        "ret"
    )
}

/// Loads from its argument through RBP.
#[unsafe(naked)]
unsafe extern "sysv64" fn load_through_rbp(_address: u64) -> u64 {
    naked_asm!("push rbp", "mov rbp, rdi", "mov rax, [rbp]", "pop rbp", "ret")
}

/// Pops from its argument.
#[unsafe(naked)]
unsafe extern "sysv64" fn pop_from(_address: u64) -> u64 {
    naked_asm!("mov rdx, rsp", "mov rsp, rdi", "pop rax", "mov rsp, rdx", "ret")
}

/// The same wrong address is another exception where the stack segment is used: by RSP or RBP as the base, or by a pop.
fn canonical_stack(show: &mut Show) {
    let cell = 0x5eedu64;
    let address = &raw const cell as u64;
    let wrong = address | (1 << 63);
    // SAFETY: each owns nothing, and gives RSP and RBP back where it does not fault.
    let fault = |function, address| unsafe { fault::catch(function, address) };
    show.hex("an address that is not canonical", wrong);
    let by_rdi = fault(load, wrong);
    show.seen("a load through RDI", fault::told(by_rdi));
    show.demand(
        "through another register it is #GP, which Linux tells as SIGSEGV",
        by_rdi
            .is_err_and(|fault| (fault.vector, fault.signal) == (vector::GENERAL_PROTECTION, libc::SIGSEGV)),
    );
    let stack: [(&str, unsafe extern "sysv64" fn(u64) -> u64); 3] = [
        ("a load through RSP", load_through_rsp),
        ("a load through RBP", load_through_rbp),
        ("a pop", pop_from),
    ];
    for (what, function) in stack {
        let (good, bad) = (fault(function, address), fault(function, wrong));
        show.seen(what, fault::told(bad));
        show.demand("with a canonical address it reads the cell", good == Ok(cell));
        show.demand(
            "through the stack segment it is #SS with error code 0, which Linux tells as SIGBUS, without an address",
            bad.is_err_and(|fault| {
                (fault.vector, fault.error_code, fault.address) == (vector::STACK_FAULT, 0, 0)
                    && (fault.signal, fault.code) == (libc::SIGBUS, libc::SI_KERNEL)
            }),
        );
    }
}

fn cpuinfo(field: &str) -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(field));
    line.and_then(|line| line.split_once(": "))
        .map_or_else(|| "not told".to_owned(), |(_, value)| value.to_owned())
}

/// A pointer is eight bytes that hold a number.
fn pointers(show: &mut Show) {
    let target = 42u32;
    let pointer = &raw const target;
    let bytes = (pointer as u64).to_le_bytes();
    // SAFETY: a pointer is eight initialised bytes.
    let stored: [u8; 8] = unsafe { (&raw const pointer).cast::<[u8; 8]>().read_volatile() };
    show.hex("the address of a variable", pointer as u64);
    show.bytes("the bytes of a pointer to it", &stored);
    show.seen("size of a pointer", size_of_val(&pointer));
    show.demand("a pointer's bytes are the number of the address", stored == bytes);
    let number = u64::from_le_bytes(stored);
    // SAFETY: `target` lives.
    let through = unsafe { (number as *const u32).read_volatile() };
    show.seen("what lies there, read through the number", through);
    show.demand("the number is enough to find the variable", through == target);
}

/// Stores a value of eight bytes with one instruction, or with its bytes turned around first if that is broken.
fn store(value: u64, to: *mut u8) {
    // SAFETY: the caller passes eight bytes.
    unsafe {
        if broken("big-endian-store") {
            asm!("bswap {0}", "mov [{1}], {0}", inout(reg) value => _, in(reg) to);
        } else {
            asm!("mov [{1}], {0}", in(reg) value, in(reg) to);
        }
    }
}

fn byte_order(show: &mut Show) {
    // The addresses of the documents, where Linux lets a program have the first pages (`vm.mmap_min_addr`).
    let Some(pages) = Pages::at(0x1000, 2 * 4096).or_else(|| Pages::at(0x20_1000, 2 * 4096)) else {
        return show.demand("two pages are to be had", false);
    };
    let (first, second) = (pages.start, pages.start + 4096);
    let value = 0x1234_5678_9abc_def0u64;
    store(value, first as *mut u8);
    let cells = bytes_at(first);
    show.hex("where 0x123456789abcdef0 is stored", first);
    show.bytes("its bytes, the lowest address first", &cells);
    show.demand(
        "the least significant byte comes first",
        cells == [0xf0, 0xde, 0xbc, 0x9a, 0x78, 0x56, 0x34, 0x12],
    );
    let back: u64;
    // SAFETY: a load of what was stored.
    unsafe { asm!("mov {}, [{}]", out(reg) back, in(reg) first) };
    show.hex("the same eight bytes, loaded", back);
    show.hex("its top byte by a shift", back >> 56);
    show.demand("the value is not turned around by memory", back == value);
    let picture = Picture::begin("byte-order", "0x123456789abcdef0 in memory, byte by byte");
    picture.point("address", first);
    for (index, byte) in cells.iter().enumerate().rev() {
        let bits = format!("bits {} to {}", 8 * index, 8 * index + 7);
        picture.word(first + index as u64, u64::from(*byte), &bits);
    }
    drop(picture);
    store(0xdead_beef, second as *mut u8);
    let cells = bytes_at(second);
    show.hex("where 0xdeadbeef is stored", second);
    show.bytes("its bytes", &cells[..4]);
    show.hex("the byte at + 0", u64::from(cells[0]));
    show.hex("the byte at + 3", u64::from(cells[3]));
    show.demand("0xdeadbeef begins with 0xef", cells[0] == 0xef);
    show.demand("0xdeadbeef ends with 0xde", cells[3] == 0xde);
}

/// Eight bytes, each by a load of its own.
fn bytes_at(address: u64) -> [u8; 8] {
    let mut bytes = [0; 8];
    for (index, byte) in (0..).zip(&mut bytes) {
        // SAFETY: the caller has mapped the page.
        unsafe { asm!("mov {}, byte ptr [{}]", out(reg_byte) *byte, in(reg) address + index) };
    }
    bytes
}

/// The number 0x1000 may name a place, or lie in one.
fn address_and_value(show: &mut Show) {
    let cell = 0x1000u64;
    let (address, value): (u64, u64);
    // SAFETY: `lea` reads nothing; `mov` reads the cell.
    unsafe {
        asm!("lea {0}, [{2}]", "mov {1}, [{2}]", out(reg) address, out(reg) value, in(reg) &raw const cell);
    }
    show.hex("lea, the address of the cell", address);
    show.hex("mov, the value in the cell", value);
    show.demand("lea gives the place", address == &raw const cell as u64);
    show.demand("mov gives what lies in it", value == 0x1000);
    // SAFETY: `load` owns nothing.
    let fault = unsafe { fault::catch(load, value) };
    show.seen("the value used as an address", fault::told(fault));
    show.demand(
        "a value is an address only if it is used as one",
        fault.is_err_and(|fault| fault.address == 0x1000),
    );
}

/// `lea rax, rbx`, which no assembler writes: 48 8D with a ModRM byte that names a register instead of memory.
#[unsafe(naked)]
unsafe extern "sysv64" fn address_of_a_register(_unused: u64) -> u64 {
    naked_asm!(".byte 0x48, 0x8d, 0xc3", "ret")
}

/// Registers have no address, and there are no more of them than an instruction can name.
fn registers(show: &mut Show) {
    // SAFETY: the function faults before it does anything.
    let fault = unsafe { fault::catch(address_of_a_register, 0) };
    show.seen("the address of a register is asked for", fault::told(fault));
    show.demand(
        "LEA of a register is an invalid opcode",
        fault.is_err_and(|fault| fault.vector == vector::INVALID_OPCODE),
    );
    let before = [0xaau8; 64];
    let mut memory = before;
    let sum: u64;
    // SAFETY: changes registers only.
    unsafe {
        asm!("mov {0}, 40", "add {0}, 2", out(reg) sum, options(nomem));
    }
    std::hint::black_box(&mut memory);
    show.seen("a sum made in a register", sum);
    show.seen(
        "bytes of memory that changed meanwhile",
        memory
            .iter()
            .zip(before)
            .filter(|(now, then)| **now != *then)
            .count(),
    );
    show.demand(
        "work in registers changes no memory",
        memory == before && sum == 42,
    );
    let names = [
        "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13",
        "r14", "r15",
    ];
    show.seen(
        "general registers (four bits name one)",
        format_args!("{}: {}", names.len(), names.join(" ")),
    );
    show.demand("there are sixteen", names.len() == 1 << 4);
}

/// Cycles of one step of a chain in registers, in a cached cell, and in memory that no cache holds. Only told, never judged.
fn latency(show: &mut Show) {
    let steps = 1u32 << 16;
    let in_register = fastest(|| {
        // SAFETY: a chain of additions in one register.
        unsafe {
            asm!("2:", "add {0}, {0}", "dec {1:e}", "jnz 2b",
                 inout(reg) 1u64 => _, inout(reg) steps => _, options(nomem));
        }
    });
    let near = chase(&ring(512), steps);
    let far = chase(&ring(8 << 20), steps);
    let each = |cycles: u64| {
        format!(
            "{:.1} cycles of the time stamp counter",
            cycles as f64 / f64::from(steps)
        )
    };
    show.seen("an addition in a register", each(in_register));
    show.seen("a load from a cell in the nearest cache", each(near));
    show.seen("a load from memory that no cache holds", each(far));
    show.seen(
        "memory / register",
        format_args!("{:.0}", far as f64 / in_register as f64),
    );
    show.demand("all three were measured", in_register > 0 && near > 0 && far > 0);
}

/// A ring through all of `length` cells in an order that no prefetcher guesses.
pub(super) fn ring(length: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..).take(length).collect();
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    for index in (1..length).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        order.swap(index, usize::try_from(state >> 33).unwrap_or(0) % index);
    }
    let mut ring = vec![0; length];
    for (from, to) in order.iter().zip(order.iter().cycle().skip(1)) {
        ring[*from as usize] = *to;
    }
    ring
}

fn chase(ring: &[u32], steps: u32) -> u64 {
    let mut at = 0;
    fastest(|| at = chase_once(ring, at, steps))
}

/// Goes `steps` steps along the ring from `at`: each load's address is the value of the load before. Gives where it came to.
pub(super) fn chase_once(ring: &[u32], at: u64, steps: u32) -> u64 {
    assert!(at < ring.len() as u64 && steps > 0, "it begins in the ring");
    let end;
    // SAFETY: every cell holds the index of a cell.
    unsafe {
        asm!("2:", "mov {0:e}, [{2} + 4*{0}]", "dec {1:e}", "jnz 2b",
             inout(reg) at => end, inout(reg) steps => _, in(reg) ring.as_ptr());
    }
    end
}

fn fastest(mut work: impl FnMut()) -> u64 {
    let once = || {
        // SAFETY: RDTSC is allowed in ring 3.
        let start = unsafe { std::arch::x86_64::_rdtsc() };
        work();
        // SAFETY: as above.
        let end = unsafe { std::arch::x86_64::_rdtsc() };
        end - start
    };
    std::iter::repeat_with(once).take(8).min().unwrap_or(0)
}

#[unsafe(naked)]
unsafe extern "sysv64" fn add_to_memory(_cell: u64) -> u64 {
    naked_asm!("mov eax, 2", "add [rdi], rax", "mov rax, [rdi]", "ret")
}

/// An addition may have one operand in memory, never two.
fn addition(show: &mut Show) {
    let both = assembler::intel("add qword ptr [rax], qword ptr [rbx]");
    show.seen("the assembler about add [rax], [rbx]", assembler::told(&both));
    show.demand("an addition of memory to memory has no encoding", both.is_err());
    for text in ["add qword ptr [rax], rbx", "add rax, qword ptr [rbx]"] {
        let bytes = assembler::intel(text);
        show.seen(&format!("the assembler about {text}"), assembler::told(&bytes));
        show.demand("one operand may lie in memory", bytes.is_ok());
    }
    let mut cell = 40u64;
    // SAFETY: the cell is writable.
    let sum = unsafe { fault::catch(add_to_memory, &raw mut cell as u64) };
    show.seen("a cell of 40 after add [cell], rax with rax = 2", cell);
    show.demand("the sum is in memory", sum == Ok(42) && cell == 42);
    static READ_ONLY: u64 = 40;
    // SAFETY: a store to a page that is not writable has no effect.
    let fault = unsafe { fault::catch(add_to_memory, &raw const READ_ONLY as u64) };
    show.seen("the same on a page that is not writable", fault::told(fault));
    show.demand(
        "the instruction writes what it reads (error code: present, write, ring 3)",
        fault.is_err_and(|fault| fault.vector == vector::PAGE_FAULT && fault.error_code & 7 == 7),
    );
}
