//! Telling the user what happened: fatal faults of the program, and what the kernel does not have.
//!
//! Everything goes to the host as structured messages; the command there knows the files and renders symbols,
//! disassembly and backtraces.

mod crash;
mod fault;
mod missing;
mod narrate;

pub use crash::describe;
pub use fault::{bad_frame, exception, page_fault};
pub use missing::{missing, missing_call, missing_call_again, send_missing};
pub use narrate::narrate;

use crate::host;
use crate::process::Failure;
use alloc::format;
use alloc::string::String;
use threadbare_link::LogLevel;

/// Logs that a program could not be executed.
pub fn log_failure(failure: &Failure) {
    let path = String::from_utf8_lossy(&failure.path);
    host::log(
        LogLevel::Error,
        &format!("cannot execute {path}: {}", failure.errno.name()),
    );
}
