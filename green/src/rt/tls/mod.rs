//! A thread-local storage block for each green thread.
//!
//! With a TLS block of its own, `thread_local!`, `errno`, the panic count and the allocator's caches of a green thread are
//! its own, as std promises for a thread, and it may move between operating-system threads: the compiler's cached address of
//! a thread-local stays right. Without, safe programs break (`tests/isolation.rs` shows how).
//!
//! The block is filled by the C library's own routine, in memory of the thread's slot, so it is what a thread of the library would
//! have. What the library adds to a thread's descriptor afterwards is copied from a real thread, found by the library's own tables for
//! debuggers (glibc: `native/glibc.rs`) or by comparing with what is known of that thread (musl: `native/musl.rs`), never by guessed
//! offsets. A helper thread checks at start that a block made so works; if anything is not as expected, the runtime runs in mode
//! `pinned` and says why.
//!
//! Invariants:
//! 1. A block is used by one green thread at a time and by at most one operating-system thread at any instant.
//! 2. A block belongs to its slot for ever. When its thread has ended, destructors run, and the modules' images are
//!    written anew for the next thread, except the C library's own, whose caches (malloc's above all) stay warm as they
//!    would for a pooled thread.

// Dynamic musl keeps the routines that are needed to itself.
#[cfg(all(
    target_os = "linux",
    target_arch = "x86_64",
    any(target_env = "gnu", all(target_env = "musl", target_feature = "crt-static")),
    not(any(feature = "baton", miri))
))]
#[path = "native/mod.rs"]
mod implementation;

#[cfg(not(all(
    target_os = "linux",
    target_arch = "x86_64",
    any(target_env = "gnu", all(target_env = "musl", target_feature = "crt-static")),
    not(any(feature = "baton", miri))
)))]
#[path = "absent.rs"]
mod implementation;

pub(crate) use implementation::{Tls, thread_pointer};
