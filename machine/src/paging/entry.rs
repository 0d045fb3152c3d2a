//! One entry of a page table.

use crate::memory::PhysAddr;

/// What ring 3 may do with a page. A page that may not even be read keeps its frame but is not present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Loads are allowed. On x86-64 nothing can be written or executed that cannot be read.
    pub read: bool,
    /// Stores are allowed.
    pub write: bool,
    /// Instruction fetches are allowed.
    pub execute: bool,
}

impl Access {
    /// Loads only.
    pub const READ: Access = Access {
        read: true,
        write: false,
        execute: false,
    };
    /// Nothing at all.
    pub const NONE: Access = Access {
        read: false,
        write: false,
        execute: false,
    };
}

pub(crate) const PRESENT: u64 = 1 << 0;
pub(crate) const WRITABLE: u64 = 1 << 1;
pub(crate) const USER: u64 = 1 << 2;
pub(crate) const WRITE_THROUGH: u64 = 1 << 3;
pub(crate) const CACHE_DISABLE: u64 = 1 << 4;
const ACCESSED: u64 = 1 << 5;
pub(crate) const DIRTY: u64 = 1 << 6;
pub(crate) const LARGE: u64 = 1 << 7;
pub(crate) const GLOBAL: u64 = 1 << 8;
/// Software bit: a frame is held here, present or not.
const HELD: u64 = 1 << 9;
/// Software bit: the frame is a page of the initial RAM disk, which nobody counts.
const UNCOUNTED: u64 = 1 << 10;
/// Software bit: ring 3 may write here, but the page is shared by a copy of the space: it is copied first.
const COPY_ON_WRITE: u64 = 1 << 11;
pub(crate) const NO_EXECUTE: u64 = 1 << 63;
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

/// A page-table entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Entry(pub(crate) u64);

impl Entry {
    pub(crate) const EMPTY: Entry = Entry(0);

    /// An entry that leads to the next table: the rights of the leaf alone decide.
    pub(crate) fn table(address: PhysAddr) -> Entry {
        Entry(address.0 | PRESENT | WRITABLE | USER)
    }

    /// A leaf of ring 3 that holds the frame at `address`.
    pub(crate) fn user(address: PhysAddr, access: Access) -> Entry {
        let mut bits = address.0 | HELD | USER | ACCESSED;
        if access.read || access.write || access.execute {
            bits |= PRESENT;
        }
        if access.write {
            bits |= WRITABLE;
        }
        if !access.execute {
            bits |= NO_EXECUTE;
        }
        Entry(bits)
    }

    /// The address of the next table or of the page.
    pub(crate) fn address(self) -> PhysAddr {
        PhysAddr(self.0 & ADDRESS)
    }

    pub(crate) fn is_present(self) -> bool {
        self.0 & PRESENT != 0
    }

    /// Whether a frame is held here.
    pub(crate) fn is_held(self) -> bool {
        self.0 & HELD != 0
    }

    /// The same for 2 MiB, in a table of the level above.
    pub(crate) fn large(self) -> Entry {
        Entry(self.0 | LARGE)
    }

    /// What a small entry would say of the page `offset` bytes into a large one. (The bit that tells them apart means something
    /// else in a small one.)
    pub(crate) fn small(self, offset: usize) -> Entry {
        Entry((self.0 & !LARGE) + offset as u64)
    }

    /// Whether an entry above the last level leads to a table, and maps nothing itself.
    pub(crate) fn leads_to_table(self) -> bool {
        self.0 & (PRESENT | HELD) == PRESENT
    }

    /// What ring 3 may do.
    pub(crate) fn access(self) -> Access {
        Access {
            read: self.is_present(),
            write: self.is_present() && self.0 & WRITABLE != 0,
            execute: self.is_present() && self.0 & NO_EXECUTE == 0,
        }
    }

    /// Whether the page was written through this entry since it was made.
    pub(crate) fn is_dirty(self) -> bool {
        self.0 & DIRTY != 0
    }

    /// The same, for a frame of the initial RAM disk.
    pub(crate) fn uncounted(self) -> Entry {
        Entry(self.0 | UNCOUNTED)
    }

    /// Whether the entry owns a count of its frame.
    pub(crate) fn is_counted(self) -> bool {
        self.0 & (HELD | UNCOUNTED) == HELD
    }

    /// Whether the CPU lets ring 3 write, where the page is present.
    pub(crate) fn is_writable(self) -> bool {
        self.0 & WRITABLE != 0
    }

    /// The same for what may be written, shared with a copy of the space: it is copied first.
    pub(crate) fn shared_until_written(self) -> Entry {
        Entry(self.0 & !WRITABLE | COPY_ON_WRITE)
    }

    /// Whether a write is allowed once the page is the space's own.
    pub(crate) fn is_copied_on_write(self) -> bool {
        self.0 & COPY_ON_WRITE != 0
    }

    /// The same rights and writing, for a page that is the space's own.
    pub(crate) fn written(self, page: PhysAddr) -> Entry {
        Entry(self.0 & !(ADDRESS | COPY_ON_WRITE | UNCOUNTED) | page.0 | WRITABLE)
    }

    /// The same frame with other rights; the other bits are kept.
    pub(crate) fn with_access(self, access: Access) -> Entry {
        Entry(Entry::user(self.address(), access).0 | self.0 & (DIRTY | UNCOUNTED))
    }
}
