#![expect(
    clippy::cast_possible_truncation,
    reason = "test data is small, and random numbers are cut on purpose"
)]

use super::*;
use proptest::prelude::*;
use std::format;
use std::vec::Vec;

/// Appends an entry, with the name padded by `name_padding` further NULs.
fn append(archive: &mut Vec<u8>, fields: [u32; 11], name: &[u8], name_padding: usize, data: &[u8]) {
    let mut fields = fields;
    fields[6] = data.len() as u32;
    archive.extend_from_slice(MAGIC);
    for field in fields {
        archive.extend_from_slice(format!("{field:08x}").as_bytes());
    }
    archive.extend_from_slice(format!("{:08X}", name.len() + 1 + name_padding).as_bytes());
    archive.extend_from_slice(b"00000000");
    archive.extend_from_slice(name);
    archive.extend(core::iter::repeat_n(0, 1 + name_padding));
    archive.resize(archive.len().next_multiple_of(4), 0);
    archive.extend_from_slice(data);
    archive.resize(archive.len().next_multiple_of(4), 0);
}

fn finish(archive: &mut Vec<u8>) {
    append(archive, [0; 11], TRAILER, 0, &[]);
}

fn small() -> Vec<u8> {
    let mut archive = Vec::new();
    append(
        &mut archive,
        [1, 0o040_755, 0, 0, 2, 5, 0, 8, 1, 0, 0],
        b"bin",
        0,
        &[],
    );
    append(
        &mut archive,
        [2, 0o100_755, 1, 2, 1, 6, 0, 8, 1, 0, 0],
        b"bin/tool",
        300,
        b"hello",
    );
    append(
        &mut archive,
        [3, 0o120_777, 0, 0, 1, 7, 0, 8, 1, 0, 0],
        b"bin/alias",
        1,
        b"tool",
    );
    append(
        &mut archive,
        [4, 0o020_666, 0, 0, 1, 8, 0, 8, 1, 1, 3],
        b"null",
        2,
        &[],
    );
    finish(&mut archive);
    archive
}

#[test]
fn reads_what_was_written() {
    let archive = small();
    let entries: Vec<_> = Archive::new(&archive).entries().map(Result::unwrap).collect();
    assert_eq!(entries.len(), 4);
    assert_eq!((entries[0].name, entries[0].mode), (&b"bin"[..], 0o040_755));
    assert_eq!(
        (entries[1].name, entries[1].data),
        (&b"bin/tool"[..], &b"hello"[..])
    );
    assert_eq!((entries[1].uid, entries[1].gid, entries[1].modified), (1, 2, 6));
    assert_eq!(
        (entries[2].name, entries[2].data),
        (&b"bin/alias"[..], &b"tool"[..])
    );
    assert_eq!(
        (entries[3].node, entries[3].device, entries[3].inode),
        ((1, 3), (8, 1), 4)
    );
}

#[test]
fn padding_of_a_name_places_the_data_on_a_page() {
    let mut archive = Vec::new();
    let padding = 4096 - HEADER - b"page".len() - 1;
    append(&mut archive, [0; 11], b"page", padding, &[7; 4096]);
    finish(&mut archive);
    let entry = Archive::new(&archive).entries().next().unwrap().unwrap();
    assert_eq!(entry.name, b"page");
    assert_eq!(entry.data.as_ptr() as usize - archive.as_ptr() as usize, 4096);
}

#[test]
fn the_trailer_ends_the_archive_whatever_follows() {
    let mut archive = small();
    archive.extend_from_slice(b"garbage that is no header");
    assert_eq!(Archive::new(&archive).entries().count(), 4);
}

#[test]
fn every_cut_is_noticed() {
    let archive = small();
    // The trailer's own padding may be missing; everything before it may not.
    for length in 0..archive.len() - 3 {
        let last = Archive::new(&archive[..length]).entries().last();
        assert!(
            matches!(last, Some(Err(_))),
            "{length} bytes were taken for an archive"
        );
    }
}

#[test]
fn an_error_exhausts_the_iterator() {
    let mut archive = small();
    archive[0] = b'1';
    let mut entries = Archive::new(&archive).entries();
    assert_eq!(entries.next(), Some(Err(Error::Magic)));
    assert_eq!(entries.next(), None);
    archive[0] = b'0';
    archive[6] = b'g';
    assert_eq!(Archive::new(&archive).entries().next(), Some(Err(Error::Digit)));
}

#[test]
fn sizes_near_the_limit_do_not_wrap() {
    for field in [6 + 6 * 8, 6 + 11 * 8] {
        let mut archive = small();
        archive[field..field + 8].copy_from_slice(b"ffffffff");
        assert_eq!(
            Archive::new(&archive).entries().next(),
            Some(Err(Error::Truncated))
        );
    }
}

#[test]
fn a_name_without_nul_is_refused() {
    let mut archive = small();
    archive[HEADER + 3] = b'x';
    assert_eq!(Archive::new(&archive).entries().next(), Some(Err(Error::Name)));
}

#[test]
fn a_digit_is_known_in_every_position() {
    for position in 0..8 {
        for byte in 0..=255_u8 {
            let mut digits = *b"00000000";
            digits[position] = byte;
            let expected = char::from(byte)
                .to_digit(16)
                .map(|digit| digit << (4 * (7 - position)));
            assert_eq!(hex::parse(digits), expected, "byte {byte:#x} at {position}");
        }
    }
}

proptest! {
    #[test]
    fn hexadecimal_is_parsed_as_core_does(digits in prop::array::uniform8(prop::sample::select(b"0189aAfFgG@`/:+ \xff".to_vec()))) {
        let naive = digits.iter().try_fold(0_u32, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?));
        prop_assert_eq!(hex::parse(digits), naive);
    }

    #[test]
    fn any_entries_round_trip(files in prop::collection::vec(("[a-z/.]{1,40}", 0..9_usize, prop::collection::vec(any::<u8>(), 0..60), any::<[u32; 11]>()), 0..8)) {
        let mut archive = Vec::new();
        for (name, padding, data, fields) in &files {
            append(&mut archive, *fields, name.as_bytes(), *padding, data);
        }
        finish(&mut archive);
        let read: Vec<_> = Archive::new(&archive).entries().map(Result::unwrap).collect();
        prop_assert_eq!(read.len(), files.len());
        for (entry, (name, _, data, fields)) in read.iter().zip(&files) {
            prop_assert_eq!((entry.name, entry.data), (name.as_bytes(), &data[..]));
            prop_assert_eq!((entry.inode, entry.mode, entry.node), (fields[0], fields[1], (fields[9], fields[10])));
        }
    }
}

/// A small generator (Marsaglia's xorshift64), so that a failure can be repeated from its seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

/// Walks everything that the reader offers; the sum keeps the optimiser from skipping it.
fn walk(bytes: &[u8]) -> usize {
    Archive::new(bytes)
        .entries()
        .map(|entry| entry.map_or(1, |entry| entry.name.len() + entry.data.len()))
        .sum()
}

#[test]
fn a_million_mutated_archives_are_read_or_refused() {
    let original = small();
    let mut random = Random(0x7468_7265_6164);
    let mut seen = 0;
    for _ in 0..1_000_000 {
        let mut archive = original.clone();
        for _ in 0..=random.below(6) {
            let at = random.below(archive.len());
            archive[at] = match random.below(3) {
                0 => random.next() as u8,
                1 => b"0123456789abcdefABCDEF"[random.below(22)],
                _ => archive[random.below(original.len())],
            };
        }
        archive.truncate(
            random
                .below(archive.len() + 1)
                .max(random.below(archive.len() + 1)),
        );
        seen += walk(&archive);
    }
    assert!(seen > 0);
}

#[test]
fn a_million_random_byte_strings_are_read_or_refused() {
    let mut random = Random(1);
    let mut bytes = [0; 256];
    for _ in 0..1_000_000 {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&random.next().to_le_bytes());
        }
        // Half of them get past the first checks.
        if random.below(2) == 0 {
            bytes[..6].copy_from_slice(MAGIC);
            bytes[6..110]
                .iter_mut()
                .for_each(|byte| *byte = b"0000000000123abF"[usize::from(*byte) % 16]);
        }
        walk(&bytes);
    }
}
