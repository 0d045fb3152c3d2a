//! [`Caller`]: on whose behalf a system call on files runs.

use alloc::sync::Arc;

use linux_raw_sys::general::{AT_EMPTY_PATH, AT_FDCWD, AT_SYMLINK_NOFOLLOW};
use threadbare_machine::sync::SpinLock;

use crate::error::Errno;
use crate::syscall::memory::{PathBytes, UserMemory};
use crate::vfs::{
    Credentials, Descriptor, FdTable, File, FileType, FsContext, Place, Resolver, SymlinkPolicy, Timestamp,
};

/// The parts of the calling thread and its process that file system calls use.
pub struct Caller<'a> {
    /// The memory of the program.
    pub memory: &'a dyn UserMemory,
    /// Its file descriptors.
    pub files: &'a SpinLock<FdTable>,
    /// Where it stands in the tree.
    pub fs: &'a FsContext,
    /// Whose rights it has.
    pub credentials: &'a Credentials,
    /// The number of the process: the owner of record locks.
    pub process: u32,
    /// The soft `RLIMIT_NOFILE`: no descriptor reaches this number.
    pub file_limit: u32,
    /// The soft `RLIMIT_FSIZE`: no file grows past it.
    pub size_limit: u64,
    /// Tells the thread that a file would have grown past that limit (SIGXFSZ).
    pub exceeds_size_limit: &'a dyn Fn(),
    /// The time for time stamps.
    pub now: fn() -> Timestamp,
    /// Waits until a lock on a file may have become free. Fails, as an interrupted call does, when a signal is to be
    /// handled first.
    pub wait_for_locks: &'a dyn Fn() -> Result<(), Errno>,
    /// Notes for the report at the end that a call or flag is not there.
    pub missing: &'a dyn Fn(&str),
}

impl Caller<'_> {
    /// The open file of a descriptor, whatever it was opened for.
    ///
    /// # Errors
    /// `EBADF` if there is none.
    pub fn file(&self, fd: i32) -> Result<Arc<File>, Errno> {
        let fd = u32::try_from(fd).map_err(|_| Errno::EBADF)?;
        Ok(self.files.lock().get(fd)?.file.clone())
    }

    /// The open file of a descriptor that can do more than stand for a place.
    ///
    /// # Errors
    /// `EBADF` if there is none, also for `O_PATH`.
    pub fn data_file(&self, fd: i32) -> Result<Arc<File>, Errno> {
        let file = self.file(fd)?;
        if file.is_path_only() {
            Err(Errno::EBADF)
        } else {
            Ok(file)
        }
    }

    /// Gives an open file the lowest free descriptor.
    ///
    /// # Errors
    /// `EMFILE`; `ENOMEM`.
    pub fn install(&self, file: Arc<File>, close_on_exec: bool) -> Result<usize, Errno> {
        let descriptor = Descriptor { file, close_on_exec };
        Ok(self.files.lock().insert(descriptor, 0, self.file_limit)? as usize)
    }

    /// Reads a path from the program.
    ///
    /// # Errors
    /// `EFAULT`, `ENAMETOOLONG`, `ENOMEM`.
    pub fn path(&self, address: usize) -> Result<PathBytes, Errno> {
        self.memory.read_path(address)
    }

    /// A resolver with the caller's root and rights.
    pub fn resolver(&self) -> Resolver<'_> {
        Resolver::new(self.fs, self.credentials)
    }

    /// The directory that a descriptor stands for.
    ///
    /// # Errors
    /// `EBADF` if `directory` is no descriptor, `ENOTDIR` if it is no directory.
    pub fn start(&self, directory: i32) -> Result<Place, Errno> {
        if directory == AT_FDCWD {
            return Ok(self.fs.working_directory());
        }
        let place = self.file(directory)?.place().clone();
        match place.inode().kind() {
            FileType::Directory => Ok(place),
            _ => Err(Errno::ENOTDIR),
        }
    }

    /// The place that a path means, with the flags `AT_SYMLINK_NOFOLLOW` and `AT_EMPTY_PATH` as given.
    ///
    /// # Errors
    /// As `path_resolution(7)` says, and `EBADF`, `EFAULT`.
    pub fn place(&self, directory: i32, path: usize, flags: u32) -> Result<Place, Errno> {
        let allows_empty = flags & AT_EMPTY_PATH != 0;
        // As Linux does since 6.11, for programs that save the empty string.
        let path = if path == 0 && allows_empty {
            PathBytes::EMPTY
        } else {
            self.path(path)?
        };
        if path.is_empty() && allows_empty {
            return match directory {
                AT_FDCWD => Ok(self.fs.working_directory()),
                fd => Ok(self.file(fd)?.place().clone()),
            };
        }
        let follow = flags & AT_SYMLINK_NOFOLLOW == 0;
        let policy = if follow {
            SymlinkPolicy::Follow
        } else {
            SymlinkPolicy::Keep
        };
        self.resolver().lookup(|| self.start(directory), &path, policy)
    }

    /// Checks that what lies on this mount may be changed.
    ///
    /// # Errors
    /// `EROFS` if not.
    pub fn check_changeable(&self, place: &Place) -> Result<(), Errno> {
        match place.mount() {
            Some(mount) if mount.options.read_only => Err(Errno::EROFS),
            _ => Ok(()),
        }
    }
}

/// Refuses flags that are not among `known`.
///
/// # Errors
/// `EINVAL` if there are others.
pub(super) fn check_flags(flags: u32, known: u32) -> Result<(), Errno> {
    if flags & !known == 0 {
        Ok(())
    } else {
        Err(Errno::EINVAL)
    }
}
