//! The file header: what the file is, and where its program headers lie.

use crate::Error;
use crate::read::Record;
use crate::segment;

const ELF_MAGIC: [u8; 4] = *b"\x7fELF";
const ELFCLASS64: u8 = 2;
const ELFDATA2LSB: u8 = 1;
const ET_EXEC: u16 = 2;
const ET_DYN: u16 = 3;
const EM_X86_64: u16 = 62;

/// The most bytes of program headers that Linux takes.
const TABLE_LIMIT: usize = 65_536;

/// How the addresses of a file are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `ET_EXEC`: the segments lie where they say.
    Fixed,
    /// `ET_DYN`: a position-independent program or a shared object; the loader chooses where it lies.
    Relocatable,
}

/// The checked file header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// How the addresses are meant.
    pub kind: Kind,
    /// Where execution begins, before relocation.
    pub entry: u64,
    /// Where in the file the program headers begin.
    pub table_offset: u64,
    /// How many program headers there are: at least one.
    pub table_count: u16,
}

impl Header {
    /// The size of an ELF64 file header.
    pub const SIZE: usize = 64;

    /// Checks the first bytes of a file.
    ///
    /// # Errors
    /// [`Error::NotElf`] if there are fewer than [`Header::SIZE`] of them or they are no ELF header;
    /// [`Error::Machine`], [`Error::Kind`] and [`Error::ProgramHeaders`] as they say.
    pub fn parse(bytes: &[u8]) -> Result<Header, Error> {
        let bytes = bytes.first_chunk::<{ Self::SIZE }>().ok_or(Error::NotElf)?;
        let [m0, m1, m2, m3, class, data, ..] = *bytes;
        let record = Record(bytes);
        if [m0, m1, m2, m3] != ELF_MAGIC {
            return Err(Error::NotElf);
        }
        if (class, data, record.u16(18)) != (ELFCLASS64, ELFDATA2LSB, EM_X86_64) {
            return Err(Error::Machine);
        }
        let kind = match record.u16(16) {
            ET_EXEC => Kind::Fixed,
            ET_DYN => Kind::Relocatable,
            _ => return Err(Error::Kind),
        };
        let header = Header {
            kind,
            entry: record.u64(24),
            table_offset: record.u64(32),
            table_count: record.u16(56),
        };
        header.check_table(usize::from(record.u16(54)))?;
        Ok(header)
    }

    fn check_table(&self, entry_size: usize) -> Result<(), Error> {
        let size = self.table_size();
        let end = self.table_offset.checked_add(size as u64);
        if entry_size != segment::ENTRY || size == 0 || size > TABLE_LIMIT || end.is_none() {
            return Err(Error::ProgramHeaders);
        }
        Ok(())
    }

    /// How many bytes the program headers take, from `table_offset` on: at most 64 KiB, and their end does not wrap.
    pub fn table_size(&self) -> usize {
        usize::from(self.table_count) * segment::ENTRY
    }
}
