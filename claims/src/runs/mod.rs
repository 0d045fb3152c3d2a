//! The runs, one file for each part of the documents.

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

/// Every run, in the order of the documents.
pub(crate) fn all() -> impl Iterator<Item = &'static Run> {
    GROUPS.iter().copied().flatten()
}
