//! File system calls.

mod attributes;
mod descriptor;
mod directory;
mod io;
mod names;
mod open;
mod stat;
mod transfer;
mod user_data;

use super::Call;
use crate::error::Errno;
use crate::vfs::{File, Place, Resolver, SymlinkPolicy};
use alloc::sync::Arc;
use alloc::vec::Vec;
use linux_raw_sys::general as nr;

type Function = fn(&mut Call<'_>, [usize; 6]) -> Result<usize, Errno>;

macro_rules! table {
    ($($number:ident => $function:path,)*) => {
        /// The function of a call, and its name.
        pub(super) fn find(number: usize) -> Option<(&'static str, Function)> {
            Some(match u32::try_from(number).ok()? {
                $(nr::$number => (stringify!($number), $function as Function),)*
                _ => return None,
            })
        }
    };
}

table! {
    __NR_open => open::open,
    __NR_openat => open::openat,
    __NR_creat => open::creat,
    __NR_close => open::close,
    __NR_close_range => open::close_range,
    __NR_read => io::read,
    __NR_write => io::write,
    __NR_pread64 => io::pread64,
    __NR_pwrite64 => io::pwrite64,
    __NR_readv => io::readv,
    __NR_writev => io::writev,
    __NR_preadv => io::preadv,
    __NR_pwritev => io::pwritev,
    __NR_lseek => io::lseek,
    __NR_sendfile => transfer::sendfile,
    __NR_copy_file_range => transfer::copy_file_range,
    __NR_stat => stat::stat,
    __NR_lstat => stat::lstat,
    __NR_fstat => stat::fstat,
    __NR_newfstatat => stat::newfstatat,
    __NR_statx => stat::statx,
    __NR_statfs => stat::statfs,
    __NR_fstatfs => stat::fstatfs,
    __NR_access => stat::access,
    __NR_faccessat => stat::faccessat,
    __NR_faccessat2 => stat::faccessat2,
    __NR_readlink => names::readlink,
    __NR_readlinkat => names::readlinkat,
    __NR_mkdir => names::mkdir,
    __NR_mkdirat => names::mkdirat,
    __NR_rmdir => names::rmdir,
    __NR_unlink => names::unlink,
    __NR_unlinkat => names::unlinkat,
    __NR_rename => names::rename,
    __NR_renameat => names::renameat,
    __NR_renameat2 => names::renameat2,
    __NR_link => names::link,
    __NR_linkat => names::linkat,
    __NR_symlink => names::symlink,
    __NR_symlinkat => names::symlinkat,
    __NR_getcwd => directory::getcwd,
    __NR_chdir => directory::chdir,
    __NR_fchdir => directory::fchdir,
    __NR_getdents64 => directory::getdents64,
    __NR_umask => directory::umask,
    __NR_dup => descriptor::dup,
    __NR_dup2 => descriptor::dup2,
    __NR_dup3 => descriptor::dup3,
    __NR_fcntl => descriptor::fcntl,
    __NR_ioctl => descriptor::ioctl,
    __NR_fsync => descriptor::fsync,
    __NR_fdatasync => descriptor::fsync,
    __NR_syncfs => descriptor::fsync,
    __NR_sync => descriptor::sync,
    __NR_fadvise64 => descriptor::fadvise64,
    __NR_chmod => attributes::chmod,
    __NR_fchmod => attributes::fchmod,
    __NR_fchmodat => attributes::fchmodat,
    __NR_chown => attributes::chown,
    __NR_lchown => attributes::lchown,
    __NR_fchown => attributes::fchown,
    __NR_fchownat => attributes::fchownat,
    __NR_utimensat => attributes::utimensat,
    __NR_truncate => attributes::truncate,
    __NR_ftruncate => attributes::ftruncate,
}

/// `AT_FDCWD` as an argument.
const AT_FDCWD: usize = nr::AT_FDCWD as usize;

/// The low half of an argument, as an `int` descriptor.
#[expect(clippy::cast_possible_truncation, reason = "an int is the low half of its register")]
fn descriptor_number(argument: usize) -> u32 {
    argument as u32
}

/// The low half of an argument, as flags.
#[expect(clippy::cast_possible_truncation, reason = "an int is the low half of its register")]
fn flags(argument: usize) -> u32 {
    argument as u32
}

impl Call<'_> {
    /// The open file of a descriptor.
    ///
    /// # Errors
    /// `EBADF`.
    fn file(&self, fd: usize) -> Result<Arc<File>, Errno> {
        Ok(self.process().files.lock().get(descriptor_number(fd))?.file.clone())
    }

    /// The path at an address.
    ///
    /// # Errors
    /// `EFAULT`, `ENAMETOOLONG`, `ENOMEM`.
    fn path(&self, at: usize) -> Result<Vec<u8>, Errno> {
        let memory: &dyn super::memory::UserMemory = &self.memory();
        memory.read_path(at)
    }

    /// Where a relative path starts from.
    ///
    /// # Errors
    /// `EBADF`; `ENOTDIR` comes from the resolution.
    fn start(&self, directory: usize, path: &[u8]) -> Result<Place, Errno> {
        let absolute = path.first() == Some(&b'/');
        if absolute || descriptor_number(directory) == descriptor_number(AT_FDCWD) {
            return Ok(self.process().fs.working_directory());
        }
        Ok(self.file(directory)?.place().clone())
    }

    /// What a path with `AT_*` flags leads to: with `AT_EMPTY_PATH` and an empty path the descriptor itself.
    ///
    /// # Errors
    /// As `path_resolution(7)`; `EBADF`.
    fn locate(&self, directory: usize, path: usize, flags: u32) -> Result<Place, Errno> {
        let may_be_empty = flags & nr::AT_EMPTY_PATH != 0;
        let path = if may_be_empty && path == 0 { Vec::new() } else { self.path(path)? };
        if path.is_empty() && may_be_empty {
            if descriptor_number(directory) == descriptor_number(AT_FDCWD) {
                return Ok(self.process().fs.working_directory());
            }
            return Ok(self.file(directory)?.place().clone());
        }
        let policy = if flags & nr::AT_SYMLINK_NOFOLLOW != 0 { SymlinkPolicy::Keep } else { SymlinkPolicy::Follow };
        self.lookup(self.start(directory, &path)?, &path, policy)
    }

    /// What a path leads to.
    ///
    /// # Errors
    /// As `path_resolution(7)`.
    fn lookup(&self, start: Place, path: &[u8], policy: SymlinkPolicy) -> Result<Place, Errno> {
        let credentials = self.process().credentials.lock().clone();
        Resolver::new(&self.process().fs, &credentials).lookup(start, path, policy)
    }
}
