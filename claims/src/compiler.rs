//! C, as gcc translates it: the listing that objdump prints, and the code itself, mapped to be executed.

use crate::assembler::{output, temporary};
use crate::pages::Pages;
use std::fs;
use std::path::Path;

/// What the flags of all translations have: plain code without what distributions add.
const PLAIN: [&str; 8] = [
    "-nostdlib",
    "-static",
    "-no-pie",
    "-fno-pie",
    "-fcf-protection=none",
    "-fno-stack-protector",
    "-fno-asynchronous-unwind-tables",
    "-Wl,--build-id=none",
];

/// A translated program.
pub(crate) struct Compiled {
    /// The lines of `objdump -d`, without addresses and bytes: `push %rbp`; a function begins with a line `name:`.
    pub(crate) listing: Vec<String>,
    /// Names and addresses.
    symbols: Vec<(String, u64)>,
}

/// What `gcc -S` prints for `source`, with nothing said but that.
///
/// # Errors
/// What the compiler said.
pub(crate) fn assembly(source: &str) -> Result<String, String> {
    let c = temporary("s.c");
    fs::write(&c, source).map_err(|error| error.to_string())?;
    let printed = output("gcc", &["-S", "-o", "-", &c.display().to_string()]);
    let _ = fs::remove_file(c); // it was made above
    printed
}

/// Translates `source` with `flags` and maps its code at `base`.
///
/// # Errors
/// What the compiler said, or that the address is taken.
pub(crate) fn compile(source: &str, flags: &[&str], base: u64) -> Result<Compiled, String> {
    let (c, program) = (temporary("c.c"), temporary("program"));
    let result = translate(source, flags, base, &c, &program);
    for path in [c, program] {
        let _ = fs::remove_file(path); // it may not have been made
    }
    result
}

fn translate(source: &str, flags: &[&str], base: u64, c: &Path, program: &Path) -> Result<Compiled, String> {
    fs::write(c, source).map_err(|error| error.to_string())?;
    let (c, program) = (c.display().to_string(), program.display().to_string());
    let code = format!("{program}.bin");
    let text = format!("-Wl,-Ttext={base:#x},-e,{base:#x}");
    output("gcc", &[&PLAIN, flags, &[&text, "-o", &program, &c]].concat())?;
    let listing = output("objdump", &["-d", "--no-show-raw-insn", &program])?;
    let symbols = output("nm", &[&program])?;
    output("objcopy", &["-O", "binary", "-j", ".text", &program, &code])?;
    let bytes = fs::read(&code).map_err(|error| error.to_string());
    let _ = fs::remove_file(&code);
    Pages::of_code(base, &bytes?).ok_or("the address for the code is taken")?;
    Ok(Compiled {
        listing: listing.lines().filter_map(line).collect(),
        symbols: symbols.lines().filter_map(symbol).collect(),
    })
}

/// `600004: push   %rbp` as `push %rbp`, and `0000000000600000 <f>:` as `f:`.
fn line(text: &str) -> Option<String> {
    if let Some((_, name)) = text.split_once(" <").filter(|_| text.ends_with(">:")) {
        return Some(name.trim_end_matches(">:").to_owned() + ":");
    }
    let (_, instruction) = text.split_once(":\t")?;
    Some(instruction.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn symbol(text: &str) -> Option<(String, u64)> {
    let mut words = text.split_whitespace();
    let address = u64::from_str_radix(words.next()?, 16).ok()?;
    Some((words.nth(1)?.to_owned(), address))
}

impl Compiled {
    /// The address of a function.
    pub(crate) fn address(&self, name: &str) -> u64 {
        let symbol = self.symbols.iter().find(|(known, _)| known == name);
        symbol.expect("the source has the function").1
    }

    /// A function with one argument.
    pub(crate) fn function(&self, name: &str) -> unsafe extern "sysv64" fn(u64) -> u64 {
        // SAFETY: to make a function pointer is harmless; to call it is the caller's business.
        unsafe { std::mem::transmute::<u64, unsafe extern "sysv64" fn(u64) -> u64>(self.address(name)) }
    }

    /// The instructions of a function.
    pub(crate) fn body(&self, name: &str) -> impl Iterator<Item = &str> {
        let head = format!("{name}:");
        let lines = self.listing.iter().map(String::as_str);
        let behind = lines.skip_while(move |line| *line != head).skip(1);
        behind.take_while(|line| !line.ends_with(':'))
    }
}
