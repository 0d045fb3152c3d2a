//! Extended attributes (`xattr(7)`): no file system of this kernel has any, which is what tmpfs without them says, too.

use linux_raw_sys::general::{
    AT_FDCWD, AT_SYMLINK_NOFOLLOW, XATTR_CREATE, XATTR_NAME_MAX, XATTR_REPLACE, XATTR_SIZE_MAX,
};

use super::Caller;
use super::caller::check_flags;
use crate::error::Errno;
use crate::vfs::Place;

/// What an extended attribute call works on.
#[derive(Clone, Copy)]
pub(super) enum Target {
    /// A path, with links followed.
    Path(usize),
    /// A path, without following a link at its end.
    Link(usize),
    /// An open file.
    Descriptor(i32),
}

fn find(caller: &Caller<'_>, target: Target) -> Result<Place, Errno> {
    match target {
        Target::Path(path) => caller.place(AT_FDCWD, path, 0),
        Target::Link(path) => caller.place(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW),
        Target::Descriptor(fd) => Ok(caller.data_file(fd)?.place().clone()),
    }
}

fn check_name(caller: &Caller<'_>, name: usize) -> Result<(), Errno> {
    match caller.memory.read_string(name, XATTR_NAME_MAX as usize)? {
        Some(name) if !name.is_empty() => Ok(()),
        _ => Err(Errno::ERANGE),
    }
}

/// `getxattr(2)`
pub(super) fn get(caller: &Caller<'_>, target: Target, name: usize) -> Result<usize, Errno> {
    let _ = find(caller, target)?;
    check_name(caller, name)?;
    Err(Errno::EOPNOTSUPP)
}

/// `setxattr(2)`
pub(super) fn set(
    caller: &Caller<'_>,
    target: Target,
    name: usize,
    size: usize,
    flags: u32,
) -> Result<usize, Errno> {
    check_flags(flags, XATTR_CREATE | XATTR_REPLACE)?;
    check_name(caller, name)?;
    if size > XATTR_SIZE_MAX as usize {
        return Err(Errno::E2BIG);
    }
    let _ = find(caller, target)?;
    Err(Errno::EOPNOTSUPP)
}

/// `listxattr(2)`: there are none.
pub(super) fn list(caller: &Caller<'_>, target: Target) -> Result<usize, Errno> {
    let _ = find(caller, target)?;
    Ok(0)
}

/// `removexattr(2)`
pub(super) fn remove(caller: &Caller<'_>, target: Target, name: usize) -> Result<usize, Errno> {
    let _ = find(caller, target)?;
    check_name(caller, name)?;
    Err(Errno::EOPNOTSUPP)
}
