//! A thread-local storage block for each green thread.
//!
//! With a TLS block of its own, `thread_local!`, `errno`, the panic count and the allocator's caches of a green thread are
//! its own, as std promises for a thread, and it may move between operating-system threads: the compiler's cached address of
//! a thread-local stays right. Without, safe programs break (`tests/isolation.rs` shows how).
//!
//! The block is filled by the C library's own `_dl_allocate_tls_init`, in memory of the thread's slot, so it is what a thread of the
//! library would have. What the library adds to a thread's descriptor afterwards is copied from a real thread, found by the
//! library's own tables for debuggers (`_thread_db_*`), never by guessed offsets; [`glibc`] lists it. A helper thread checks
//! at start that a block made so works; if anything is not as expected, the runtime runs in mode `pinned` and says why.
//!
//! Invariants:
//! 1. A block is used by one green thread at a time and by at most one operating-system thread at any instant.
//! 2. A block belongs to its slot for ever. When its thread has ended, destructors run, and the modules' images are
//!    written anew for the next thread, except the C library's own, whose caches (malloc's above all) stay warm as they
//!    would for a pooled thread.

#[cfg(all(
    target_os = "linux",
    target_env = "gnu",
    target_arch = "x86_64",
    not(any(feature = "baton", miri))
))]
mod check;
#[cfg(all(
    target_os = "linux",
    target_env = "gnu",
    target_arch = "x86_64",
    not(any(feature = "baton", miri))
))]
mod glibc;
#[cfg(all(
    target_os = "linux",
    target_env = "gnu",
    target_arch = "x86_64",
    not(any(feature = "baton", miri))
))]
mod modules;
#[cfg(all(
    target_os = "linux",
    target_env = "gnu",
    target_arch = "x86_64",
    not(any(feature = "baton", miri))
))]
mod symbols;
#[cfg(all(
    target_os = "linux",
    target_env = "gnu",
    target_arch = "x86_64",
    not(any(feature = "baton", miri))
))]
mod vector;

#[cfg(all(
    target_os = "linux",
    target_env = "gnu",
    target_arch = "x86_64",
    not(any(feature = "baton", miri))
))]
pub(crate) use glibc::{Tls, thread_pointer};

#[cfg(not(all(
    target_os = "linux",
    target_env = "gnu",
    target_arch = "x86_64",
    not(any(feature = "baton", miri))
)))]
mod absent {
    use crate::rt::control::Control;

    /// Where blocks cannot be made. On the baton backend that is no loss: each green thread has an operating-system thread, and with it
    /// thread-locals of its own.
    pub(crate) enum Tls {}

    impl Tls {
        pub(crate) fn probe() -> Result<Tls, String> {
            Err("isolated thread-locals are implemented for x86-64 Linux with glibc only".to_owned())
        }

        pub(crate) fn reserved(&self) -> usize {
            match *self {}
        }

        pub(crate) fn prepare(&self, _control: &'static Control) -> Result<(), std::io::Error> {
            match *self {}
        }

        pub(crate) fn begin(&self, _first: bool) {
            match *self {}
        }

        pub(crate) fn finish(&self) {
            match *self {}
        }

        pub(crate) fn watch(&self) {
            match *self {}
        }
    }
}
#[cfg(not(all(
    target_os = "linux",
    target_env = "gnu",
    target_arch = "x86_64",
    not(any(feature = "baton", miri))
)))]
pub(crate) use absent::Tls;
