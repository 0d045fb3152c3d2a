//! What the program headers say about the image of a program.

use alloc::vec::Vec;
use core::ops::Range;

use crate::segment::{self, Raw};
use crate::{Error, Header, Kind, PAGE_SIZE, Segment, USER_END};

const PT_LOAD: u32 = 1;
const PT_INTERP: u32 = 3;
const PT_GNU_STACK: u32 = 0x6474_e551;

/// `PATH_MAX` of Linux, which bounds the path of the interpreter with its NUL.
const PATH_MAX: u64 = 4096;

/// How a program is to be laid out in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// How the addresses below are meant.
    pub kind: Kind,
    /// Where execution begins, before relocation.
    pub entry: u64,
    /// What is to be mapped, in the order of the file, which is the order of mapping: at least one.
    pub segments: Vec<Segment>,
    /// Who is to be started in the program's stead (`ld.so`), if anyone.
    pub interpreter: Option<Interpreter>,
    /// What the auxiliary vector says about the program headers.
    pub program_headers: ProgramHeaders,
    /// Whether the program asks for an executable stack (`PT_GNU_STACK`). As with Linux on x86-64, one that
    /// does not say gets none.
    pub stack_executable: bool,
    /// What every load address of a relocatable image has to be a multiple of: at least the page size, always a
    /// power of two.
    pub alignment: u64,
}

/// Where the file names its interpreter (`PT_INTERP`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interpreter {
    /// Where in the file the path begins; its end does not wrap.
    pub offset: u64,
    /// How long it is with its NUL: 2 to 4096.
    pub length: usize,
}

impl Interpreter {
    /// The path in the bytes read from the file, which are to be exactly `length`.
    ///
    /// # Errors
    /// [`Error::Interpreter`] if they are fewer, do not end in a NUL, or are nothing but one.
    pub fn path<'a>(&self, bytes: &'a [u8]) -> Result<&'a [u8], Error> {
        let bytes = bytes.get(..self.length).ok_or(Error::Interpreter)?;
        if bytes.last() != Some(&0) {
            return Err(Error::Interpreter);
        }
        let path = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        if path.is_empty() {
            Err(Error::Interpreter)
        } else {
            Ok(path)
        }
    }
}

/// `AT_PHDR` and `AT_PHNUM`; `AT_PHENT` is [`ProgramHeaders::ENTRY_SIZE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProgramHeaders {
    /// Where the program headers lie in memory, before relocation; `None` if no segment holds their beginning.
    pub address: Option<u64>,
    /// How many there are.
    pub count: u16,
}

impl ProgramHeaders {
    /// The size of one program header.
    pub const ENTRY_SIZE: usize = segment::ENTRY;
}

impl Image {
    /// Checks the program headers that `header` announced: `table` holds the bytes of the file from
    /// [`Header::table_offset`] on, at least [`Header::table_size`] of them.
    ///
    /// # Errors
    /// Each variant of [`Error`] says when.
    pub fn parse(header: &Header, table: &[u8]) -> Result<Image, Error> {
        let table = table.get(..header.table_size()).ok_or(Error::ProgramHeaders)?;
        let (table, _) = table.as_chunks::<{ segment::ENTRY }>();
        let mut image = Image {
            kind: header.kind,
            entry: header.entry,
            segments: Vec::new(),
            interpreter: None,
            program_headers: ProgramHeaders {
                address: None,
                count: header.table_count,
            },
            stack_executable: false,
            alignment: PAGE_SIZE,
        };
        for raw in table.iter().map(Raw::parse) {
            image.take(&raw)?;
        }
        image.check_entry()?;
        image.program_headers.address = image.address_of(header.table_offset);
        Ok(image)
    }

    /// Checks a whole file in memory.
    ///
    /// # Errors
    /// As [`Header::parse`] and [`Image::parse`]; [`Error::ProgramHeaders`] also if they lie past the end.
    pub fn read(file: &[u8]) -> Result<Image, Error> {
        let header = Header::parse(file)?;
        let offset = usize::try_from(header.table_offset).map_err(|_| Error::ProgramHeaders)?;
        Image::parse(&header, file.get(offset..).ok_or(Error::ProgramHeaders)?)
    }

    /// Takes in one program header. Of several interpreters the first counts, of several stack notes the last, as
    /// with Linux.
    fn take(&mut self, raw: &Raw) -> Result<(), Error> {
        match raw.kind {
            PT_LOAD => self.take_segment(raw),
            PT_INTERP if self.interpreter.is_none() => self.take_interpreter(raw),
            PT_GNU_STACK => {
                self.stack_executable = raw.executable();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn take_segment(&mut self, raw: &Raw) -> Result<(), Error> {
        let segment = Segment::check(raw)?;
        if raw.alignment.is_power_of_two() {
            self.alignment = self.alignment.max(raw.alignment);
        }
        if segment.memory_size > 0 {
            self.segments.try_reserve(1).map_err(|_| Error::OutOfMemory)?;
            self.segments.push(segment);
        }
        Ok(())
    }

    fn take_interpreter(&mut self, raw: &Raw) -> Result<(), Error> {
        let fits = (2..=PATH_MAX).contains(&raw.file_size) && raw.offset <= i64::MAX as u64 - PATH_MAX;
        let length = usize::try_from(raw.file_size)
            .ok()
            .filter(|_| fits)
            .ok_or(Error::Interpreter)?;
        self.interpreter = Some(Interpreter {
            offset: raw.offset,
            length,
        });
        Ok(())
    }

    fn check_entry(&self) -> Result<(), Error> {
        if self.segments.is_empty() {
            Err(Error::Empty)
        } else if self.entry >= USER_END {
            Err(Error::Entry)
        } else {
            Ok(())
        }
    }

    /// The address, before relocation, at which the byte at `offset` of the file is mapped.
    fn address_of(&self, offset: u64) -> Option<u64> {
        self.segments.iter().find_map(|segment| {
            let into = offset.checked_sub(segment.file_offset)?;
            (into < segment.file_size).then(|| segment.address + into)
        })
    }

    /// The whole pages from the first to the last byte of all segments, before relocation. A relocatable image
    /// needs this much room in one piece.
    pub fn span(&self) -> Range<u64> {
        let start = self.segments.iter().map(|segment| segment.pages().start).min();
        let end = self.segments.iter().map(|segment| segment.pages().end).max();
        start.unwrap_or_default()..end.unwrap_or_default()
    }

    /// Where the break (`brk(2)`) begins, before relocation: the end of the segment that reaches highest.
    pub fn end(&self) -> u64 {
        self.segments
            .iter()
            .map(|segment| segment.address + segment.memory_size)
            .max()
            .unwrap_or_default()
    }
}
