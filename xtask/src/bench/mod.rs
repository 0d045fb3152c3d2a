//! Measurements: not tests, because a busy machine must not fail anybody.

pub(crate) mod boot;
mod contestant;
mod debian;
mod floor;
pub(crate) mod green;
mod programs;
mod table;
mod threadbare;
