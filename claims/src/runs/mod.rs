//! The runs, one file for each part of the documents.

#[macro_use]
mod preserved;

mod abi;
mod calls;
mod compiled;
mod execution;
mod frames;
mod memory;
mod registers;
mod rust;
mod stack;
mod switching;
mod syntax;

use crate::show::Show;

/// A run: its name and what it does.
pub(crate) type Run = (&'static str, fn(&mut Show));

const GROUPS: &[&[Run]] = &[
    memory::RUNS,
    execution::RUNS,
    stack::RUNS,
    frames::RUNS,
    calls::RUNS,
    switching::RUNS,
    rust::RUNS,
    registers::RUNS,
    abi::RUNS,
    syntax::RUNS,
    compiled::RUNS,
];

/// Runs that ask the assembler, gcc or rustc: elsewhere than on a development machine they cannot take place.
const WITH_TOOLS: &[&str] = &[
    "memory.addition",
    "execution.rip-lengths",
    "execution.rip-unwritable",
    "frames.prologue-epilogue",
    "frames.locals",
    "calls.saved-registers",
    "calls.r12",
    "calls.kept-by-the-caller",
    "calls.argument-registers-change",
    "calls.misaligned-entry",
    "rust.x86-interrupt-refused",
    "rust.x86-interrupt-code",
    "registers.names",
    "registers.addressing",
    "registers.call-by-hand",
    "syntax.prefixes",
    "syntax.suffixes",
    "syntax.order",
    "syntax.offsets",
    "compiled-c.listing",
    "compiled-c.noise",
    "compiled-c.executed",
    "compiled-c.sizes",
    "compiled-c.optimised",
    "compiled-c.lea-against-mov",
];

/// Runs that show what QEMU's emulation leaves out: it has no alignment check, and raises #GP for #SS.
const WITH_HARDWARE: &[&str] = &["calls.alignment-check", "memory.canonical-stack"];

/// Whether a run can take place on any machine of this architecture, an emulated one without a compiler included.
pub(crate) fn runs_anywhere(name: &str) -> bool {
    !WITH_TOOLS.contains(&name) && !WITH_HARDWARE.contains(&name)
}

/// Every run, in the order of the documents.
pub(crate) fn all() -> impl Iterator<Item = &'static Run> {
    GROUPS.iter().copied().flatten()
}
