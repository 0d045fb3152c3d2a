//! What the assembler, the compiler and the disassembler say: `as`, `gcc` and `objdump`, asked about a few lines.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

/// The bytes of instructions in Intel's syntax, or why the assembler refuses them.
pub(crate) fn intel(text: &str) -> Result<Vec<u8>, String> {
    assemble(&format!(".intel_syntax noprefix\n{text}\n"))
}

/// The same in AT&T's.
pub(crate) fn att(text: &str) -> Result<Vec<u8>, String> {
    assemble(&format!("{text}\n"))
}

/// Bytes as the manuals print them.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let list: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    list.join(" ")
}

/// The bytes, or the refusal, in a line.
pub(crate) fn told(outcome: &Result<Vec<u8>, String>) -> String {
    match outcome {
        Ok(bytes) => hex(bytes),
        Err(why) => why.clone(),
    }
}

/// A file name of this process's own in the folder for temporary files.
pub(crate) fn temporary(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("threadbare-claims-{}-{name}", std::process::id()))
}

/// Runs a tool; its standard output.
pub(crate) fn output(program: &str, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program).args(arguments).env("LC_ALL", "C").output();
    let output: Output = output.map_err(|error| format!("cannot start {program}: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(text(&output.stderr))
    }
}

fn assemble(text: &str) -> Result<Vec<u8>, String> {
    let (source, object, code) = (temporary("s"), temporary("o"), temporary("bin"));
    let name = |path: &PathBuf| path.display().to_string();
    fs::write(&source, text).map_err(|error| error.to_string())?;
    let assembled = output("as", &["--64", "-o", &name(&object), &name(&source)]);
    let result = assembled
        .map_err(|words| refusal(&words))
        .and_then(|_| {
            output(
                "objcopy",
                &["-O", "binary", "-j", ".text", &name(&object), &name(&code)],
            )
        })
        .and_then(|_| fs::read(&code).map_err(|error| error.to_string()));
    for path in [source, object, code] {
        let _ = fs::remove_file(path); // it may not have been made
    }
    result
}

/// The last message of the assembler, without the name of the file.
fn refusal(words: &str) -> String {
    let last = words.lines().last().unwrap_or_default();
    last.split_once("Error: ")
        .map_or(last, |(_, message)| message)
        .to_owned()
}
