//! `/etc/ld.so.cache`: glibc's index of libraries by name.
//!
//! The format is glibc's `elf/cache.c` and `sysdeps/generic/dl-cache.h`: a header, entries of fixed size, strings. An
//! older format may come first; then the newer one follows at the next multiple of eight bytes.

use std::{
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

const OLD_MAGIC: &[u8] = b"ld.so-1.7.0";
const OLD_HEADER: usize = 16;
const OLD_ENTRY: usize = 12;
const MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
const HEADER: usize = 48;
const ENTRY: usize = 24;
/// `FLAG_ELF_LIBC6 | FLAG_X8664_LIB64`.
const X86_64: u32 = 0x0303;

/// The index, or an empty one where there is none.
#[derive(Clone, Default, Debug)]
pub(crate) struct Cache {
    /// Begins with the newer format's header; all offsets count from there.
    bytes: Vec<u8>,
}

impl Cache {
    /// Takes a cache file's bytes. What is not understood is an empty cache.
    pub(crate) fn new(mut bytes: Vec<u8>) -> Self {
        let start = start_of_new_format(&bytes).unwrap_or(bytes.len());
        bytes.drain(..start);
        Self { bytes }
    }

    /// The files of that name for x86-64: of several, those for newer processors come first.
    pub(crate) fn find<'a>(&'a self, name: &'a OsStr) -> impl Iterator<Item = PathBuf> + 'a {
        let count = self.word(20).unwrap_or(0) as usize;
        (0..count)
            .map_while(|index| {
                self.bytes
                    .get(HEADER + index * ENTRY..HEADER + (index + 1) * ENTRY)
            })
            .filter(|entry| word(entry, 0) == Some(X86_64))
            .filter_map(|entry| Some((self.string(word(entry, 4)?)?, self.string(word(entry, 8)?)?)))
            .filter(move |(key, _)| *key == name.as_bytes())
            .map(|(_, path)| Path::new(OsStr::from_bytes(path)).to_owned())
    }

    fn word(&self, at: usize) -> Option<u32> {
        word(&self.bytes, at)
    }

    fn string(&self, at: u32) -> Option<&[u8]> {
        self.bytes
            .get(usize::try_from(at).ok()?..)?
            .split(|byte| *byte == 0)
            .next()
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..)?
        .first_chunk()
        .map(|bytes| u32::from_le_bytes(*bytes))
}

fn start_of_new_format(bytes: &[u8]) -> Option<usize> {
    let start = if bytes.starts_with(OLD_MAGIC) {
        let entries = usize::try_from(word(bytes, 12)?).ok()?;
        entries
            .checked_mul(OLD_ENTRY)?
            .checked_add(OLD_HEADER)?
            .checked_next_multiple_of(8)?
    } else {
        0
    };
    bytes.get(start..)?.starts_with(MAGIC).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample(old_entries: Option<u32>) -> Vec<u8> {
        let mut bytes = Vec::new();
        if let Some(entries) = old_entries {
            bytes.extend_from_slice(b"ld.so-1.7.0\0");
            bytes.extend(entries.to_le_bytes());
            bytes.resize(
                (bytes.len() + entries as usize * OLD_ENTRY).next_multiple_of(8),
                0xee,
            );
        }
        let strings = b"liba.so.1\0/lib/liba.so.1\0/lib32/liba.so.1\0";
        let base = u32::try_from(HEADER + 2 * ENTRY).unwrap();
        bytes.extend_from_slice(MAGIC);
        for word in [2, u32::try_from(strings.len()).unwrap(), 0, 0, 0, 0, 0] {
            bytes.extend(word.to_le_bytes());
        }
        for (flags, path) in [(0x0003u32, 25u32), (X86_64, 10)] {
            for word in [flags, base, base + path, 0, 0, 0] {
                bytes.extend(word.to_le_bytes());
            }
        }
        bytes.extend_from_slice(strings);
        bytes
    }

    #[test]
    fn only_libraries_for_this_machine_are_found_in_either_layout() {
        for old_entries in [None, Some(0), Some(3)] {
            let cache = Cache::new(sample(old_entries));
            let found: Vec<_> = cache.find(OsStr::new("liba.so.1")).collect();
            assert_eq!(found, [Path::new("/lib/liba.so.1")]);
            assert_eq!(cache.find(OsStr::new("libb.so.1")).count(), 0);
        }
    }

    #[test]
    fn no_cache_has_nothing() {
        assert_eq!(Cache::new(vec![]).find(OsStr::new("libc.so.6")).count(), 0);
    }

    proptest! {
        #[test]
        fn damage_is_an_answer(at: prop::sample::Index, value: u8, cut: prop::sample::Index) {
            let mut bytes = sample(Some(1));
            let at = at.index(bytes.len());
            bytes[at] = value;
            bytes.truncate(cut.index(bytes.len() + 1));
            let _ = Cache::new(bytes).find(OsStr::new("liba.so.1")).count();
        }
    }
}
