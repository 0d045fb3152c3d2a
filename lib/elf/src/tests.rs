#![expect(
    clippy::cast_possible_truncation,
    reason = "test data is small, and random numbers are cut on purpose"
)]

use super::*;
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

/// What a test writes into a program header.
#[derive(Clone, Copy)]
struct Program {
    kind: u32,
    flags: u32,
    offset: u64,
    address: u64,
    file_size: u64,
    memory_size: u64,
    alignment: u64,
}

const TEXT: Program = Program {
    kind: 1,
    flags: 5,
    offset: 0,
    address: 0x40_0000,
    file_size: 0x1234,
    memory_size: 0x1234,
    alignment: 0x1000,
};
const DATA: Program = Program {
    kind: 1,
    flags: 6,
    offset: 0x1e00,
    address: 0x40_2e00,
    file_size: 0x300,
    memory_size: 0x5000,
    alignment: 0x1000,
};
const INTERPRETER: Program = Program {
    kind: 3,
    flags: 4,
    offset: 0x300,
    address: 0x40_0300,
    file_size: 28,
    memory_size: 28,
    alignment: 1,
};
const STACK: Program = Program {
    kind: 0x6474_e551,
    flags: 6,
    offset: 0,
    address: 0,
    file_size: 0,
    memory_size: 0,
    alignment: 16,
};

fn file(kind: u16, entry: u64, programs: &[Program]) -> Vec<u8> {
    let mut file = vec![0; Header::SIZE];
    file[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    let mut put = |offset: usize, bytes: &[u8]| file[offset..offset + bytes.len()].copy_from_slice(bytes);
    put(16, &kind.to_le_bytes());
    put(18, &62_u16.to_le_bytes());
    put(24, &entry.to_le_bytes());
    put(32, &64_u64.to_le_bytes());
    put(54, &56_u16.to_le_bytes());
    put(56, &(programs.len() as u16).to_le_bytes());
    for program in programs {
        file.extend(program.kind.to_le_bytes());
        file.extend(program.flags.to_le_bytes());
        for field in [
            program.offset,
            program.address,
            program.address,
            program.file_size,
            program.memory_size,
            program.alignment,
        ] {
            file.extend(field.to_le_bytes());
        }
    }
    file
}

fn typical() -> Vec<u8> {
    file(2, 0x40_1000, &[INTERPRETER, TEXT, DATA, STACK])
}

#[test]
fn a_typical_program_is_described() {
    let image = Image::read(&typical()).unwrap();
    assert_eq!((image.kind, image.entry), (Kind::Fixed, 0x40_1000));
    assert_eq!(image.segments.len(), 2);
    assert_eq!(
        image.segments[0].protection,
        Protection {
            read: true,
            write: false,
            execute: true
        }
    );
    assert_eq!(
        image.segments[1].protection,
        Protection {
            read: true,
            write: true,
            execute: false
        }
    );
    assert_eq!(image.span(), 0x40_0000..0x40_8000);
    assert_eq!(image.end(), 0x40_7e00);
    assert_eq!(
        image.interpreter,
        Some(Interpreter {
            offset: 0x300,
            length: 28
        })
    );
    assert_eq!(
        image.program_headers,
        ProgramHeaders {
            address: Some(0x40_0040),
            count: 4
        }
    );
    assert!(!image.stack_executable);
}

#[test]
fn a_segment_knows_its_pages() {
    let data = Image::read(&typical()).unwrap().segments[1];
    assert_eq!(data.pages(), 0x40_2000..0x40_8000);
    assert_eq!(data.file_pages(), 0x40_2000..0x40_4000);
    assert_eq!(data.file_page_offset(), 0x1000);
    let bss = Segment { file_size: 0, ..data };
    assert!(bss.file_pages().is_empty());
}

#[test]
fn the_running_program_is_described() {
    let file = std::fs::read("/proc/self/exe").unwrap();
    let image = Image::read(&file).unwrap();
    assert_eq!(image.kind, Kind::Relocatable);
    assert!(image.span().contains(&image.entry));
    let interpreter = image.interpreter.unwrap();
    let path = interpreter.path(&file[interpreter.offset as usize..]).unwrap();
    assert!(path.starts_with(b"/lib"), "{path:?}");
    assert_eq!(image.program_headers.address, Some(64));
}

#[test]
fn other_files_are_refused_for_what_they_are() {
    let mut script = typical();
    script[..2].copy_from_slice(b"#!");
    assert_eq!(Image::read(&script), Err(Error::NotElf));
    assert_eq!(Image::read(&typical()[..63]), Err(Error::NotElf));
    for (offset, value) in [(4, 1), (5, 2), (18, 3)] {
        let mut other = typical();
        other[offset] = value;
        assert_eq!(Image::read(&other), Err(Error::Machine));
    }
    for kind in [0, 1, 4] {
        assert_eq!(Image::read(&file(kind, 0, &[TEXT])), Err(Error::Kind));
    }
}

#[test]
fn bad_program_headers_are_refused() {
    assert_eq!(Image::read(&file(2, 0x40_0000, &[])), Err(Error::ProgramHeaders));
    assert_eq!(
        Image::read(&file(2, 0x40_0000, &[TEXT; 1171])),
        Err(Error::ProgramHeaders)
    );
    assert!(Image::read(&file(2, 0x40_0000, &[TEXT; 1170])).is_ok());
    assert_eq!(
        Image::read(&typical()[..64 + 4 * 56 - 1]),
        Err(Error::ProgramHeaders)
    );
    let mut wrapping = typical();
    wrapping[32..40].copy_from_slice(&u64::MAX.to_le_bytes());
    assert_eq!(Image::read(&wrapping), Err(Error::ProgramHeaders));
    let mut entry_size = typical();
    entry_size[54] = 64;
    assert_eq!(Image::read(&entry_size), Err(Error::ProgramHeaders));
}

#[test]
fn bad_segments_are_refused() {
    let refused = [
        Program {
            file_size: 0x1235,
            ..TEXT
        },
        Program {
            address: 0x40_0001,
            ..TEXT
        },
        Program {
            address: u64::MAX - 0xfff,
            ..TEXT
        },
        Program {
            address: USER_END,
            memory_size: 0x2000,
            ..TEXT
        },
        Program {
            address: 0x7fff_ffff_e000,
            ..TEXT
        },
        Program {
            offset: u64::MAX - 0xfff,
            ..TEXT
        },
        Program {
            offset: i64::MAX as u64 & !0xfff,
            ..TEXT
        },
        Program {
            memory_size: u64::MAX,
            ..TEXT
        },
    ];
    for program in refused {
        assert_eq!(Image::read(&file(2, 0x40_0000, &[program])), Err(Error::Segment));
    }
    let highest = Program {
        address: 0x7fff_ffff_d000,
        ..TEXT
    };
    assert_eq!(
        Image::read(&file(2, 0x40_0000, &[highest])).unwrap().span().end,
        USER_END
    );
}

#[test]
fn a_program_needs_something_to_load_and_a_place_to_begin() {
    assert_eq!(Image::read(&file(2, 0x40_0000, &[STACK])), Err(Error::Empty));
    let nothing = Program {
        file_size: 0,
        memory_size: 0,
        ..TEXT
    };
    assert_eq!(Image::read(&file(2, 0x40_0000, &[nothing])), Err(Error::Empty));
    assert_eq!(Image::read(&file(2, USER_END, &[TEXT])), Err(Error::Entry));
}

#[test]
fn interpreters_have_sensible_paths() {
    for (offset, file_size) in [(0x300, 1), (0x300, 4097), (u64::MAX, 28), (i64::MAX as u64, 28)] {
        let program = Program {
            offset,
            file_size,
            ..INTERPRETER
        };
        assert_eq!(
            Image::read(&file(3, 0, &[program, TEXT])),
            Err(Error::Interpreter)
        );
    }
    let interpreter = Interpreter { offset: 0, length: 4 };
    assert_eq!(interpreter.path(b"/ld\0"), Ok(&b"/ld"[..]));
    assert_eq!(interpreter.path(b"/l\0\0"), Ok(&b"/l"[..]));
    assert_eq!(interpreter.path(b"/ld/"), Err(Error::Interpreter));
    assert_eq!(interpreter.path(b"/ld"), Err(Error::Interpreter));
    assert_eq!(interpreter.path(b"\0ld\0"), Err(Error::Interpreter));
}

#[test]
fn the_stack_is_executable_only_where_the_file_says_so() {
    assert!(!Image::read(&file(2, 0, &[TEXT])).unwrap().stack_executable);
    let executable = Program { flags: 7, ..STACK };
    assert!(
        Image::read(&file(2, 0, &[TEXT, executable]))
            .unwrap()
            .stack_executable
    );
}

#[test]
fn the_largest_sensible_alignment_counts() {
    let large = Program {
        alignment: 0x20_0000,
        ..TEXT
    };
    let odd = Program {
        alignment: 0x20_0001,
        ..TEXT
    };
    assert_eq!(
        Image::read(&file(3, 0, &[large, DATA])).unwrap().alignment,
        0x20_0000
    );
    assert_eq!(
        Image::read(&file(3, 0, &[odd, DATA])).unwrap().alignment,
        PAGE_SIZE
    );
}

/// Everything that the crate promises of an image (invariant 2), and everything that a loader computes from it.
fn check(image: &Image) {
    let span = image.span();
    assert!(!image.segments.is_empty() && image.entry < USER_END && image.alignment.is_power_of_two());
    assert!(span.end <= USER_END && image.end() <= span.end);
    for segment in &image.segments {
        assert!(segment.memory_size > 0 && segment.file_size <= segment.memory_size);
        assert!(span.start <= segment.pages().start && segment.pages().end <= span.end);
        assert!(segment.file_pages().end <= segment.pages().end);
        assert_eq!(segment.address % PAGE_SIZE, segment.file_offset % PAGE_SIZE);
        assert!(
            segment.file_page_offset() + (segment.file_pages().end - segment.pages().start)
                <= i64::MAX as u64
        );
    }
    if let Some(interpreter) = image.interpreter {
        assert!(
            interpreter
                .offset
                .checked_add(interpreter.length as u64)
                .is_some()
        );
    }
}

proptest! {
    #[test]
    fn any_program_headers_are_checked(
        kind in 2..4_u16,
        entry: u64,
        programs in prop::collection::vec((0..4_u32, any::<u32>(), any::<[u64; 5]>(), 0..64_u32, any::<bool>()), 1..6),
    ) {
        let programs: Vec<_> = programs
            .into_iter()
            .map(|(kind, flags, fields, shift, aligned)| {
                let [offset, address, file_size, memory_size, alignment] = fields.map(|field| field >> shift);
                let address = if aligned { (address & !0xfff) | (offset & 0xfff) } else { address };
                Program { kind, flags, offset, address, file_size, memory_size, alignment }
            })
            .collect();
        if let Ok(image) = Image::read(&file(kind, entry >> 17, &programs)) {
            check(&image);
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

#[test]
fn two_million_mutated_programs_are_described_or_refused() {
    let original = typical();
    let extremes = [0, 1, 0x7f, 0x80, 0xff];
    let mut random = Random(0x7468_7265_6164);
    let (mut described, mut refused) = (0, 0);
    let mut bytes = original.clone();
    for _ in 0..2_000_000 {
        bytes.copy_from_slice(&original);
        for _ in 0..=random.below(4) {
            let at = random.below(bytes.len());
            let run = 1 + random.below(8).min(bytes.len() - at - 1);
            let value = if random.below(2) == 0 {
                random.next() as u8
            } else {
                extremes[random.below(5)]
            };
            bytes[at..at + run].fill(value);
        }
        match Image::read(&bytes) {
            Ok(image) => {
                check(&image);
                described += 1;
            }
            Err(_) => refused += 1,
        }
    }
    assert!(
        described > 10_000 && refused > 10_000,
        "{described} described, {refused} refused"
    );
}

#[test]
fn a_million_random_byte_strings_are_described_or_refused() {
    let mut random = Random(1);
    let mut bytes = [0; 64 + 3 * 56];
    for _ in 0..1_000_000 {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&random.next().to_le_bytes());
        }
        // Past the magic number, so that the rest is looked at.
        if random.below(8) > 0 {
            bytes[..20].copy_from_slice(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0");
            bytes[32..40].copy_from_slice(&64_u64.to_le_bytes());
            bytes[54..58].copy_from_slice(&[56, 0, 3, 0]);
            bytes[64..68].copy_from_slice(&[1, 0, 0, 0]);
        }
        if let Ok(image) = Image::read(&bytes) {
            check(&image);
        }
    }
}
