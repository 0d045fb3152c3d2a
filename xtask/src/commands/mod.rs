//! One file per command.

pub(crate) mod bench;
pub(crate) mod build;
pub(crate) mod ci;
pub(crate) mod claims;
pub(crate) mod explore;
pub(crate) mod fuzz;
pub(crate) mod run;
pub(crate) mod test;
pub(crate) mod tidy;
mod variants;
