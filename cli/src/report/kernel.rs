//! The kernel's own last words, with the names that only the command knows.
//!
//! The dying kernel prints addresses and bytes and does not try to be clever: `at: ADDRESS` is the faulting
//! instruction, `code: 48 8b …` its bytes, `#N ADDRESS` a frame. Each address of the kernel's half in a line gets its
//! function and source line, each line `code: 48 8b …` gets the instructions.

use super::{disassembly, symbols::Symbols};
use crate::vm::memory_file::MemoryFile;
use std::{fmt::Write as _, io::Write as _, path::Path};

/// Where the kernel is linked to: its top two gibibytes.
const KERNEL: std::ops::RangeInclusive<u64> = 0xffff_ffff_8000_0000..=u64::MAX;

/// Adds names to `report`, by the symbols of `image`, the kernel's ELF file.
pub(crate) fn annotate(report: &str, image: &[u8]) -> String {
    // The reader of debug information wants a file.
    let file = MemoryFile::new("symbols")
        .ok()
        .filter(|file| file.file().write_all(image).is_ok());
    match &file {
        Some(file) => annotate_with(report, &Symbols::of(Path::new(&file.path()))),
        None => report.to_owned(),
    }
}

fn annotate_with(report: &str, symbols: &Symbols) -> String {
    let mut text = String::with_capacity(report.len() * 2);
    let mut rip = None;
    for line in report.lines() {
        let _ = writeln!(text, "{line}");
        let addresses = addresses(line);
        if line.trim_start().starts_with("at:") {
            rip = addresses.first().copied();
        }
        let is_frame = line.trim_start().starts_with('#');
        for address in addresses {
            // All frames but the faulting one are addresses to return to, behind the call.
            let inside = if is_frame && rip != Some(address) {
                address - 1
            } else {
                address
            };
            for (depth, place) in symbols.at(inside).iter().enumerate() {
                let how = if depth == 0 { "in" } else { "inlined into" };
                let _ = writeln!(text, "      {address:#x} {how} {place}");
            }
        }
        if let Some(code) = line.trim_start().strip_prefix("code:") {
            for instruction in disassembly::all(&bytes(code), rip.unwrap_or(0), rip) {
                let _ = writeln!(text, "      {instruction}");
            }
        }
    }
    text
}

/// The kernel addresses in a line.
fn addresses(line: &str) -> Vec<u64> {
    line.split("0x")
        .skip(1)
        .map(|rest| {
            rest.split(|character: char| !character.is_ascii_hexdigit())
                .next()
                .unwrap_or("")
        })
        .filter_map(|digits| u64::from_str_radix(digits, 16).ok())
        .filter(|address| KERNEL.contains(address))
        .collect()
}

/// The bytes in hexadecimal text, up to what is none.
fn bytes(text: &str) -> Vec<u8> {
    text.split_whitespace()
        .map_while(|byte| u8::from_str_radix(byte, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernel_addresses_are_found_in_a_line() {
        let line = "  #1 0xffffffff80012345, (0xffffffff80012346) 0x1234 0xfffffffffffffffffff 0x";
        assert_eq!(addresses(line), [0xffff_ffff_8001_2345, 0xffff_ffff_8001_2346]);
    }

    #[test]
    fn code_is_disassembled_from_the_address_that_was_told() {
        let report = "  at: 0xffffffff80001000\ncode: 31 c0 c3";
        let text = annotate_with(report, &Symbols::of(Path::new("/nonexistent")));
        assert_eq!(
            text,
            "  at: 0xffffffff80001000\ncode: 31 c0 c3\n      => 0xffffffff80001000: xor eax, eax\n\
             \x20        0xffffffff80001002: ret\n"
        );
    }

    #[test]
    fn a_report_without_symbols_stays_as_it_is() {
        assert_eq!(annotate("panic: all lost\n", b""), "panic: all lost\n");
    }

    #[test]
    fn a_frame_is_named_by_its_call_and_the_fault_by_its_own_instruction() {
        let image = include_bytes!("kernel/fixture.elf");
        let report = "  at: 0xffffffff80000005\nbacktrace:\n  #0 0xffffffff80000005\n  #1 0xffffffff80000005";
        let named = annotate("  #0 0xffffffff80000005", image);
        assert!(named.contains("0xffffffff80000005 in _start"), "{named}");
        let named = annotate(report, image);
        assert_eq!(named.matches(" in other").count(), 3, "{named}");
        assert!(named.contains("fixture.S:12"), "{named}");
    }
}
