//! Measurements: not tests, because a busy machine must not fail anybody.

pub(crate) mod boot;
mod contestant;
mod debian;
mod floor;
pub(crate) mod green;
mod initrd;
pub(crate) mod linux;
mod programs;
mod rival;
pub(crate) mod serve;
mod table;
mod threadbare;
