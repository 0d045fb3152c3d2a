//! The facts of an ELF file that decide whether and how it starts.

use object::{
    LittleEndian,
    elf::{
        self, DT_NEEDED, DT_NULL, DT_RPATH, DT_RUNPATH, DT_SONAME, DT_STRSZ, DT_STRTAB, EM_X86_64, ET_DYN,
        ET_EXEC, FileHeader64, PT_LOAD,
    },
    read::{
        ReadCache, ReadRef,
        elf::{Dyn, FileHeader, ProgramHeader},
    },
};
use std::{ffi::OsStr, ffi::OsString, fs::File, os::unix::ffi::OsStrExt};

type Header = FileHeader64<LittleEndian>;
const LE: LittleEndian = LittleEndian;

/// What a dynamic linker needs to know about a file.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Facts {
    /// `PT_INTERP`: the program's dynamic linker.
    pub(crate) interpreter: Option<OsString>,
    /// `DT_NEEDED`, in order.
    pub(crate) needed: Vec<OsString>,
    /// `DT_SONAME`.
    pub(crate) soname: Option<OsString>,
    /// `DT_RPATH`, unless there is a `DT_RUNPATH`.
    pub(crate) rpath: Option<OsString>,
    /// `DT_RUNPATH`.
    pub(crate) runpath: Option<OsString>,
}

/// Why a file is not a program or library for Linux on x86-64.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum NotLoadable {
    /// It is no ELF file.
    NotElf,
    /// An ELF file for another machine, or for no machine to execute; in words.
    Other(String),
    /// A damaged ELF file.
    Damaged,
}

/// Reads the facts of `file`.
pub(crate) fn facts(file: &File) -> Result<Facts, NotLoadable> {
    let cache = ReadCache::new(file);
    let magic: &[u8] = cache.read_bytes_at(0, 4).map_err(|()| NotLoadable::NotElf)?;
    if magic != elf::ELFMAG {
        return Err(NotLoadable::NotElf);
    }
    let kind = check_kind(&cache)?;
    if kind != ET_EXEC && kind != ET_DYN {
        return Err(NotLoadable::Other(
            "an object file or a core dump, not a program".to_owned(),
        ));
    }
    of_program_headers(&cache).map_err(|_| NotLoadable::Damaged)
}

/// The file's type, if it is for this machine.
fn check_kind<'data>(data: impl ReadRef<'data>) -> Result<elf::FileType, NotLoadable> {
    let identification: &[u8] = data.read_bytes_at(0, 20).map_err(|()| NotLoadable::Damaged)?;
    if identification[4] != elf::ELFCLASS64.0 {
        return Err(NotLoadable::Other(
            "a 32-bit program; only 64-bit ones are supported".to_owned(),
        ));
    }
    let machine = u16::from_le_bytes([identification[18], identification[19]]);
    if identification[5] != elf::ELFDATA2LSB.0 || machine != EM_X86_64.0 {
        return Err(NotLoadable::Other(format!(
            "a program for {}, not for x86-64",
            machine_name(machine)
        )));
    }
    Header::parse(data)
        .map(|header| header.e_type(LE))
        .map_err(|_| NotLoadable::Damaged)
}

fn of_program_headers<'data>(data: impl ReadRef<'data>) -> object::Result<Facts> {
    let headers = Header::parse(data)?.program_headers(LE, data)?;
    let mut facts = Facts::default();
    for header in headers {
        if let Some(path) = header.interpreter(LE, data)? {
            facts.interpreter = Some(OsStr::from_bytes(path).to_owned());
        }
    }
    for header in headers {
        if let Some(entries) = header.dynamic(LE, data)? {
            of_dynamic(&mut facts, entries, headers, data);
        }
    }
    Ok(facts)
}

fn of_dynamic<'data>(
    facts: &mut Facts,
    entries: &[elf::Dyn64<LittleEndian>],
    headers: &[elf::ProgramHeader64<LittleEndian>],
    data: impl ReadRef<'data>,
) {
    let entries: Vec<_> = entries
        .iter()
        .map(|entry| (entry.d_tag(LE), entry.d_val(LE)))
        .take_while(|(tag, _)| *tag != DT_NULL)
        .collect();
    let value = |wanted| {
        entries
            .iter()
            .find(|(tag, _)| *tag == wanted)
            .map(|(_, value)| *value)
    };
    let Some(strings) = value(DT_STRTAB).and_then(|address| file_offset(headers, address)) else {
        return;
    };
    let end = strings.saturating_add(value(DT_STRSZ).unwrap_or(0));
    let string = |offset: u64| {
        let start = strings.checked_add(offset)?;
        data.read_bytes_at_until(start..end, 0)
            .ok()
            .map(|bytes| OsStr::from_bytes(bytes).to_owned())
    };
    facts.needed = entries
        .iter()
        .filter(|(tag, _)| *tag == DT_NEEDED)
        .filter_map(|(_, at)| string(*at))
        .collect();
    facts.soname = value(DT_SONAME).and_then(string);
    facts.runpath = value(DT_RUNPATH).and_then(string);
    facts.rpath = value(DT_RPATH)
        .and_then(string)
        .filter(|_| facts.runpath.is_none());
}

/// Where in the file the loaded `address` is.
fn file_offset(headers: &[elf::ProgramHeader64<LittleEndian>], address: u64) -> Option<u64> {
    headers
        .iter()
        .filter(|header| header.p_type(LE) == PT_LOAD)
        .filter_map(|header| Some((address.checked_sub(header.p_vaddr(LE))?, header)))
        .find(|(inside, header)| *inside < header.p_filesz(LE))
        .and_then(|(inside, header)| header.p_offset(LE).checked_add(inside))
}

fn machine_name(machine: u16) -> String {
    match machine {
        3 => "32-bit x86".to_owned(),
        8 => "MIPS".to_owned(),
        20 | 21 => "PowerPC".to_owned(),
        22 => "IBM Z".to_owned(),
        40 => "32-bit ARM".to_owned(),
        183 => "AArch64".to_owned(),
        243 => "RISC-V".to_owned(),
        258 => "LoongArch".to_owned(),
        other => format!("another processor (ELF machine {other})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::{fs, io::Write};

    fn facts_of(bytes: &[u8]) -> Result<Facts, NotLoadable> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        facts(&file)
    }

    fn this_program() -> Vec<u8> {
        fs::read("/bin/sh").unwrap()
    }

    #[test]
    fn a_dynamic_program_names_its_linker_and_libraries() {
        let facts = facts(&File::open("/proc/self/exe").unwrap()).unwrap();
        assert!(facts.interpreter.unwrap().to_str().unwrap().contains("ld-"));
        assert!(
            facts
                .needed
                .iter()
                .any(|name| name == "libc.so.6" || name.to_str().unwrap().contains("musl"))
        );
        assert_eq!(facts.soname, None);
    }

    #[test]
    fn what_is_no_program_is_told_apart() {
        assert_eq!(facts_of(b""), Err(NotLoadable::NotElf));
        assert_eq!(facts_of(b"#!/bin/sh\n"), Err(NotLoadable::NotElf));
        assert_eq!(facts_of(b"\x7fELF"), Err(NotLoadable::Damaged));
        let mut arm = this_program();
        arm[18] = 183;
        assert!(matches!(facts_of(&arm), Err(NotLoadable::Other(text)) if text.contains("AArch64")));
        let mut small = this_program();
        small[4] = 1;
        assert!(matches!(facts_of(&small), Err(NotLoadable::Other(text)) if text.contains("32-bit")));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn damage_is_an_answer(at in 0usize..2000, value: u8, cut in 0usize..4000) {
            let mut bytes = this_program();
            bytes[at] = value;
            let _ = facts_of(&bytes);
            bytes.truncate(cut);
            let _ = facts_of(&bytes);
        }
    }
}
