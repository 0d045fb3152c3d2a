//! The line about a request that the kernel does not implement.

use super::{modules::base_name, symbols::Symbols, words};
use crate::{
    pack::tree::Tree,
    say::{printable, printable_bytes},
};
use object::{
    LittleEndian,
    elf::PT_LOAD,
    read::{
        ReadCache,
        elf::{ElfFile64, ProgramHeader},
    },
};
use std::{fs::File, path::Path};
use threadbare_link::Missing;

const LE: LittleEndian = LittleEndian;

/// Tells what was refused, how often, and who asked first from where.
pub(crate) fn render(missing: &Missing<'_>, tree: &Tree) -> String {
    let what = printable(missing.what);
    let errno = words::errno(missing.errno);
    let times = if missing.count == 1 {
        "once".to_owned()
    } else {
        format!("{} times", missing.count)
    };
    let who = printable_bytes(missing.thread);
    format!(
        "not supported: {what} ({errno}, {times}), first asked for by {who} at {}",
        site(missing, tree)
    )
}

fn site(missing: &Missing<'_>, tree: &Tree) -> String {
    let site = &missing.site;
    if site.module.is_empty() {
        return format!("{:#x}", site.address);
    }
    let name = base_name(site.module);
    let Some(host) = tree.host_file(site.module) else {
        return format!("{name}+{:#x}", site.file_offset);
    };
    let address = address_of_offset(host, site.file_offset).unwrap_or(site.file_offset);
    match Symbols::of(host).at(address).first() {
        Some(function) => format!("{function} ({name}+{address:#x})"),
        None => format!("{name}+{address:#x}"),
    }
}

/// The address, as the file counts them, of what is at `offset` of the file.
fn address_of_offset(host: &Path, offset: u64) -> Option<u64> {
    let cache = ReadCache::new(File::open(host).ok()?);
    let file = ElfFile64::<LittleEndian, _>::parse(&cache).ok()?;
    let segments = file
        .elf_program_headers()
        .iter()
        .filter(|header| header.p_type(LE) == PT_LOAD);
    let mut inside = segments.filter_map(|segment| {
        let distance = offset.checked_sub(segment.p_offset(LE))?;
        (distance < segment.p_filesz(LE)).then(|| segment.p_vaddr(LE).wrapping_add(distance))
    });
    inside.next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pack::{collect, view::View};
    use threadbare_link::CallSite;

    fn sample(module: &[u8]) -> Missing<'_> {
        let site = CallSite {
            address: 0x7f00_1234,
            module,
            file_offset: 0x40,
        };
        Missing {
            what: "io_uring_setup",
            errno: 38,
            count: 1,
            thread: b"curl",
            site,
        }
    }

    #[test]
    fn a_request_is_told_with_its_place() {
        let line = |module| render(&sample(module), &Tree::new());
        assert_eq!(
            line(b""),
            "not supported: io_uring_setup (ENOSYS, once), first asked for by curl at 0x7f001234"
        );
        assert!(line(b"/lib/libc.so.6").ends_with("at libc.so.6+0x40"));
        let often = Missing {
            count: 3,
            errno: 22,
            ..sample(b"")
        };
        assert!(render(&often, &Tree::new()).contains("(EINVAL, 3 times)"));
    }

    #[test]
    fn a_packed_files_place_is_an_address_of_that_file() {
        let mut tree = Tree::new();
        let program = std::fs::canonicalize("/bin/sh").unwrap();
        collect::path(&mut tree, &View::host(), &program).unwrap();
        let name = program.file_name().unwrap().to_str().unwrap();
        let line = render(&sample(program.as_os_str().as_encoded_bytes()), &tree);
        assert!(line.ends_with(&format!("{name}+0x40")), "{line}");
    }
}
