//! The files that a process has mapped: where each is, and what is in it.

use super::symbols::{Place, Symbols};
use crate::{pack::tree::Tree, say::printable_bytes};
use object::{
    LittleEndian,
    elf::PT_LOAD,
    read::{
        ReadCache,
        elf::{ElfFile64, ProgramHeader},
    },
};
use std::{fs::File, ops::Range, path::PathBuf};
use threadbare_link::Crash;

const LE: LittleEndian = LittleEndian;

/// A file, mapped as an ELF loader does.
pub(super) struct Module {
    /// The file's name without its directory.
    pub(super) name: String,
    /// The same file on the host.
    pub(super) host: PathBuf,
    /// From its first mapping to its last.
    pub(super) range: Range<u64>,
    /// What is added to the file's addresses.
    pub(super) bias: u64,
    symbols: Symbols,
}

impl Module {
    /// Where `address` is, in words: `name+offset`, as the file counts addresses.
    pub(super) fn place(&self, address: u64) -> String {
        format!("{}+{:#x}", self.name, address.wrapping_sub(self.bias))
    }

    /// The functions at `address`.
    pub(super) fn functions(&self, address: u64) -> Vec<Place> {
        self.symbols.at(address.wrapping_sub(self.bias))
    }
}

/// The modules of a crashed process that were packed from `tree`, by ascending addresses.
pub(super) fn of_crash(crash: &Crash<'_>, tree: &Tree) -> Vec<Module> {
    let mut modules: Vec<Module> = Vec::new();
    for mapping in crash.modules.iter().filter(|mapping| mapping.start < mapping.end) {
        let Some(host) = tree.host_file(mapping.path) else {
            continue;
        };
        match modules.last_mut() {
            Some(last) if last.host == host => last.range.end = last.range.end.max(mapping.end),
            _ => {
                let name = base_name(mapping.path);
                let Some(bias) = bias(host, mapping.start, mapping.file_offset) else {
                    continue;
                };
                let range = mapping.start..mapping.end;
                modules.push(Module {
                    name,
                    host: host.to_owned(),
                    range,
                    bias,
                    symbols: Symbols::of(host),
                });
            }
        }
    }
    modules
}

/// The module at `address`.
pub(super) fn at(modules: &[Module], address: u64) -> Option<&Module> {
    modules.iter().find(|module| module.range.contains(&address))
}

/// What is added to the addresses of the file `host`, given that its first mapping, of offset `offset`, is at `start`.
fn bias(host: &std::path::Path, start: u64, offset: u64) -> Option<u64> {
    let cache = ReadCache::new(File::open(host).ok()?);
    let file = ElfFile64::<LittleEndian, _>::parse(&cache).ok()?;
    let mut segments = file
        .elf_program_headers()
        .iter()
        .filter(|header| header.p_type(LE) == PT_LOAD);
    // A loader maps whole pages, so a mapping may begin before its segment does and end behind it.
    let segment = segments.find(|segment| {
        let end = segment.p_offset(LE).saturating_add(segment.p_filesz(LE));
        segment.p_offset(LE) & !0xfff <= offset && offset < end
    })?;
    let address = segment
        .p_vaddr(LE)
        .wrapping_sub(segment.p_offset(LE))
        .wrapping_add(offset);
    Some(start.wrapping_sub(address))
}

/// The part of a path behind the last slash, fit to be shown.
pub(super) fn base_name(path: &[u8]) -> String {
    printable_bytes(path.rsplit(|byte| *byte == b'/').next().unwrap_or(path))
}
