//! Files with the interface of `std::fs`.
//!
//! The kernel has no events for files: a call returns when it is done. Most find what they want in memory and take a microsecond, so
//! the worker makes them itself; one that takes longer gives all that the worker has to run to others meanwhile. `File::lock`
//! may take for ever and goes to an operating-system thread of a pool. In mode pinned the threads that have started on a worker wait
//! while it makes a call.
//!
//! Difference: std reads and writes through `Arc<File>`, which only std can; `&*file` does the same.

mod directory;
mod file;
mod options;
#[doc(hidden)]
pub mod unix;

use std::io;
use std::path::{Path, PathBuf};

pub use directory::{DirBuilder, DirEntry, ReadDir};
pub use file::File;
pub use options::OpenOptions;
pub use std::fs::{FileTimes, FileType, Metadata, Permissions, TryLockError};

use crate::rt::blocking::in_place;

/// The path without links, dots and doubled slashes. As [`std::fs::canonicalize`].
///
/// # Errors
/// As [`std::fs::canonicalize`].
pub fn canonicalize<P: AsRef<Path>>(path: P) -> io::Result<PathBuf> {
    in_place(|| std::fs::canonicalize(path))
}

/// Copies a file and its permissions; how many bytes. As [`std::fs::copy`].
///
/// # Errors
/// As [`std::fs::copy`].
pub fn copy<P: AsRef<Path>, Q: AsRef<Path>>(from: P, to: Q) -> io::Result<u64> {
    in_place(|| std::fs::copy(from, to))
}

/// Makes a directory. As [`std::fs::create_dir`].
///
/// # Errors
/// As [`std::fs::create_dir`].
pub fn create_dir<P: AsRef<Path>>(path: P) -> io::Result<()> {
    in_place(|| std::fs::create_dir(path))
}

/// Makes a directory and those above it that are missing. As [`std::fs::create_dir_all`].
///
/// # Errors
/// As [`std::fs::create_dir_all`].
pub fn create_dir_all<P: AsRef<Path>>(path: P) -> io::Result<()> {
    in_place(|| std::fs::create_dir_all(path))
}

/// Whether the path leads to something. As [`std::fs::exists`].
///
/// # Errors
/// As [`std::fs::exists`].
pub fn exists<P: AsRef<Path>>(path: P) -> io::Result<bool> {
    in_place(|| std::fs::exists(path))
}

/// Makes another name for a file. As [`std::fs::hard_link`].
///
/// # Errors
/// As [`std::fs::hard_link`].
pub fn hard_link<P: AsRef<Path>, Q: AsRef<Path>>(original: P, link: Q) -> io::Result<()> {
    in_place(|| std::fs::hard_link(original, link))
}

/// What is known of the file that the path leads to. As [`std::fs::metadata`].
///
/// # Errors
/// As [`std::fs::metadata`].
pub fn metadata<P: AsRef<Path>>(path: P) -> io::Result<Metadata> {
    in_place(|| std::fs::metadata(path))
}

/// All bytes of a file. As [`std::fs::read`].
///
/// # Errors
/// As [`std::fs::read`].
pub fn read<P: AsRef<Path>>(path: P) -> io::Result<Vec<u8>> {
    in_place(|| std::fs::read(path))
}

/// Where a symbolic link leads. As [`std::fs::read_link`].
///
/// # Errors
/// As [`std::fs::read_link`].
pub fn read_link<P: AsRef<Path>>(path: P) -> io::Result<PathBuf> {
    in_place(|| std::fs::read_link(path))
}

/// All text of a file. As [`std::fs::read_to_string`].
///
/// # Errors
/// As [`std::fs::read_to_string`].
pub fn read_to_string<P: AsRef<Path>>(path: P) -> io::Result<String> {
    in_place(|| std::fs::read_to_string(path))
}

/// Removes an empty directory. As [`std::fs::remove_dir`].
///
/// # Errors
/// As [`std::fs::remove_dir`].
pub fn remove_dir<P: AsRef<Path>>(path: P) -> io::Result<()> {
    in_place(|| std::fs::remove_dir(path))
}

/// Removes a directory and all that is in it. As [`std::fs::remove_dir_all`].
///
/// # Errors
/// As [`std::fs::remove_dir_all`].
pub fn remove_dir_all<P: AsRef<Path>>(path: P) -> io::Result<()> {
    in_place(|| std::fs::remove_dir_all(path))
}

/// Removes a name of a file. As [`std::fs::remove_file`].
///
/// # Errors
/// As [`std::fs::remove_file`].
pub fn remove_file<P: AsRef<Path>>(path: P) -> io::Result<()> {
    in_place(|| std::fs::remove_file(path))
}

/// Gives a file another name, in place of what had it. As [`std::fs::rename`].
///
/// # Errors
/// As [`std::fs::rename`].
pub fn rename<P: AsRef<Path>, Q: AsRef<Path>>(from: P, to: Q) -> io::Result<()> {
    in_place(|| std::fs::rename(from, to))
}

/// Changes who may do what. As [`std::fs::set_permissions`].
///
/// # Errors
/// As [`std::fs::set_permissions`].
pub fn set_permissions<P: AsRef<Path>>(path: P, permissions: Permissions) -> io::Result<()> {
    in_place(|| std::fs::set_permissions(path, permissions))
}

/// What is known of a file, or of the symbolic link itself. As [`std::fs::symlink_metadata`].
///
/// # Errors
/// As [`std::fs::symlink_metadata`].
pub fn symlink_metadata<P: AsRef<Path>>(path: P) -> io::Result<Metadata> {
    in_place(|| std::fs::symlink_metadata(path))
}

/// Replaces what a file holds. As [`std::fs::write`].
///
/// # Errors
/// As [`std::fs::write`].
pub fn write<P: AsRef<Path>, C: AsRef<[u8]>>(path: P, contents: C) -> io::Result<()> {
    in_place(|| std::fs::write(path, contents))
}

/// Makes a symbolic link. As [`std::fs::soft_link`].
///
/// # Errors
/// As [`std::fs::soft_link`].
#[deprecated(note = "as in std: replaced by std::os::unix::fs::symlink")]
pub fn soft_link<P: AsRef<Path>, Q: AsRef<Path>>(original: P, link: Q) -> io::Result<()> {
    unix::symlink(original, link)
}

/// What is in a directory. As [`std::fs::read_dir`].
///
/// # Errors
/// As [`std::fs::read_dir`].
pub fn read_dir<P: AsRef<Path>>(path: P) -> io::Result<ReadDir> {
    in_place(|| std::fs::read_dir(path)).map(ReadDir)
}
