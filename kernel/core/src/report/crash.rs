//! The description of a fatal fault.

use crate::host;
use crate::mm::{AddressSpace, Backing, CurrentMemory, FaultError};
use crate::process::Thread;
use crate::signal::{Details, SignalInfo};
use crate::syscall::memory::UserMemory;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;
use threadbare_link::{AddressClass, Crash, GuestMessage, Module, Registers};
use threadbare_machine::memory::PAGE_SIZE;
use threadbare_machine::paging::USER_END;
use threadbare_machine::trap::TrapFrame;
use threadbare_machine::user::{self, UserContext};

/// How much of the stack is sent along, for the unwinder.
const STACK_BYTES: usize = 64 * 1024;
/// How much code before and after the instruction is sent along, for the disassembler.
const CODE_BEFORE: usize = 48;
const CODE_AFTER: usize = 48;
/// Below a stack, this much counts as its guard.
const STACK_GUARD: usize = 1 << 20;

/// Sends the description of the fault that is about to end `thread`'s process. `error` says what was wrong with the
/// address, where it is about one.
pub fn describe(thread: &Thread, context: &UserContext, info: &SignalInfo, error: Option<FaultError>) {
    let memory = CurrentMemory::new(&thread.process);
    let frame = context.registers();
    let address = match info.details {
        Details::Address(address) if error.is_some() => Some(address),
        _ => None,
    };
    let mut files = Vec::new();
    let class = {
        let space = thread.process.memory();
        let space = space.lock();
        collect_modules(&space, &thread.process.fs.root(), &mut files);
        address.map(|address| classify(&space, address as usize, error, frame))
    };
    let (code_address, code_bytes) = around(&memory, frame.cpu.rip as usize);
    let (stack_address, stack) = stack_from(&memory, frame.cpu.rsp as usize);
    let modules = files.iter().map(
        |(range, file_offset, path): &(Range<usize>, u64, Vec<u8>)| Module {
            start: range.start as u64,
            end: range.end as u64,
            file_offset: *file_offset,
            path,
        },
    );
    let name = *thread.name.lock();
    let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
    host::send(&GuestMessage::Crash(Box::new(Crash {
        signal: info.signal.number(),
        code: info.code,
        pid: thread.process.pid,
        tid: thread.tid(),
        name,
        vector: u8::try_from(frame.vector).unwrap_or(u8::MAX),
        error_code: frame.error_code,
        address,
        class,
        registers: registers(frame),
        code_address: code_address as u64,
        code_bytes: &code_bytes,
        modules: modules.collect(),
        stack_address: stack_address as u64,
        stack: &stack,
    })));
}

/// The file mappings: range, offset in the file, path.
fn collect_modules(
    space: &AddressSpace,
    root: &crate::vfs::Place,
    files: &mut Vec<(Range<usize>, u64, Vec<u8>)>,
) {
    for (range, vma) in space.vmas() {
        if let Backing::File { place, page, .. } = &vma.backing {
            let path = place.path(root).unwrap_or_default();
            files.push((range, page * PAGE_SIZE as u64, path));
        }
    }
}

fn classify(
    space: &AddressSpace,
    address: usize,
    error: Option<FaultError>,
    frame: &TrapFrame,
) -> AddressClass {
    let stack = space.layout.stack;
    let near_stack_pointer = address.abs_diff(frame.cpu.rsp as usize) < STACK_GUARD;
    match (error, space.vma_at(address)) {
        _ if address >= 1 << 63 => AddressClass::Kernel,
        _ if address >= USER_END => AddressClass::NonCanonical,
        (Some(FaultError::BeyondFile), _) => AddressClass::BeyondFile,
        (_, Some((_, vma))) if !vma.access.read && !vma.access.write && !vma.access.execute => {
            if near_stack_pointer {
                AddressClass::Guard
            } else {
                AddressClass::NoAccess
            }
        }
        (_, Some((_, vma))) if frame.error_code & 16 != 0 && !vma.access.execute => AddressClass::NoExec,
        (_, Some(_)) => AddressClass::ReadOnly,
        (_, None) if address < 0x1_0000 => AddressClass::NullPage,
        (_, None) if (stack.start.saturating_sub(STACK_GUARD)..stack.start).contains(&address) => {
            AddressClass::Guard
        }
        (_, None) => AddressClass::Unmapped,
    }
}

fn around(memory: &CurrentMemory<'_>, rip: usize) -> (usize, Vec<u8>) {
    let start = rip.saturating_sub(CODE_BEFORE);
    let end = rip.saturating_add(CODE_AFTER);
    let whole = readable(memory, start..end);
    if whole.len() > CODE_BEFORE {
        return (start, whole);
    }
    // The page before may be missing: from the instruction itself, then.
    (rip, readable(memory, rip..end))
}

/// The stack from `rsp` on. A stack that has overflowed begins at the next page, or a few pages further.
fn stack_from(memory: &CurrentMemory<'_>, rsp: usize) -> (usize, Vec<u8>) {
    const TRIED: usize = 64;
    let next_page = (rsp | (PAGE_SIZE - 1)).saturating_add(1);
    let pages = (0..TRIED).map(|page| next_page.saturating_add(page * PAGE_SIZE));
    for start in core::iter::once(rsp).chain(pages) {
        let stack = readable(memory, start..start.saturating_add(STACK_BYTES));
        if !stack.is_empty() {
            return (start, stack);
        }
    }
    (rsp, Vec::new())
}

/// What can be read from the start of a range on.
fn readable(memory: &CurrentMemory<'_>, range: Range<usize>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut at = range.start;
    while at < range.end {
        let mut part = [0; 512];
        let length = (PAGE_SIZE - at % PAGE_SIZE).min(part.len()).min(range.end - at);
        let part = &mut part[..length];
        if bytes.try_reserve(length).is_err() || memory.read_bytes(at, part).is_err() {
            break;
        }
        bytes.extend_from_slice(part);
        at += length;
    }
    bytes
}

fn registers(f: &TrapFrame) -> Registers {
    Registers {
        rax: f.rax,
        rbx: f.rbx,
        rcx: f.rcx,
        rdx: f.rdx,
        rsi: f.rsi,
        rdi: f.rdi,
        rbp: f.rbp,
        rsp: f.cpu.rsp,
        r8: f.r8,
        r9: f.r9,
        r10: f.r10,
        r11: f.r11,
        r12: f.r12,
        r13: f.r13,
        r14: f.r14,
        r15: f.r15,
        rip: f.cpu.rip,
        rflags: f.cpu.rflags,
        fs_base: user::fs_base(),
        gs_base: user::gs_base(),
    }
}
