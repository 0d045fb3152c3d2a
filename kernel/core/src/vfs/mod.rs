//! The virtual file system: one tree of names over many file systems, and what is open in it.
//!
//! Three layers, each knowing only the ones above it in this list:
//!
//! 1. **File systems** implement [`FileSystem`], [`Inode`], [`Directory`], [`Contents`] and [`FileOperations`]. They
//!    live in crates of their own and know nothing of paths, processes or user memory.
//! 2. **The tree**: a [`Namespace`] joins file systems by [`Mount`]s; a [`Place`] is a position in it; a
//!    [`Resolver`] turns paths into places, following symbolic links and mounts and checking permissions.
//! 3. **What a process holds**: [`File`] (an open file description), [`FdTable`] (its numbers for them) and
//!    [`FsContext`] (root, working directory, umask).
//!
//! Data moves through [`Sink`] and [`Source`], so that a page reaches user memory with no copy in between.
//!
//! Invariants:
//! 1. No lock is held across a call into a [`Sink`] or [`Source`]: it may fault in user memory, and sleep. Pages are
//!    taken out of a file as counted [`Frame`](threadbare_machine::memory::Frame) handles first.
//! 2. No lock is held while the last handle of a file or inode may be dropped: what drops may take any lock.
//! 3. Locks within one file system are taken parent before child (its own documentation says how); no lock of one
//!    file system is held while another one is called.
//! 4. A directory has one parent and one name, known to its file system; so `..` and `getcwd(2)` are right after any
//!    rename. Other files may have many names; a [`Place`] remembers the one by which it was reached.
//!
//! Deliberately absent: a cache of names. The file systems of this kernel are in memory, so that their own maps
//! answer as fast as a cache would.

mod anonymous;
pub(crate) mod bytes;
mod capabilities;
mod context;
mod credentials;
mod data;
pub mod devices;
mod executed;
mod fd_table;
mod file;
mod file_system;
mod flags;
mod inode;
mod metadata;
mod name;
mod namespace;
mod observers;
mod open;
mod place;
pub mod proc_source;
pub mod pseudo;
mod readiness;
mod resolve;
#[cfg(test)]
mod tests;

pub use anonymous::Anonymous;
pub use capabilities::{Capabilities, Capability, CapabilitySet, SecureBits};
pub use context::FsContext;
pub use credentials::{Access, Credentials};
pub use data::{Sink, SliceSource, Source, VecSink};
pub use executed::{Executed, check_not_executed};
pub use fd_table::{Descriptor, FdTable};
pub use file::{File, FileOperations, Offsets, PathOnly};
pub use file_system::{FileSystem, FileSystemStatus};
pub use flags::OpenFlags;
pub use inode::{
    Contents, Directory, DirectoryEntry, Inode, LinkTarget, NewInode, NewKind, PageUse, RenameMode,
};
pub use metadata::{AttributeChange, DeviceNumber, FileType, Metadata, Timestamp};
pub use name::Name;
pub use namespace::{Mount, MountOptions, Namespace};
pub use observers::{CloseObserver, Observers};
pub use open::{open, open_place};
pub use place::Place;
pub(crate) use place::same_inode;
pub use readiness::{Readiness, Watcher, Watchers};
pub use resolve::{Last, Parent, Resolver, SymlinkPolicy};
