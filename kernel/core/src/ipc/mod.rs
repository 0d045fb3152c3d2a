//! How programs talk to each other, and how they wait for that.

mod poller;

pub use poller::{Interest, wait_for_any};
