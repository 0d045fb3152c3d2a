//! An ordered map from non-overlapping, half-open ranges of addresses to values: what a process has mapped where.
//!
//! A value knows how to be cut in two and when two of it are one again ([`Piece`]), so that a change to part of a
//! range splits it, and a change back leaves no trace.
//!
//! Invariants:
//! 1. No range is empty, and no two overlap.
//! 2. No two neighbours that touch are one ([`Piece::joins`]) in the places that the last change touched: changes
//!    merge at their own borders and look no further.
//! 3. The values together are always what the same changes, applied address by address, would give (this is what
//!    the property tests compare with).
//!
//! A B-tree keyed by start addresses holds the ranges. Rejected: a sorted vector (a mapping in the middle of a
//! process with ten thousand of them moves them all) and an augmented tree that finds gaps in logarithmic time (a
//! search from the top meets a gap after a handful of ranges in practice; `highest_gap` can change inside).
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;
#[cfg(test)]
mod tests;

mod change;
mod gap;
mod map;

pub use map::{Piece, RangeMap};
