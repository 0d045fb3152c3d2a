//! The names in `/dev`.

use threadbare_kernel::error::Errno;
use threadbare_kernel::vfs::{DeviceNumber, Directory, NewInode, NewKind};

/// Character devices: name, number, permissions (Linux's `Documentation/admin-guide/devices.txt`).
const DEVICES: &[(&str, DeviceNumber, u32)] = &[
    ("null", DeviceNumber::new(1, 3), 0o666),
    ("zero", DeviceNumber::new(1, 5), 0o666),
    ("full", DeviceNumber::new(1, 7), 0o666),
    ("random", DeviceNumber::new(1, 8), 0o666),
    ("urandom", DeviceNumber::new(1, 9), 0o666),
    ("tty", DeviceNumber::new(5, 0), 0o666),
    ("console", DeviceNumber::new(5, 1), 0o600),
    ("ptmx", DeviceNumber::new(5, 2), 0o666),
];

/// Symbolic links: name and target.
const LINKS: &[(&str, &str)] = &[
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
];

/// Directories: name and permissions.
const DIRECTORIES: &[(&str, u32)] = &[("pts", 0o755), ("shm", 0o1777)];

/// Makes the nodes in a directory. What is there already stays.
///
/// # Errors
/// What keeps a node from being made, but `EEXIST`.
pub fn populate(directory: &dyn Directory) -> Result<(), Errno> {
    for &(name, number, permissions) in DEVICES {
        make(directory, name, NewKind::CharacterDevice(number), permissions)?;
    }
    for &(name, target) in LINKS {
        make(directory, name, NewKind::Symlink(target.as_bytes()), 0o777)?;
    }
    for &(name, permissions) in DIRECTORIES {
        make(directory, name, NewKind::Directory, permissions)?;
    }
    Ok(())
}

fn make(directory: &dyn Directory, name: &str, kind: NewKind<'_>, permissions: u32) -> Result<(), Errno> {
    match directory.create(
        name.as_bytes(),
        &NewInode {
            kind,
            permissions,
            uid: 0,
            gid: 0,
        },
    ) {
        Ok(_) | Err(Errno::EEXIST) => Ok(()),
        Err(errno) => Err(errno),
    }
}
