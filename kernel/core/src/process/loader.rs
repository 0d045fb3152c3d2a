//! Mapping an ELF file into an address space.

use crate::error::Errno;
use crate::mm::{AddressSpace, Backing, Layout, Vma, Whereto};
use crate::random;
use crate::vfs::{File, VecSink};
use alloc::sync::Arc;
use alloc::vec::Vec;
use threadbare_elf::{Error, Header, Image, Kind};
use threadbare_machine::memory::PAGE_SIZE;
use threadbare_machine::paging::{Access, USER_END};

/// Where position-independent programs go: two thirds up, as on Linux, so that the heap after them has room.
const PROGRAM_BASE: usize = 0x5555_5555_4000;
/// Bits of randomness, in pages, of the program's, the mappings' and the stack's place. (Linux: 28, 28, 22.)
const RANDOM_PAGES: usize = 1 << 22;
/// The room kept for the main stack below the top of the user's half, at the most.
const STACK_GAP_LEAST: usize = 128 << 20;

/// An ELF file that has been checked.
pub(super) struct Checked {
    pub(super) file: Arc<File>,
    pub(super) image: Image,
}

/// Where the parts of a program have come to lie.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Loaded {
    /// Where ring 3 begins: the interpreter's entry if there is one.
    pub(super) start: usize,
    /// `AT_ENTRY`.
    pub(super) program_entry: usize,
    /// `AT_PHDR`.
    pub(super) program_headers: usize,
    /// `AT_PHNUM`.
    pub(super) program_header_count: u16,
    /// `AT_SYSINFO_EHDR`: 0 without a vDSO.
    pub(super) vdso: usize,
    /// `AT_BASE`: 0 without an interpreter.
    pub(super) interpreter_base: usize,
    /// Ranges that must read as zeroes though a file page is there: the rest of the last page of each data segment.
    pub(super) zero: [(usize, usize); 2],
}

/// Reads and checks the headers of an ELF file.
///
/// # Errors
/// `ENOEXEC` if it is none that can run here; `ENOMEM`.
pub(super) fn check(file: Arc<File>) -> Result<Checked, Errno> {
    let head = read(&file, 0, 64)?;
    let header = Header::parse(&head).map_err(errno)?;
    let table = read(&file, header.table_offset, header.table_size())?;
    let image = Image::parse(&header, &table).map_err(errno)?;
    Ok(Checked { file, image })
}

/// The path of its interpreter, if it names one.
///
/// # Errors
/// `ENOEXEC` if it is malformed.
pub(super) fn interpreter(checked: &Checked) -> Result<Option<Vec<u8>>, Errno> {
    let Some(interpreter) = checked.image.interpreter else {
        return Ok(None);
    };
    let bytes = read(&checked.file, interpreter.offset, interpreter.length)?;
    Ok(Some(interpreter.path(&bytes).map_err(errno)?.to_vec()))
}

/// Maps a program and its interpreter into a new address space.
///
/// # Errors
/// `ENOMEM`; `ENOEXEC` if segments do not fit the user's half.
pub(super) fn load(
    memory: &mut AddressSpace,
    program: &Checked,
    interpreter: Option<&Checked>,
    stack_limit: usize,
) -> Result<Loaded, Errno> {
    let gap = stack_limit.clamp(STACK_GAP_LEAST, USER_END / 6 * 5);
    let mmap_top = USER_END - gap - random::below(RANDOM_PAGES) * PAGE_SIZE;
    memory.layout = Layout {
        mmap_top,
        ..Layout::default()
    };

    let base = match program.image.kind {
        Kind::Fixed => 0,
        // A static program that relocates itself could go anywhere; one place for all keeps addresses familiar.
        Kind::Relocatable => PROGRAM_BASE + random::below(RANDOM_PAGES) * PAGE_SIZE,
    };
    let base = aligned(base, program);
    let mut loaded = Loaded::default();
    loaded.zero[0] = map_segments(memory, program, base)?;
    loaded.program_entry = base + address(program.image.entry)?;
    loaded.program_headers = program.image.program_headers.address.map_or(Ok(0), address)? + base;
    loaded.program_header_count = program.image.program_headers.count;
    loaded.start = loaded.program_entry;

    let span = program.image.span();
    memory.layout.code = (base + address(span.start)?..base + address(span.end)?).into();
    let brk = base + address(program.image.end())?;
    let brk = brk.next_multiple_of(PAGE_SIZE) + random::below(0x2000) * PAGE_SIZE;
    (memory.layout.brk_start, memory.layout.brk) = (brk, brk);

    if let Some(interpreter) = interpreter {
        let base = interpreter_base(memory, interpreter)?;
        loaded.zero[1] = map_segments(memory, interpreter, base)?;
        loaded.interpreter_base = base;
        loaded.start = base + address(interpreter.image.entry)?;
    }
    Ok(loaded)
}

/// Finds room for the whole interpreter at once.
fn interpreter_base(memory: &mut AddressSpace, interpreter: &Checked) -> Result<usize, Errno> {
    if interpreter.image.kind == Kind::Fixed {
        return Ok(0);
    }
    let span = interpreter.image.span();
    let length = address(span.end - span.start)? + address(interpreter.image.alignment)?;
    let at = memory.map(Whereto::Hint(0), length, Vma::anonymous(Access::NONE), false)?;
    memory.unmap(at, length)?;
    let base = at.checked_sub(address(span.start)?).ok_or(Errno::ENOEXEC)?;
    Ok(base.next_multiple_of(address(interpreter.image.alignment)?))
}

fn aligned(base: usize, checked: &Checked) -> usize {
    let alignment = usize::try_from(checked.image.alignment).unwrap_or(PAGE_SIZE);
    base & !(alignment - 1)
}

/// Maps the segments of one file, and returns the range after the last file byte that must be zeroed.
fn map_segments(memory: &mut AddressSpace, checked: &Checked, base: usize) -> Result<(usize, usize), Errno> {
    let mut zero = (0, 0);
    for segment in &checked.image.segments {
        let start = base
            .checked_add(address(segment.address)?)
            .ok_or(Errno::ENOEXEC)?;
        let file_end = start
            .checked_add(address(segment.file_size)?)
            .ok_or(Errno::ENOEXEC)?;
        let end = start
            .checked_add(address(segment.memory_size)?)
            .filter(|&end| end <= USER_END)
            .ok_or(Errno::ENOEXEC)?;
        let first_page = start & !(PAGE_SIZE - 1);
        let access = Access {
            read: segment.protection.read,
            write: segment.protection.write,
            execute: segment.protection.execute,
        };
        let mut after_file = first_page;
        if segment.file_size > 0 {
            let page = segment.file_offset / PAGE_SIZE as u64;
            let vma = Vma {
                backing: Backing::file(&checked.file, page),
                ..Vma::anonymous(access)
            };
            after_file = file_end.next_multiple_of(PAGE_SIZE);
            place(memory, first_page, after_file - first_page, vma)?;
            if end > file_end && access.write {
                zero = (file_end, after_file.min(end.next_multiple_of(PAGE_SIZE)));
            }
        }
        let end = end.next_multiple_of(PAGE_SIZE);
        if end > after_file {
            place(memory, after_file, end - after_file, Vma::anonymous(access))?;
        }
    }
    Ok(zero)
}

fn place(memory: &mut AddressSpace, at: usize, length: usize, vma: Vma) -> Result<(), Errno> {
    // A program that wants to be where no program may be, or larger than the machine, cannot run here.
    memory
        .map(Whereto::Fixed(at), length, vma, true)
        .map(|_| ())
        .map_err(|error| match error {
            Errno::EPERM => Errno::ENOEXEC,
            other => other,
        })
}

/// Reads exactly `length` bytes.
///
/// # Errors
/// `ENOEXEC` if the file ends before.
pub(super) fn read(file: &File, offset: u64, length: usize) -> Result<Vec<u8>, Errno> {
    let bytes = read_up_to(file, offset, length)?;
    if bytes.len() == length {
        Ok(bytes)
    } else {
        Err(Errno::ENOEXEC)
    }
}

/// Reads at most `length` bytes.
///
/// # Errors
/// What reading says.
pub(super) fn read_up_to(file: &File, offset: u64, length: usize) -> Result<Vec<u8>, Errno> {
    let mut sink = VecSink::new(length);
    file.read_at(offset, &mut sink)?;
    Ok(sink.into_bytes())
}

fn address(value: u64) -> Result<usize, Errno> {
    usize::try_from(value).map_err(|_| Errno::ENOEXEC)
}

fn errno(error: Error) -> Errno {
    match error {
        Error::OutOfMemory => Errno::ENOMEM,
        _ => Errno::ENOEXEC,
    }
}
