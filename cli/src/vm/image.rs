//! The kernel image: an ELF file, inside this command or given by `--kernel`.

use super::memory_file::MemoryFile;
use crate::failure::{Context, Failure};
use object::{
    LittleEndian, elf,
    read::elf::{FileHeader, ProgramHeader},
};
use std::{
    borrow::Cow,
    fs,
    io::{IoSlice, Write},
    path::Path,
};

static EMBEDDED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/kernel.elf"));

const LE: LittleEndian = LittleEndian;

/// A kernel with its symbols.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    bytes: Cow<'static, [u8]>,
}

impl Image {
    /// The image in `file`, or the one inside this command.
    pub(crate) fn load(file: Option<&Path>) -> Result<Self, Failure> {
        let bytes = match file {
            Some(path) => Cow::Owned(fs::read(path).context(|| format!("the kernel {}", path.display()))?),
            None if EMBEDDED.is_empty() => {
                let text = "this command was built without a kernel inside: \
                            build it by `cargo xtask build`, or give one by --kernel FILE";
                return Err(Failure::runner(text));
            }
            None => Cow::Borrowed(EMBEDDED),
        };
        Ok(Self { bytes })
    }

    /// The whole ELF file.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The address behind the kernel's last byte when it is loaded: memory below it is not for files.
    pub(crate) fn loaded_end(&self) -> u64 {
        let header = elf::FileHeader64::<LittleEndian>::parse(self.bytes());
        let segments = header
            .and_then(|header| header.program_headers(LE, self.bytes()))
            .unwrap_or_default();
        let loaded = segments
            .iter()
            .filter(|segment| segment.p_type(LE) == elf::PT_LOAD);
        loaded
            .map(|segment| segment.p_paddr(LE).saturating_add(segment.p_memsz(LE)))
            .max()
            .unwrap_or(0)
    }

    /// Writes what a boot loader reads: the file without the symbols and debug information behind its last segment.
    pub(crate) fn write_bootable(&self, out: &MemoryFile) -> Result<(), Failure> {
        let (header, rest) =
            bootable(&self.bytes).context(|| "the kernel is not an ELF file that can be booted")?;
        let mut file = out.file();
        let mut pieces = [IoSlice::new(&header), IoSlice::new(rest)];
        let mut pieces = &mut pieces[..];
        while !pieces.is_empty() {
            let written = file
                .write_vectored(pieces)
                .context(|| "the kernel cannot be copied")?;
            IoSlice::advance_slices(&mut pieces, written);
        }
        Ok(())
    }
}

const HEADER: usize = size_of::<elf::FileHeader64<LittleEndian>>();

/// The file header, changed to say that there are no sections, and the file behind it up to the end of the segments.
fn bootable(bytes: &[u8]) -> Result<([u8; HEADER], &[u8]), String> {
    let header = elf::FileHeader64::<LittleEndian>::parse(bytes).map_err(|error| error.to_string())?;
    let segments = header
        .program_headers(LE, bytes)
        .map_err(|error| error.to_string())?;
    let of_table = header
        .e_phoff
        .get(LE)
        .saturating_add(size_of_val(segments) as u64);
    let ends = segments
        .iter()
        .map(|segment| segment.p_offset(LE).saturating_add(segment.p_filesz(LE)));
    let end = ends
        .chain([of_table])
        .max()
        .and_then(|end| usize::try_from(end).ok())
        .unwrap_or(usize::MAX);
    let (first, rest) = bytes
        .get(..end.min(bytes.len()))
        .and_then(|bytes| bytes.split_first_chunk::<HEADER>())
        .ok_or("it is cut off")?;
    let mut first = *first;
    // e_shoff; e_shentsize stays; e_shnum and e_shstrndx.
    first[40..48].fill(0);
    first[60..64].fill(0);
    Ok((first, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::Object;

    #[test]
    fn what_is_booted_has_the_segments_and_no_sections() {
        let whole = fs::read("/proc/self/exe").unwrap();
        let (header, rest) = bootable(&whole).unwrap();
        let cut = [&header, rest].concat();
        assert!(cut.len() < whole.len(), "a test program has symbols");
        let file = object::read::elf::ElfFile64::<LittleEndian>::parse(&*cut).unwrap();
        assert_eq!(file.sections().count(), 0);
        for segment in file.elf_program_headers() {
            segment
                .data(LE, &*cut)
                .expect("the data of each segment is there");
        }
    }

    #[test]
    fn an_image_says_where_it_ends() {
        let image = |bytes| Image {
            bytes: Cow::Owned(bytes),
        };
        let program = image(fs::read("/proc/self/exe").unwrap());
        assert!(program.loaded_end() > 100_000, "{}", program.loaded_end());
        assert_eq!(image(vec![]).loaded_end(), 0);
    }

    #[test]
    fn what_is_no_image_is_refused() {
        assert!(bootable(b"").is_err());
        assert!(bootable(b"MZ").is_err());
        assert!(Image::load(Some(Path::new("/nonexistent"))).is_err());
    }
}
