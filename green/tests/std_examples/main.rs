//! The examples of std's own documentation, compiled and run against this crate.
//!
//! Copyright of the examples: the Rust project's developers, under MIT or Apache-2.0.
#![allow(
    unused,
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
#![allow(unsafe_code, reason = "one of std's examples shows an unsafe function")]

mod mpsc;
mod sync;
mod thread;

/// Runs an example where it is meant to run. One of them recurses a thousand times, which the default stack does not
/// hold in a debug build.
fn in_a_green_thread(example: fn()) {
    static CONFIGURED: std::sync::Once = std::sync::Once::new();
    CONFIGURED.call_once(|| {
        threadbare::runtime::Builder::new()
            .stack_size(1 << 20)
            .install()
            .unwrap()
    });
    let thread = threadbare::thread::Builder::new().spawn(example).unwrap();
    if let Err(payload) = thread.join() {
        std::panic::resume_unwind(payload);
    }
}
