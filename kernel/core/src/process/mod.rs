//! Processes and their threads, and how a program becomes one.
//!
//! A [`Process`] is what its threads share: memory, open files, signals' actions, credentials. A [`Thread`] is a kernel
//! task that runs ring 3 in a loop ([`life`]).
//!
//! Lock order: `memory` (sleeping) before any spin lock; no two spin locks of one process at once, but where a
//! field says so.

mod auxiliary;
mod exec;
mod life;
mod limits;
mod loader;
mod source;
mod stack;
mod table;
mod thread;

pub use exec::{Failure, Program, execute};
pub use life::{start_cloned, start_thread};
pub use limits::{Limit, Limits};
pub use source::Tables;
pub use table::{ExitStatus, Process, first_process};
pub use thread::Thread;
