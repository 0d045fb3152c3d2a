//! Child processes with the interface of `std::process`.
//!
//! A green thread that waits for a child, or for what it writes, lets others run: the end of a child is an event (`pidfd_open`, Linux 5.3).
//!
//! ```
//! use threadbare::process::Command;
//!
//! let output = Command::new("echo").arg("hello").output()?;
//! assert!(output.status.success());
//! assert_eq!(output.stdout, b"hello\n");
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Difference: what std offers for commands in `std::os::unix::process::CommandExt`, a trait that only std implements, are methods of
//! [`Command`] itself.

mod child;
mod command;
mod stdio;

pub use child::Child;
pub use command::Command;
pub use std::process::{
    CommandArgs, CommandEnvs, ExitCode, ExitStatus, Output, Stdio, Termination, abort, exit, id,
};
pub use stdio::{ChildStderr, ChildStdin, ChildStdout};
