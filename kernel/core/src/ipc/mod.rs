//! How programs talk to each other, and how they wait for that.

pub mod epoll;
mod eventfd;
pub mod pipe;
mod poller;
pub mod shared_memory;
mod told;
pub mod unix;
mod waiters;

pub use eventfd::EventCounter;
pub use poller::{Interest, wait_for_any};
pub use told::{Owner, Told};

use crate::process::Thread;
use crate::signal::{Signal, SignalInfo, code, send_to_thread};

/// Whether the running thread should give its wait up.
pub fn interrupted() -> bool {
    Thread::current().is_some_and(|thread| thread.is_interrupted())
}

/// `SIGPIPE` to the running thread: it has written to what nobody reads.
pub fn raise_broken_pipe() {
    if let Some(thread) = Thread::current() {
        let info = SignalInfo::from_process(Signal::SIGPIPE, code::SI_USER, thread.process.pid, 0);
        send_to_thread(&thread, info);
    }
}
