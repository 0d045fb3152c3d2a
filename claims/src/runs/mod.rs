//! The runs, one file for each part of the documents.

mod memory;
mod stack;

use crate::show::Show;

/// A run: its name and what it does.
pub(crate) type Run = (&'static str, fn(&mut Show));

const GROUPS: &[&[Run]] = &[memory::RUNS, stack::RUNS];

/// Every run, in the order of the documents.
pub(crate) fn all() -> impl Iterator<Item = &'static Run> {
    GROUPS.iter().copied().flatten()
}
