//! The claims of `docs/claims/` that ring 3 can show, on the CPU at hand. `cargo xtask claims` runs this program.
//!
//! A *run* is a small experiment with a name. It prints the values that it saw, each on a line, and then compares them with
//! what the claims demand (see [`show`] for the lines). Each run has a process of its own, because some fault, and some
//! replace signal handlers.
//!
//! * `threadbare-claims list` prints the names; behind those that need no tools and no more than an emulated CPU stands `anywhere`.
//! * `threadbare-claims RUN` does one; the status is 0 if everything was as claimed.
//! * `threadbare-claims RUN --break MUTATION` does it with one mechanism broken on purpose: the run must fail then.
//!
//! Invariants:
//! 1. A run prints what it saw before it judges, and judges only what it saw.
//! 2. A mutation changes the experiment (a twin of a routine with one line wrong), never the judgement.
//! 3. Nothing is judged by wall time.
#![allow(
    unsafe_code,
    reason = "shows registers, stacks and faults, which only assembly and raw pointers can reach; nothing of this is shipped"
)]

mod assembler;
mod compiler;
mod fault;
mod mutation;
mod pages;
mod runs;
mod show;
mod step;

use show::Show;
use std::process::ExitCode;

/// However slow the machine: a run takes less than a second on a usual one.
const LONGEST_SECONDS: u32 = 300;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["list"] => {
            for (name, _) in runs::all() {
                println!(
                    "{name}{}",
                    if runs::runs_anywhere(name) {
                        " anywhere"
                    } else {
                        ""
                    }
                );
            }
            ExitCode::SUCCESS
        }
        [name] => one(name),
        [name, "--break", mutation] => {
            mutation::set(mutation);
            one(name)
        }
        _ => {
            eprintln!("usage: threadbare-claims list | RUN [--break MUTATION]");
            ExitCode::from(2)
        }
    }
}

fn one(name: &str) -> ExitCode {
    let Some((_, run)) = runs::all().find(|(known, _)| *known == name) else {
        eprintln!("there is no run named {name}");
        return ExitCode::from(2);
    };
    fault::only_faults();
    // SAFETY: a run that hangs is killed by SIGALRM's default action.
    unsafe { libc::alarm(LONGEST_SECONDS) };
    let mut show = Show::default();
    run(&mut show);
    if show.verdict(name) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
