//! `threadbare run PROGRAM`: any Linux x86-64 program, as its own virtual machine.
//!
//! # Structure
//!
//! - [`arguments`]: the command line; [`run`]: what it asks for, in order
//! - [`program`]: finding the program and its libraries; [`pack`]: the machine's file system
//! - [`vm`]: QEMU as a process; [`session`]: everything while it runs
//! - [`report`]: faults, explained
//!
//! # Invariants
//!
//! 1. The exit status is the program's, or says by Docker's numbers why there is none ([`failure`]).
//! 2. Standard output is the program's alone. The command's own words go to standard error, and there are none unless
//!    something is wrong or asked for.
//! 3. What comes out of the machine is not trusted: not its messages, not the text for people in them.

#![forbid(unsafe_code)]

mod arguments;
mod failure;
mod pack;
mod program;
mod report;
mod run;
mod say;
mod session;
mod vm;

use arguments::{Arguments, Command};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = vm::stage::take_if_asked() {
        return code;
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() {
                ExitCode::from(failure::RUNNER)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let Command::Run(options) = arguments.command;
    let status = run::run(&options).unwrap_or_else(|failure| {
        say::say(&failure.text);
        failure.status
    });
    ExitCode::from(status)
}
