//! The object read as a dynamic linker reads it, and its code run on the host.

use super::{Data, image};
use std::vec::Vec;

fn word(at: usize) -> u64 {
    u64::from_le_bytes(image()[at..at + 8].try_into().unwrap())
}

fn half(at: usize) -> u32 {
    u32::from_le_bytes(image()[at..at + 4].try_into().unwrap())
}

/// The value of a tag of the dynamic section, which the second program header tells.
fn dynamic(tag: u64) -> usize {
    let at = word(64 + 56 + 8) as usize;
    let entries = (at..).step_by(16).map(|at| (word(at), word(at + 8)));
    let mut entries = entries.take_while(|&(tag, _)| tag != 0);
    entries.find(|&(found, _)| found == tag).expect("the tag").1 as usize
}

fn string(at: usize) -> &'static str {
    let bytes = &image()[dynamic(5) + at..];
    let end = bytes.iter().position(|&byte| byte == 0).unwrap();
    std::str::from_utf8(&bytes[..end]).unwrap()
}

/// The hash of the System V ABI.
fn hash(name: &str) -> u32 {
    name.bytes().fold(0u32, |hash, byte| {
        let hash = (hash << 4).wrapping_add(u32::from(byte));
        let high = hash & 0xf000_0000;
        (hash ^ high >> 24) & !high
    })
}

/// Names and values of the symbols in the hash chain.
fn symbols() -> Vec<(&'static str, usize)> {
    let table = dynamic(4);
    assert_eq!(half(table), 1, "one bucket");
    let chain = |index: u32| half(table + 12 + 4 * index as usize);
    let mut found = Vec::new();
    let mut index = half(table + 8);
    while index != 0 {
        let symbol = dynamic(6) + 24 * index as usize;
        found.push((string(half(symbol) as usize), word(symbol + 8) as usize));
        index = chain(index);
    }
    assert_eq!(found.len() + 1, half(table + 4) as usize);
    found
}

#[test]
fn every_function_is_found_under_both_names_with_its_version() {
    let symbols = symbols();
    for name in ["clock_gettime", "gettimeofday", "time", "getcpu", "clock_getres"] {
        let value = |wanted: &str| symbols.iter().find(|(name, _)| *name == wanted).unwrap().1;
        assert_eq!(value(name), value(&std::format!("__vdso_{name}")));
    }
    let base = dynamic(0x6fff_fffc);
    let definition = base + half(base + 16) as usize;
    for at in [base, definition] {
        let name = string(half(at + half(at + 12) as usize) as usize);
        assert_eq!(half(at + 8), hash(name), "{name}");
    }
    assert_eq!(
        string(half(definition + half(definition + 12) as usize) as usize),
        "LINUX_2.6"
    );
    assert_eq!(string(dynamic(14)), "linux-vdso.so.1");
    assert!(image().len() <= 4096);
}

#[test]
fn the_data_page_holds_three_words() {
    let data = Data {
        start: 1,
        rate: 2,
        realtime: 3,
    };
    let words: Vec<_> = data.to_bytes().chunks(8).map(|word| word[0]).collect();
    assert_eq!(words, [1, 2, 3]);
}
