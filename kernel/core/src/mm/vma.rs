//! [`Vma`]: what a range of addresses means.

use crate::vfs::{File, Inode, Place};
use alloc::sync::Arc;
use core::fmt;
use threadbare_machine::memory::PAGE_SIZE;
use threadbare_machine::paging::Access;
use threadbare_range_map::Piece;

/// Where the pages of a mapping come from.
#[derive(Clone)]
pub enum Backing {
    /// Zeroes, and private: shared zeroes are a file without a name.
    Anonymous,
    /// A file, from this page of it on.
    File {
        /// The file.
        inode: Arc<dyn Inode>,
        /// Where it was opened, for `/proc/<pid>/maps`.
        place: Place,
        /// The page of the file that is at the start of the range.
        page: u64,
    },
}

impl Backing {
    /// The pages of an open file from `page` on.
    pub fn file(file: &File, page: u64) -> Backing {
        Backing::File {
            inode: file.inode().clone(),
            place: file.place().clone(),
            page,
        }
    }
}

/// The meaning of a range: rights, origin of its pages, who sees writes.
#[derive(Clone)]
pub struct Vma {
    /// What the program may do.
    pub access: Access,
    /// What `mprotect` may at most allow: a shared mapping of a file opened for reading never becomes writable.
    pub most: Access,
    /// Whether writes are seen by everybody who maps the same pages (`MAP_SHARED`).
    pub shared: bool,
    /// Where the pages come from.
    pub backing: Backing,
    /// What `/proc/<pid>/maps` calls it, if not by a path: `[heap]`, `[stack]`.
    pub label: &'static str,
    /// What a child of `fork(2)` gets of it.
    pub on_fork: OnFork,
    /// Whether it grows when what is just below it is touched (`MAP_GROWSDOWN`).
    pub grows_down: bool,
    /// Whether its pages may be huge.
    pub huge: Huge,
}

/// What becomes of a mapping in a child of `fork(2)` (`madvise(2)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFork {
    /// It is the child's, too.
    Copied,
    /// It is missing (`MADV_DONTFORK`).
    Missing,
    /// It is there, and its pages are zeroes (`MADV_WIPEONFORK`).
    Wiped,
}

/// Whether a mapping may have huge pages (`madvise(2)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Huge {
    /// Where they are likely to be used and memory is plentiful.
    Usual,
    /// Wherever it has 2 MiB (`MADV_HUGEPAGE`).
    Wanted,
    /// Nowhere (`MADV_NOHUGEPAGE`).
    Refused,
}

impl Vma {
    /// Private zeroes.
    pub fn anonymous(access: Access) -> Vma {
        let most = Access {
            read: true,
            write: true,
            execute: true,
        };
        Vma {
            access,
            most,
            shared: false,
            backing: Backing::Anonymous,
            label: "",
            on_fork: OnFork::Copied,
            grows_down: false,
            huge: Huge::Usual,
        }
    }
}

impl Piece for Vma {
    fn cut(&mut self, distance: usize) -> Vma {
        let mut rest = self.clone();
        if let Backing::File { page, .. } = &mut rest.backing {
            *page += (distance / PAGE_SIZE) as u64;
        }
        rest
    }

    fn joins(&self, distance: usize, next: &Vma) -> bool {
        let backing = match (&self.backing, &next.backing) {
            (Backing::Anonymous, Backing::Anonymous) => true,
            (
                Backing::File {
                    inode: a, page: p, ..
                },
                Backing::File {
                    inode: b, page: q, ..
                },
            ) => Arc::ptr_eq(a, b) && p + (distance / PAGE_SIZE) as u64 == *q,
            _ => false,
        };
        let same = self.access == next.access && self.most == next.most && self.shared == next.shared;
        let alike =
            self.on_fork == next.on_fork && self.grows_down == next.grows_down && self.huge == next.huge;
        backing && same && alike && self.label == next.label
    }
}

impl fmt::Debug for Vma {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vma")
            .field("access", &self.access)
            .field("shared", &self.shared)
            .finish_non_exhaustive()
    }
}
