//! The programs of `guest/`, built when a test asks for one.

use crate::{target, workspace};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

/// How a C program is linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linking {
    /// With glibc, through its dynamic loader.
    Dynamic,
    /// With glibc, into one file.
    Static,
    /// With musl, into one file.
    MuslStatic,
    /// With musl, into one file that can lie at any address.
    MuslStaticPie,
}

/// A program of `guest/c`.
#[must_use]
pub fn c(name: &str, linking: Linking) -> PathBuf {
    let (compiler, flags): (&str, &[&str]) = match linking {
        Linking::Dynamic => ("gcc", &[]),
        Linking::Static => ("gcc", &["-static"]),
        Linking::MuslStatic => ("musl-gcc", &["-static"]),
        Linking::MuslStaticPie => ("musl-gcc", &["-static-pie", "-fPIE"]),
    };
    let source = workspace().join(format!("guest/c/{name}.c"));
    compile(compiler, flags, &source, &format!("{name}-{linking:?}"))
}

/// A program of `guest/` without a C library.
#[must_use]
pub fn freestanding(source: &str) -> PathBuf {
    let source = workspace().join("guest").join(source);
    let name = source.file_stem().expect("a file").to_string_lossy().into_owned();
    let flags = [
        "-static",
        "-nostdlib",
        "-ffreestanding",
        "-fno-stack-protector",
        "-fno-builtin",
    ];
    compile("gcc", &flags, &source, &name)
}

/// A program of `guest/rust`.
///
/// # Panics
/// When it cannot be built.
#[must_use]
pub fn rust(name: &str) -> PathBuf {
    static BUILT: OnceLock<()> = OnceLock::new();
    let folder = target().join("rust");
    BUILT.get_or_init(|| {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["build", "--quiet", "--release", "--manifest-path"]);
        cargo
            .arg(workspace().join("guest/rust/Cargo.toml"))
            .arg("--target-dir")
            .arg(&folder);
        run(cargo
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS"));
    });
    folder.join("release").join(name)
}

/// Compiles `source` unless that was done already. Tests run at once, so the result gets its name only when it is whole.
fn compile(compiler: &str, flags: &[&str], source: &Path, name: &str) -> PathBuf {
    let program = target().join(name);
    if changed(&program) > changed(source) {
        return program;
    }
    fs::create_dir_all(target()).expect("target/ is writable");
    let unfinished = target().join(format!(
        "{name}.{}.{:?}",
        std::process::id(),
        std::thread::current().id()
    ));
    let mut command = Command::new(compiler);
    command
        .args(["-Wall", "-Wextra", "-Werror", "-O1", "-g"])
        .args(flags)
        .arg(source)
        .arg("-o")
        .arg(&unfinished);
    run(command.arg("-lm"));
    fs::rename(&unfinished, &program).expect("the program was just built");
    program
}

fn changed(file: &Path) -> Option<SystemTime> {
    file.metadata().ok()?.modified().ok()
}

fn run(command: &mut Command) {
    let status = command.status();
    assert!(
        status.as_ref().is_ok_and(std::process::ExitStatus::success),
        "{command:?}: {status:?} (packages: gcc, musl-tools)"
    );
}
