//! Input and output with the interface of `std::io`.
//!
//! Traits, adapters and errors are std's own, so that crates which know those work with everything here. What waits is ours: a green
//! thread that reads from [`stdin`] or a [`pipe`] lets others run. `stdout` and `stderr` are std's own, buffer
//! and lock included, so that they keep their order with `println!`; a terminal that takes nothing for ten milliseconds is
//! a call that blocks, and the worker is replaced meanwhile.

mod pipe;
mod stdin;

pub use pipe::{PipeReader, PipeWriter, pipe};
pub use std::io::*;
pub use stdin::{Stdin, StdinLock, stdin};
