//! The chain of calls that led to a fault, from the stack's bytes and the files' unwind tables.
//!
//! `framehop` interprets `.eh_frame`, and follows frame pointers where there is none. It gets nothing but bytes, so a
//! wrong stack yields a wrong or a short chain, never a fault.

use super::modules::{self, Module};
use framehop::{
    ExplicitModuleSectionInfo, FrameAddress, Unwinder as _,
    x86_64::{CacheX86_64, UnwindRegsX86_64, UnwinderX86_64},
};
use object::{
    LittleEndian, Object, ObjectSection,
    read::{ReadCache, elf::ElfFile64},
};
use std::fs::File;
use threadbare_link::Crash;

/// Frames shown at most.
pub(super) const MAX_FRAMES: usize = 64;

/// The addresses of the instructions in the chain: the faulting one, then each call's, as an address inside the call
/// instruction.
pub(super) fn frames(crash: &Crash<'_>, modules: &[Module]) -> Vec<u64> {
    let mut unwinder = UnwinderX86_64::<Vec<u8>>::new();
    for module in modules {
        let sections = sections(module).unwrap_or_default();
        unwinder.add_module(framehop::Module::new(
            module.name.clone(),
            module.range.clone(),
            module.bias,
            sections,
        ));
    }
    let registers = &crash.registers;
    let mut cache = CacheX86_64::<_>::new();
    let mut read = |address| word(crash, address).ok_or(());
    let mut frames = Vec::new();
    let (mut rip, mut rsp) = (registers.rip, registers.rsp);
    // A call of something that is no code: its caller is on top of the stack.
    if modules::at(modules, rip).is_none()
        && let Some(back) = word(crash, rsp).filter(|back| modules::at(modules, *back).is_some())
    {
        frames.push(rip);
        (rip, rsp) = (back - 1, rsp.wrapping_add(8));
    }
    let start = UnwindRegsX86_64::new(rip, rsp, registers.rbp);
    let mut iterator = unwinder.iter_frames(rip, start, &mut cache, &mut read);
    while frames.len() < MAX_FRAMES {
        match iterator.next() {
            Ok(Some(FrameAddress::InstructionPointer(address))) => frames.push(address),
            Ok(Some(FrameAddress::ReturnAddress(address))) => frames.push(address.get() - 1),
            Ok(None) | Err(_) => break,
        }
    }
    frames
}

/// Eight bytes of the crashed thread's stack.
fn word(crash: &Crash<'_>, address: u64) -> Option<u64> {
    let offset = usize::try_from(address.checked_sub(crash.stack_address)?).ok()?;
    crash
        .stack
        .get(offset..)?
        .first_chunk()
        .map(|bytes| u64::from_le_bytes(*bytes))
}

fn sections(module: &Module) -> Option<ExplicitModuleSectionInfo<Vec<u8>>> {
    let cache = ReadCache::new(File::open(&module.host).ok()?);
    let file = ElfFile64::<LittleEndian, _>::parse(&cache).ok()?;
    let range = |name: &str| {
        let section = file.section_by_name(name)?;
        Some(section.address()..section.address().checked_add(section.size())?)
    };
    let data = |name: &str| Some(file.section_by_name(name)?.data().ok()?.to_vec());
    Some(ExplicitModuleSectionInfo {
        base_svma: 0,
        text_svma: range(".text"),
        text: data(".text"),
        got_svma: range(".got"),
        eh_frame_svma: range(".eh_frame"),
        eh_frame: data(".eh_frame"),
        eh_frame_hdr_svma: range(".eh_frame_hdr"),
        eh_frame_hdr: data(".eh_frame_hdr"),
        ..ExplicitModuleSectionInfo::default()
    })
}
