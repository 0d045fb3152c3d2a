//! The tests of green threads that need another build: C libraries, and the sanitizers, which stable Rust has behind a switch.

use super::test::{cargo, sum};
use crate::process;
use crate::tally::Tally;
use anyhow::Result;
use std::process::Command;

const GNU: &str = "x86_64-unknown-linux-gnu";
const MUSL: &str = "x86_64-unknown-linux-musl";

struct Variant {
    title: &'static str,
    target: &'static str,
    flags: &'static str,
    /// Arguments of `cargo test`; after `--` for the tests.
    arguments: &'static [&'static str],
    /// Uses what is not stable in a stable compiler.
    unstable: bool,
}

const VARIANTS: [Variant; 6] = [
    Variant {
        title: "static glibc",
        target: GNU,
        flags: "-C target-feature=+crt-static",
        arguments: &["--test", "isolation", "--test", "behaviour"],
        unstable: false,
    },
    Variant {
        title: "static musl",
        target: MUSL,
        flags: "",
        arguments: &["--test", "isolation", "--test", "behaviour"],
        unstable: false,
    },
    // It stands in for functions of the C library, which a static program has as well.
    Variant {
        title: "deterministic mode on static glibc",
        target: GNU,
        flags: "-C target-feature=+crt-static",
        arguments: &["--features", "sim", "--test", "sim"],
        unstable: false,
    },
    Variant {
        title: "deterministic mode on static musl",
        target: MUSL,
        flags: "",
        arguments: &["--features", "sim", "--test", "sim"],
        unstable: false,
    },
    Variant {
        title: "AddressSanitizer",
        target: GNU,
        flags: "-Zsanitizer=address -Cunsafe-allow-abi-mismatch=sanitizer",
        arguments: &["--test", "sanitizers", "--", "--ignored", "address"],
        unstable: true,
    },
    // It has to see std's atomics, so std is built with it.
    Variant {
        title: "ThreadSanitizer",
        target: GNU,
        flags: "-Zsanitizer=thread",
        arguments: &["-Zbuild-std", "--test", "sanitizers", "--", "--ignored", "thread"],
        unstable: true,
    },
];

/// Runs them all; those whose name contains `filter`, if there is one.
pub(super) fn run(filter: Option<&str>) -> Result<Tally> {
    let mut tally = Tally::default();
    for variant in VARIANTS {
        if filter.is_some_and(|filter| !variant.title.contains(filter)) {
            continue;
        }
        println!("--- {}", variant.title);
        if variant.target == MUSL {
            process::succeeds(Command::new("rustup").args(["target", "add", MUSL]));
        }
        let (options, after) = match variant.arguments.iter().position(|word| *word == "--") {
            Some(position) => variant.arguments.split_at(position),
            None => (variant.arguments, &[][..]),
        };
        let mut command = cargo(&[
            "test",
            "--quiet",
            "--package",
            "threadbare",
            "--target",
            variant.target,
        ]);
        command.args(options).env("RUSTFLAGS", variant.flags);
        if variant.unstable {
            command.env("RUSTC_BOOTSTRAP", "1");
        }
        command.arg("--no-fail-fast").args(after);
        tally += Tally::or_failed(variant.title, sum(command));
    }
    Ok(tally)
}
