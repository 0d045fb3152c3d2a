//! What CPUs do, shown by doing it: each test prints what it saw, then compares that with what the manual says.
//!
//! A line of output is one of
//!
//! ```text
//!   seen WHAT = VALUE
//!   picture NAME | TITLE     a picture, until `end`:
//!   point NAME | VALUE         a value with a name
//!   column TITLE               another column of rows
//!   row WHERE | VALUE | LABEL  a word, highest address first
//!   end
//! ```
//!
//! Everything is printed before anything is asserted. A test leaves the machine as it found it, unless it dies.

pub(super) mod clobber;
pub(super) mod frames;
pub(super) mod gates;
pub(super) mod handlers;
pub(super) mod ist;
pub(super) mod leave;
mod raw;
pub(super) mod rings;
mod see;
pub(super) mod sources;
pub(super) mod switch;
mod tables;
mod testpage;
pub(super) mod tlb;
pub(super) mod vectors;

/// How the names of these tests begin.
pub(super) const PREFIX: &str = "claims::";
