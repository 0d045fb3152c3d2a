//! A compiler for the bare machine.
//!
//! Only the kernel image needs `core` and `alloc` for `x86_64-unknown-none`. Machines differ in how that can be had, so
//! the first of these that works is taken, said in one line on stderr, and remembered in a stamp under `target/`:
//!
//! 1. `target`: the target's libraries lie in the active toolchain, or `rustup target add` brings them;
//! 2. `build-std`: the active toolchain has the sources of `core` (rust-src), so cargo builds them;
//! 3. `debian`: Debian's own `rustc-web`, `cargo-web` and `rust-web-src`, which serve a recent stable compiler with its
//!    sources; they are installed when they are missing.
//!
//! `THREADBARE_TOOLCHAIN=target|build-std|debian` asks for one of them by name.

mod active;
mod debian;
mod stamp;

use anyhow::{Result, bail};
use std::env;
use std::process::Command;

/// The target of the kernel image: no operating system, no SSE in compiled code, no red zone.
pub(crate) const TARGET: &str = "x86_64-unknown-none";

/// How `core` for the bare machine is had here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// Ready-made, in the active toolchain.
    Target,
    /// Built from the sources of the active toolchain.
    BuildStd,
    /// Built from Debian's sources by Debian's compiler.
    Debian,
}

const ALL: [Toolchain; 3] = [Toolchain::Target, Toolchain::BuildStd, Toolchain::Debian];

/// Finds the toolchain for the kernel image, installing what is missing where that is possible.
///
/// # Errors
/// Where nothing works: with the line to type.
pub(crate) fn find() -> Result<Toolchain> {
    let chosen = match env::var("THREADBARE_TOOLCHAIN") {
        Ok(name) => by_name(&name)?,
        Err(_) => match stamp::read() {
            Some(remembered) => remembered,
            None => first_that_works()?,
        },
    };
    eprintln!("xtask: the kernel image is built with {}", chosen.describe());
    Ok(chosen)
}

fn by_name(name: &str) -> Result<Toolchain> {
    let Some(asked) = ALL.into_iter().find(|toolchain| toolchain.name() == name) else {
        bail!("THREADBARE_TOOLCHAIN is '{name}': it takes target, build-std or debian");
    };
    asked.prepare()?;
    Ok(asked)
}

fn first_that_works() -> Result<Toolchain> {
    let mut refusals = Vec::new();
    for candidate in ALL {
        match candidate.prepare() {
            Ok(()) => {
                stamp::write(candidate);
                return Ok(candidate);
            }
            Err(refusal) => refusals.push(format!("  {}: {refusal:#}", candidate.name())),
        }
    }
    bail!(
        "no toolchain for {TARGET}:\n{}\nanywhere with rustup: rustup target add {TARGET}",
        refusals.join("\n")
    )
}

impl Toolchain {
    /// The name of the way, as `THREADBARE_TOOLCHAIN` takes it.
    fn name(self) -> &'static str {
        match self {
            Toolchain::Target => "target",
            Toolchain::BuildStd => "build-std",
            Toolchain::Debian => "debian",
        }
    }

    fn describe(self) -> &'static str {
        match self {
            Toolchain::Target => "the active toolchain and its x86_64-unknown-none libraries",
            Toolchain::BuildStd => "the active toolchain and -Zbuild-std from its rust-src",
            Toolchain::Debian => "Debian's rustc-web and -Zbuild-std from its rust-web-src",
        }
    }

    /// Installs what this way lacks; an error says why it cannot be had here.
    fn prepare(self) -> Result<()> {
        match self {
            Toolchain::Target => active::ensure_target(),
            Toolchain::BuildStd => active::ensure_sources(),
            Toolchain::Debian => debian::ensure(),
        }
    }

    /// `cargo build` for the bare machine, to be completed with a package and a profile. The settings of whoever
    /// called us (a rustup override, compiler flags, cargo's own variables) do not reach it.
    pub(crate) fn cargo_build(self) -> Command {
        let mut command = Command::new(match self {
            Toolchain::Debian => debian::CARGO.into(),
            _ => env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
        });
        for name in [
            "RUSTFLAGS",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_BUILD_TARGET",
            "RUSTC_WORKSPACE_WRAPPER",
        ] {
            command.env_remove(name);
        }
        command.args(["build", "--target", TARGET]);
        if self == Toolchain::Debian {
            command
                .env("RUSTC", debian::RUSTC)
                .env_remove("RUSTUP_TOOLCHAIN")
                .env_remove("CARGO");
        }
        if self != Toolchain::Target {
            // -Zbuild-std is the one unstable option in the project, and it changes how `core` is had, not the language.
            command.env("RUSTC_BOOTSTRAP", "1");
            command.arg("-Zbuild-std=core,alloc,compiler_builtins");
            command.arg("-Zbuild-std-features=compiler-builtins-mem");
        }
        command
    }
}
