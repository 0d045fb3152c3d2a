//! The report of a program's fault.

use super::{
    disassembly,
    modules::{self, Module},
    operand, unwind, words,
};
use crate::{pack::tree::Tree, say::printable_bytes};
use std::fmt::Write as _;
use threadbare_link::{Crash, Registers};

const PAGE_FAULT: u8 = 14;

/// Explains `crash`: what, where, the instructions, the registers, the chain of calls. The files of the program are
/// those of `tree`.
pub(crate) fn render(crash: &Crash<'_>, tree: &Tree) -> String {
    let modules = modules::of_crash(crash, tree);
    let mut text = headline(crash);
    let rip = crash.registers.rip;
    let _ = writeln!(text, "  at {}", location(&modules, rip));
    section(
        &mut text,
        "instructions",
        &disassembly::around(crash.code_bytes, crash.code_address, rip),
    );
    section(&mut text, "registers", &registers(&crash.registers));
    section(&mut text, "calls, the last first", &backtrace(crash, &modules));
    text
}

fn headline(crash: &Crash<'_>) -> String {
    let (signal, meaning) = words::signal(crash.signal);
    let name = printable_bytes(crash.name);
    let mut text = format!(
        "{name} (process {}, thread {}) was killed by {signal}: {meaning}\n",
        crash.pid, crash.tid
    );
    let _ = match (crash.address, crash.class) {
        (Some(address), Some(class)) if crash.vector == PAGE_FAULT => {
            let (access, place) = (words::access(crash.error_code), words::place(class, address));
            writeln!(text, "  it tried to {access} {address:#x}, {place}")
        }
        (Some(address), Some(class)) => {
            let (exception, place) = (words::exception(crash.vector), words::place(class, address));
            writeln!(text, "  {exception}; the address is {address:#x}, {place}")
        }
        (Some(address), None) => writeln!(text, "  {} at {address:#x}", words::exception(crash.vector)),
        (None, _) if operand::non_canonical(crash).is_some() => {
            let (exception, address) = (
                words::exception(crash.vector),
                operand::non_canonical(crash).unwrap_or_default(),
            );
            writeln!(
                text,
                "  {exception}: it used the non-canonical address {address:#x}, whose upper bits are not all alike"
            )
        }
        (None, _) if crash.error_code == 0 => writeln!(text, "  {}", words::exception(crash.vector)),
        (None, _) => writeln!(
            text,
            "  {}, error code {:#x}",
            words::exception(crash.vector),
            crash.error_code
        ),
    };
    text
}

/// Address, function and line, file and offset, as far as they are known.
fn location(modules: &[Module], address: u64) -> String {
    match modules::at(modules, address) {
        None => format!("{address:#x}, in no file that was packed"),
        Some(module) => match module.functions(address).first() {
            None => format!("{address:#x} ({})", module.place(address)),
            Some(function) => format!("{address:#x} in {function} ({})", module.place(address)),
        },
    }
}

fn section(text: &mut String, title: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(text, "{title}:");
    for line in lines {
        let _ = writeln!(text, "  {line}");
    }
}

fn registers(registers: &Registers) -> Vec<String> {
    let r = registers;
    let named = [
        ("rax", r.rax),
        ("rbx", r.rbx),
        ("rcx", r.rcx),
        ("rdx", r.rdx),
        ("rsi", r.rsi),
        ("rdi", r.rdi),
        ("rbp", r.rbp),
        ("rsp", r.rsp),
        ("r8 ", r.r8),
        ("r9 ", r.r9),
        ("r10", r.r10),
        ("r11", r.r11),
        ("r12", r.r12),
        ("r13", r.r13),
        ("r14", r.r14),
        ("r15", r.r15),
        ("rip", r.rip),
        ("rfl", r.rflags),
        ("fs ", r.fs_base),
        ("gs ", r.gs_base),
    ];
    let line = |four: &[(&str, u64)]| {
        let cells: Vec<_> = four
            .iter()
            .map(|(name, value)| format!("{name} {value:016x}"))
            .collect();
        cells.join("  ")
    };
    named.chunks(4).map(line).collect()
}

fn backtrace(crash: &Crash<'_>, modules: &[Module]) -> Vec<String> {
    let frames = unwind::frames(crash, modules);
    let mut lines = Vec::new();
    for (index, address) in frames.iter().enumerate() {
        let Some(module) = modules::at(modules, *address) else {
            lines.push(format!("{index:2} {address:#x}"));
            continue;
        };
        let place = module.place(*address);
        let functions = module.functions(*address);
        match functions.split_first() {
            None => lines.push(format!("{index:2} {place}")),
            Some((innermost, outer)) => {
                lines.push(format!("{index:2} {innermost} ({place})"));
                lines.extend(outer.iter().map(|function| format!("   inlined into {function}")));
            }
        }
    }
    if frames.len() == unwind::MAX_FRAMES {
        lines.push("   and more".to_owned());
    }
    lines
}

#[cfg(test)]
mod tests;
