//! The examples of std's own documentation for net, io, fs, process, time and os, compiled and run against this crate.
//!
//! Copyright of the examples: the Rust project's developers, under MIT or Apache-2.0.
#![allow(
    unused,
    unnameable_test_items,
    deprecated,
    clippy::all,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::undocumented_unsafe_blocks,
    missing_docs,
    unused_qualifications,
    unreachable_pub,
    reason = "std's text, word for word"
)]
#![allow(unsafe_code, reason = "some of std's examples show unsafe functions")]

mod fs;
mod io;
mod net;
mod os;
mod process;
mod time;

/// Runs an example where it is meant to run: on a green thread, in a directory of its own with the file that std's examples read.
fn in_a_green_thread(example: fn()) {
    let thread = threadbare::thread::Builder::new().spawn(example).unwrap();
    if let Err(payload) = thread.join() {
        std::panic::resume_unwind(payload);
    }
}

/// The end of an example's `main`.
fn finish(result: impl std::process::Termination) {
    assert_eq!(
        format!("{:?}", result.report()),
        format!("{:?}", std::process::ExitCode::SUCCESS)
    );
}
