//! The bytes of a program's memory that belong to a call.

use crate::mm::CurrentMemory;
use crate::process::Thread;
use crate::syscall::memory::UserMemory;
use alloc::vec::Vec;
use threadbare_machine::memory::PAGE_SIZE;
use threadbare_strace::{CONTENT, Extent, When, captures};

/// Some of them, and what they belong to.
pub(super) struct Part {
    pub(super) slot: u8,
    pub(super) bytes: Vec<u8>,
}

/// What is to be shown of a call at this moment. What cannot be read is left out.
pub(super) fn capture(
    thread: &Thread,
    number: u32,
    arguments: &[u64; 6],
    when: When,
    result: i64,
) -> Vec<Part> {
    let mut parts = Vec::new();
    let failed = result < 0 && when == When::Leave;
    if failed || thread.is_ending() {
        return parts;
    }
    let memory = CurrentMemory::new(&thread.process);
    let result = usize::try_from(result).unwrap_or(0);
    for capture in captures(number, arguments).filter(|capture| capture.when == when) {
        let address = arguments.get(usize::from(capture.argument)).copied().unwrap_or(0) as usize;
        let bytes = match capture.extent {
            Extent::String(most) => string(&memory, address, most),
            Extent::Bytes(length) => bytes(&memory, address, length),
            Extent::Result(most) => bytes(&memory, address, most.min(result)),
            Extent::Elements(size, most) => bytes(&memory, address, size * most.min(result)),
            Extent::Words(most) => words(&memory, address, most),
            Extent::Strings(most) => strings(&memory, address, most),
            Extent::Vectors { count, content } => {
                let array = bytes(&memory, address, count * 16);
                for (index, element) in array.iter().flat_map(|array| array.chunks_exact(16)).enumerate() {
                    let (base, length) = (word(element, 0), word(element, 8));
                    let slot = u8::try_from(index).map_or(u8::MAX, |index| CONTENT.saturating_add(index));
                    push(&mut parts, slot, bytes(&memory, base, length.min(content)));
                }
                array
            }
        };
        push(&mut parts, capture.slot, bytes);
    }
    parts
}

fn push(parts: &mut Vec<Part>, slot: u8, bytes: Option<Vec<u8>>) {
    if let Some(bytes) = bytes
        && parts.try_reserve(1).is_ok()
    {
        parts.push(Part { slot, bytes });
    }
}

fn word(bytes: &[u8], at: usize) -> usize {
    let field = bytes
        .get(at..at.saturating_add(8))
        .and_then(|field| field.try_into().ok());
    field.map_or(0, usize::from_le_bytes)
}

fn bytes(memory: &CurrentMemory<'_>, address: usize, length: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length).ok()?;
    bytes.resize(length, 0);
    memory.read_bytes(address, &mut bytes).ok()?;
    Some(bytes)
}

/// With its NUL, if that comes in time.
fn string(memory: &CurrentMemory<'_>, address: usize, most: usize) -> Option<Vec<u8>> {
    let mut string = Vec::new();
    let mut buffer = [0; 64];
    while string.len() < most {
        let at = address.checked_add(string.len())?;
        let length = buffer
            .len()
            .min(most - string.len())
            .min(PAGE_SIZE - at % PAGE_SIZE);
        let part = buffer.get_mut(..length)?;
        memory.read_bytes(at, part).ok()?;
        let end = part.iter().position(|byte| *byte == 0);
        let part = part.get(..end.map_or(length, |end| end + 1))?;
        string.try_reserve(part.len()).ok()?;
        string.extend_from_slice(part);
        if end.is_some() {
            break;
        }
    }
    Some(string)
}

fn words(memory: &CurrentMemory<'_>, address: usize, most: usize) -> Option<Vec<u8>> {
    let mut words = Vec::new();
    for index in 0..most {
        let at = address.checked_add(index * 8)?;
        let bytes = bytes(memory, at, 8)?;
        if word(&bytes, 0) == 0 {
            break;
        }
        words.try_reserve(8).ok()?;
        words.extend_from_slice(&bytes);
    }
    Some(words)
}

fn strings(memory: &CurrentMemory<'_>, address: usize, most: usize) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    let pointers = words(memory, address, most)?;
    for pointer in pointers.chunks_exact(8) {
        let string = string(memory, word(pointer, 0), threadbare_strace::SHOWN + 1)?;
        all.try_reserve(string.len() + 1).ok()?;
        all.extend_from_slice(&string);
        if string.last() != Some(&0) {
            all.push(0);
        }
    }
    Some(all)
}
