//! Machine code as text, in Intel's syntax.

use iced_x86::{Decoder, DecoderOptions, Formatter, Instruction, IntelFormatter};

/// Instructions shown before and after the one that matters.
const BEFORE: usize = 5;
const AFTER: usize = 5;

/// The instructions around `rip` in `code`, which begins at `address`; the one at `rip` is marked. Empty if it is not
/// in there.
pub(super) fn around(code: &[u8], address: u64, rip: u64) -> Vec<String> {
    let Some(place) = rip
        .checked_sub(address)
        .and_then(|place| usize::try_from(place).ok())
    else {
        return vec![];
    };
    if place >= code.len() {
        return vec![];
    }
    let before = leading_to(code, address, place);
    let before = &before[before.len().saturating_sub(BEFORE)..];
    let from = decode(&code[place..], rip).into_iter().take(AFTER + 1);
    let mut formatter = formatter();
    before
        .iter()
        .copied()
        .chain(from)
        .map(|instruction| line(&mut formatter, &instruction, rip))
        .collect()
}

/// The instructions of `code`, with addresses from `address` on.
pub(super) fn all(code: &[u8], address: u64, marked: Option<u64>) -> Vec<String> {
    let mut formatter = formatter();
    let marked = marked.unwrap_or(u64::MAX);
    decode(code, address)
        .iter()
        .map(|instruction| line(&mut formatter, instruction, marked))
        .collect()
}

/// The instructions that end where `place` is. Instructions have no fixed length, so reading starts at the first byte
/// from which it comes out right; after a few instructions it nearly always does.
fn leading_to(code: &[u8], address: u64, place: usize) -> Vec<Instruction> {
    (0..place)
        .map(|start| decode(&code[start..place], address + start as u64))
        .find(|instructions| {
            instructions
                .last()
                .is_some_and(|last| last.next_ip() == address + place as u64)
        })
        .unwrap_or_default()
}

/// The valid instructions from the start of `code` on.
fn decode(code: &[u8], address: u64) -> Vec<Instruction> {
    let decoder = Decoder::with_ip(64, code, address, DecoderOptions::NONE);
    decoder
        .into_iter()
        .take_while(|instruction| !instruction.is_invalid())
        .collect()
}

fn formatter() -> IntelFormatter {
    let mut formatter = IntelFormatter::new();
    let options = formatter.options_mut();
    options.set_hex_prefix("0x");
    options.set_hex_suffix("");
    options.set_uppercase_hex(false);
    options.set_small_hex_numbers_in_decimal(true);
    options.set_space_after_operand_separator(true);
    options.set_branch_leading_zeros(false);
    options.set_rip_relative_addresses(false);
    formatter
}

fn line(formatter: &mut IntelFormatter, instruction: &Instruction, rip: u64) -> String {
    let mut text = String::new();
    formatter.format(instruction, &mut text);
    let mark = if instruction.ip() == rip { "=>" } else { "  " };
    format!("{mark} {:#x}: {text}", instruction.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// push rbp; mov rbp,rsp; xor eax,eax; mov dword ptr [rax],42; pop rbp; ret
    const CODE: [u8; 14] = [
        0x55, 0x48, 0x89, 0xe5, 0x31, 0xc0, 0xc7, 0x00, 0x2a, 0, 0, 0, 0x5d, 0xc3,
    ];

    #[test]
    fn the_instruction_that_matters_is_marked_amid_its_neighbours() {
        assert_eq!(
            around(&CODE, 0x40_1000, 0x40_1006),
            [
                "   0x401000: push rbp",
                "   0x401001: mov rbp, rsp",
                "   0x401004: xor eax, eax",
                "=> 0x401006: mov dword ptr [rax], 0x2a",
                "   0x40100c: pop rbp",
                "   0x40100d: ret",
            ]
        );
    }

    #[test]
    fn reading_starts_where_it_comes_out_right() {
        // The last bytes of an instruction whose start is cut off.
        let cut = &CODE[2..];
        assert!(
            around(cut, 0x40_1002, 0x40_1006).contains(&"=> 0x401006: mov dword ptr [rax], 0x2a".to_owned())
        );
    }

    #[test]
    fn nothing_is_shown_of_nothing() {
        assert!(around(&[], 0, 0).is_empty());
        assert!(around(&CODE, 0x1000, 0xfff).is_empty());
        assert!(around(&CODE, 0x1000, 0x100e).is_empty());
        assert!(around(&[0x06], 0, 0).is_empty(), "no instruction in 64-bit mode");
    }
}
