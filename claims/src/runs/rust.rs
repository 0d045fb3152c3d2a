//! What the Rust compiler and the `x86_64` crate do about interrupts, as far as it can be seen without any.

use super::Run;
use crate::assembler::{output, temporary};
use crate::show::Show;
use std::fs;
use std::process::Command;
use x86_64::VirtAddr;
use x86_64::structures::idt::{Entry, HandlerFunc};
use x86_64::structures::tss::TaskStateSegment;

pub(crate) const RUNS: &[Run] = &[
    ("rust.x86-interrupt-refused", refused),
    ("rust.x86-interrupt-code", code),
    ("rust.ist-index-base", ist_index_base),
    ("rust.stack-end", stack_end),
];

/// Two handlers, without and with an error code, and a plain function, each calling something.
const HANDLERS: &str = "
    #[repr(C)] pub struct Frame { rip: u64, cs: u64, rflags: u64, rsp: u64, ss: u64 }
    unsafe extern \"C\" { fn work(); }
    #[unsafe(no_mangle)] pub extern \"x86-interrupt\" fn without_code(_frame: Frame) { unsafe { work() } }
    #[unsafe(no_mangle)] pub extern \"x86-interrupt\" fn with_code(_frame: Frame, _code: u64) { unsafe { work() } }
    #[unsafe(no_mangle)] pub extern \"C\" fn plain(_frame: &Frame) { unsafe { work(); work() } }
";

/// Translates [`HANDLERS`] to assembly: the text, or what the compiler said. `unlock` lets a stable compiler take what is unstable.
fn translate(unlock: bool) -> Result<String, String> {
    let (source, assembly) = (temporary("h.rs"), temporary("h.s"));
    let feature = if unlock {
        "#![feature(abi_x86_interrupt)]"
    } else {
        ""
    };
    let written = fs::write(&source, format!("#![no_std]\n{feature}\n{HANDLERS}"));
    written.map_err(|error| error.to_string())?;
    let mut rustc = Command::new("rustc");
    rustc.args([
        "--edition",
        "2024",
        "--crate-type",
        "lib",
        "--emit",
        "asm",
        "-O",
        "-Cpanic=abort",
        "-o",
    ]);
    rustc.arg(&assembly).arg(&source).env_remove("RUSTC_BOOTSTRAP");
    if unlock {
        rustc.env("RUSTC_BOOTSTRAP", "1");
    }
    let done = rustc
        .output()
        .map_err(|error| format!("cannot start rustc: {error}"))?;
    let text = fs::read_to_string(&assembly);
    for path in [source, assembly] {
        let _ = fs::remove_file(path); // it may not have been made
    }
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into_owned());
    }
    text.map_err(|error| error.to_string())
}

fn refused(show: &mut Show) {
    let version = output("rustc", &["--version"]).unwrap_or_else(|why| why);
    show.seen("the compiler", version.trim());
    let words = translate(false)
        .err()
        .unwrap_or_else(|| "it took the code".to_owned());
    show.seen(
        "what it says to extern \"x86-interrupt\"",
        words.lines().next().unwrap_or(""),
    );
    show.demand(
        "without a feature the calling convention is refused (E0658)",
        words.contains("E0658"),
    );
}

/// The instructions of a function of the assembly.
fn body<'a>(assembly: &'a str, name: &str) -> Vec<&'a str> {
    let head = format!("{name}:");
    let lines = assembly.lines().skip_while(move |line| *line != head).skip(1);
    let lines = lines.take_while(|line| !line.starts_with(".Lfunc_end"));
    lines
        .map(str::trim)
        .filter(|line| !line.starts_with('.') && !line.is_empty())
        .collect()
}

fn code(show: &mut Show) {
    let assembly = match translate(true) {
        Ok(assembly) => assembly,
        Err(why) => return show.demand(&why, false),
    };
    let [without, with, plain] = ["without_code", "with_code", "plain"].map(|name| body(&assembly, name));
    let told = |lines: &[&str]| {
        let short = lines.iter().filter(|line| !line.contains("%xmm"));
        short
            .map(|line| line.replace('\t', " "))
            .collect::<Vec<_>>()
            .join("; ")
    };
    show.seen(
        "a handler without error code (vector registers left out)",
        told(&without),
    );
    show.seen("a handler with error code (likewise)", told(&with));
    show.seen("a plain extern \"C\" function", told(&plain));
    let scratch = ["rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11"];
    let has = |lines: &[&str], wanted: String| lines.iter().any(|line| *line == wanted);
    for handler in [&without, &with] {
        for register in scratch {
            let both =
                has(handler, format!("pushq\t%{register}")) && has(handler, format!("popq\t%{register}"));
            show.demand(&format!("a handler saves and restores {register}"), both);
        }
        show.demand("a handler returns by IRETQ", handler.last() == Some(&"iretq"));
    }
    let at = |wanted: &str| with.iter().rposition(|line| line.starts_with(wanted));
    show.demand(
        "the error code is taken off before IRETQ",
        at("addq") == with.len().checked_sub(2),
    );
    show.demand(
        "a plain function saves none of them",
        scratch
            .iter()
            .all(|register| *register == "rax" || !has(&plain, format!("pushq\t%{register}"))),
    );
    show.demand("and knows no IRETQ", !has(&plain, "iretq".to_owned()));
}

/// The IST field of a gate is byte 4, bits 0 to 2 (SDM 3A, 7.14.1).
fn ist_field(entry: &Entry<HandlerFunc>) -> u8 {
    // SAFETY: an entry is sixteen bytes of plain data.
    let bytes: [u8; 16] = unsafe { std::ptr::from_ref(entry).cast::<[u8; 16]>().read() };
    bytes[4] & 7
}

fn ist_index_base(show: &mut Show) {
    assert_eq!(size_of::<Entry<HandlerFunc>>(), 16, "an entry is a gate");
    let mut fields = Vec::new();
    for index in 0..3 {
        let mut entry: Entry<HandlerFunc> = Entry::missing();
        // SAFETY: nobody loads this table; the handler is an address to look at.
        unsafe {
            entry
                .set_handler_addr(VirtAddr::new(0x1000))
                .set_stack_index(index)
        };
        show.seen(
            &format!("the gate's IST field after set_stack_index({index})"),
            ist_field(&entry),
        );
        fields.push(ist_field(&entry));
    }
    let mut entry: Entry<HandlerFunc> = Entry::missing();
    // SAFETY: as above.
    unsafe { entry.set_handler_addr(VirtAddr::new(0x1000)) };
    show.seen("the gate's IST field without it", ist_field(&entry));
    show.demand("the crate counts from 0, the CPU from 1", fields == [1, 2, 3]);
    show.demand("0 in the gate means no IST stack", ist_field(&entry) == 0);
}

/// The size of the documents' stack.
const STACK_BYTES: usize = 4096 * 5;

#[repr(align(16))]
struct DoubleFaultStack([u8; STACK_BYTES]);

static STACK: DoubleFaultStack = DoubleFaultStack([0; STACK_BYTES]);

fn stack_end(show: &mut Show) {
    const DOUBLE_FAULT_IST_INDEX: usize = 0;
    let mut tss = TaskStateSegment::new();
    let start = VirtAddr::from_ptr(&raw const STACK.0);
    tss.interrupt_stack_table[DOUBLE_FAULT_IST_INDEX] = start + STACK_BYTES as u64;
    // SAFETY: a TSS is 104 bytes of plain data.
    let bytes: [u8; 104] = unsafe { (&raw const tss).cast::<[u8; 104]>().read() };
    let word = |at: usize| {
        bytes[at..at + 8]
            .iter()
            .rev()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
    };
    show.seen("size of the crate's TSS", size_of::<TaskStateSegment>());
    show.hex("the start of the stack", start.as_u64());
    show.hex("RSP0, at byte 4", word(4));
    show.hex("IST1, at byte 36", word(36));
    show.hex("IST2, at byte 44", word(44));
    show.demand(
        "the array's index 0 is IST1",
        word(36) == start.as_u64() + STACK_BYTES as u64,
    );
    show.demand(
        "the CPU is told the stack's end, since it grows down",
        word(36) - start.as_u64() == 20_480,
    );
    show.demand("the others are empty", word(44) == 0 && word(4) == 0);
}
