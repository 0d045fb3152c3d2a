//! Tests that run inside a VM, in ring 0.
//!
//! The kernel command line says which: `tests=list` prints them, `tests=all` runs all that leave the kernel alive,
//! `tests=NAME` runs one. A test that must kill the kernel is listed with texts that its report must contain; whoever
//! runs it checks that from outside.
//!
//! The tests in [`claims`] print what they see as they go. `break=NAME` beside `tests=` breaks a mechanism first
//! ([`breaks`]): the test that is about it must fail then.

pub(crate) mod breaks;
mod claims;
mod gates;
mod handlers;
mod large;
mod leaf;
mod memory;
mod observe;
mod overflow;
mod stubs;
mod tasks;
mod user;

pub(crate) use observe::observe;

use crate::boot::command_line;
use crate::io::{CrashConsole, Ending, end};
use core::fmt::Write;

/// A test.
#[derive(Clone, Copy, Debug)]
pub struct Test {
    /// Its name, which tells the behaviour.
    pub name: &'static str,
    /// What it does; it panics if the behaviour is not there.
    pub run: fn(),
    /// For a test that must kill the kernel: what the report says. Without texts, the machine must reset.
    pub dies: Option<&'static [&'static str]>,
}

impl Test {
    /// A test that leaves the kernel alive.
    pub const fn new(name: &'static str, run: fn()) -> Test {
        Test {
            name,
            run,
            dies: None,
        }
    }

    /// A test that kills the kernel.
    pub const fn dying(name: &'static str, run: fn(), report: &'static [&'static str]) -> Test {
        Test {
            name,
            run,
            dies: Some(report),
        }
    }
}

/// The tests of this crate.
pub const TESTS: &[&[Test]] = &[
    gates::TESTS,
    handlers::TESTS,
    leaf::TESTS,
    large::TESTS,
    memory::TESTS,
    overflow::TESTS,
    stubs::TESTS,
    tasks::TESTS,
    user::TESTS,
    claims::clobber::TESTS,
    claims::frames::TESTS,
    claims::gates::TESTS,
    claims::handlers::TESTS,
    claims::ist::TESTS,
    claims::leave::TESTS,
    claims::rings::TESTS,
    claims::sources::TESTS,
    claims::switch::TESTS,
    claims::tlb::TESTS,
    claims::vectors::TESTS,
];

/// Does what the command line asks for with the tests of `groups` and of this crate, and ends the machine; returns if it
/// asks for none.
pub fn run_if_asked(groups: &[&[Test]]) {
    let word = |name| {
        command_line()
            .split_whitespace()
            .find_map(move |word| word.strip_prefix(name))
    };
    let Some(what) = word("tests=") else {
        return;
    };
    if let Some(mechanism) = word("break=") {
        breaks::apply(mechanism);
    }
    let all = || TESTS.iter().chain(groups).flat_map(|group| group.iter());
    let mut console = CrashConsole;
    match what {
        "list" => {
            for test in all() {
                let _ = write!(console, "test {}", test.name);
                if let Some(report) = test.dies {
                    let _ = console.write_str(" dies");
                    for text in report {
                        let _ = write!(console, " {text:?}");
                    }
                }
                let _ = console.write_str("\n");
            }
        }
        "all" => all().filter(|test| test.dies.is_none()).for_each(run),
        name => run(all()
            .find(|test| test.name == name)
            .expect("there is no such test")),
    }
    end(Ending::TestsPassed)
}

fn run(test: &Test) {
    let mut console = CrashConsole;
    let whole_lines = test.name.starts_with(claims::PREFIX);
    if whole_lines {
        (test.run)();
    }
    let _ = write!(console, "test {} ... ", test.name);
    if !whole_lines {
        (test.run)(); // a failure is a panic: the report follows on the same console
    }
    let _ = console.write_str("ok\n");
}
