//! Files with the interface of `std::os::unix::fs`.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs;
use std::path::Path;

pub use std::os::unix::fs::{
    DirBuilderExt, DirEntryExt, FileExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt,
};

use crate::rt::blocking::in_place;

/// Makes a symbolic link. As [`std::os::unix::fs::symlink`].
///
/// # Errors
/// As [`std::os::unix::fs::symlink`].
pub fn symlink<P: AsRef<Path>, Q: AsRef<Path>>(original: P, link: Q) -> io::Result<()> {
    in_place(|| fs::symlink(original, link))
}

/// Changes whose file it is. As [`std::os::unix::fs::chown`].
///
/// # Errors
/// As [`std::os::unix::fs::chown`].
pub fn chown<P: AsRef<Path>>(path: P, user: Option<u32>, group: Option<u32>) -> io::Result<()> {
    in_place(|| fs::chown(path, user, group))
}

/// Changes whose open file it is. As [`std::os::unix::fs::fchown`].
///
/// # Errors
/// As [`std::os::unix::fs::fchown`].
pub fn fchown<F: AsFd>(file: F, user: Option<u32>, group: Option<u32>) -> io::Result<()> {
    in_place(|| fs::fchown(file, user, group))
}

/// Changes whose file, or symbolic link itself, it is. As [`std::os::unix::fs::lchown`].
///
/// # Errors
/// As [`std::os::unix::fs::lchown`].
pub fn lchown<P: AsRef<Path>>(path: P, user: Option<u32>, group: Option<u32>) -> io::Result<()> {
    in_place(|| fs::lchown(path, user, group))
}

/// Makes a directory the root of the process. As [`std::os::unix::fs::chroot`].
///
/// # Errors
/// As [`std::os::unix::fs::chroot`].
pub fn chroot<P: AsRef<Path>>(directory: P) -> io::Result<()> {
    in_place(|| fs::chroot(directory))
}
