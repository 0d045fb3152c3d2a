//! Measurements: not tests, because a busy machine must not fail anybody.

pub(crate) mod boot;
mod contestant;
mod debian;
mod floor;
mod programs;
mod table;
mod threadbare;
