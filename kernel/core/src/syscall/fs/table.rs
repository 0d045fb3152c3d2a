//! From numbers to functions.

use linux_raw_sys::general as nr;

use super::adapter::with_caller;
use super::xattr::{self, Target};
use super::{
    Caller, attributes, control, copy, descriptors, directories, locks, names, open, seek, size, splice,
    stat, status, transfer,
};
use crate::error::Errno;
use crate::syscall::Call;

/// A system call on files, with its arguments as they lie in the registers.
pub type Function = fn(&Caller<'_>, [usize; 6]) -> Result<usize, Errno>;

/// A system call on files.
pub struct SystemCall {
    /// `__NR_` and its name.
    pub name: &'static str,
    /// The call itself.
    pub function: Function,
    /// The call on behalf of a thread.
    pub(super) serve: fn(&mut Call<'_>, [usize; 6]) -> Result<usize, Errno>,
}

/// A row of the table. The function is named twice, for a closure that captures nothing is a plain function.
macro_rules! system_call {
    ($number:ident, $function:expr) => {
        SystemCall {
            name: stringify!($number),
            function: $function,
            serve: |call, arguments| {
                with_caller(call, |caller| {
                    let function: Function = $function;
                    function(caller, arguments)
                })
            },
        }
    };
}

/// An argument as the system call takes it out of a register: the bits above its type are not looked at.
trait Argument {
    fn from_register(register: usize) -> Self;
}

impl Argument for usize {
    fn from_register(register: usize) -> Self {
        register
    }
}

impl Argument for i64 {
    fn from_register(register: usize) -> Self {
        register.cast_signed() as i64
    }
}

impl Argument for u32 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "Linux ignores the upper half, too"
    )]
    fn from_register(register: usize) -> Self {
        register as u32
    }
}

impl Argument for i32 {
    fn from_register(register: usize) -> Self {
        u32::from_register(register).cast_signed()
    }
}

macro_rules! table {
    ($($number:ident => $function:path, ($($index:literal)*);)*) => {
        /// The system call on files that has this number.
        pub const fn find(number: u32) -> Option<SystemCall> {
            Some(match number {
                $(nr::$number => system_call!($number, |caller, arguments| {
                    let _ = arguments;
                    $function(caller $(, Argument::from_register(arguments[$index]))*)
                }),)*
                _ => return find_attribute(number),
            })
        }
    };
}

table! {
    __NR_read => transfer::read, (0 1 2);
    __NR_write => transfer::write, (0 1 2);
    __NR_readv => transfer::readv, (0 1 2);
    __NR_writev => transfer::writev, (0 1 2);
    __NR_pread64 => transfer::pread, (0 1 2 3);
    __NR_pwrite64 => transfer::pwrite, (0 1 2 3);
    __NR_preadv => preadv, (0 1 2 3);
    __NR_pwritev => pwritev, (0 1 2 3);
    __NR_preadv2 => transfer::preadv2, (0 1 2 3 5);
    __NR_pwritev2 => transfer::pwritev2, (0 1 2 3 5);
    __NR_lseek => seek::lseek, (0 1 2);
    __NR_open => open::open, (0 1 2);
    __NR_openat => open::openat, (0 1 2 3);
    __NR_openat2 => open::openat2, (0 1 2 3);
    __NR_creat => open::creat, (0 1);
    __NR_close => open::close, (0);
    __NR_close_range => open::close_range, (0 1 2);
    __NR_memfd_create => open::memfd_create, (0 1);
    __NR_stat => stat::stat, (0 1);
    __NR_lstat => stat::lstat, (0 1);
    __NR_fstat => stat::fstat, (0 1);
    __NR_newfstatat => stat::newfstatat, (0 1 2 3);
    __NR_statx => stat::statx, (0 1 2 3 4);
    __NR_access => stat::access, (0 1);
    __NR_faccessat => stat::faccessat, (0 1 2);
    __NR_faccessat2 => stat::faccessat2, (0 1 2 3);
    __NR_statfs => status::statfs, (0 1);
    __NR_fstatfs => status::fstatfs, (0 1);
    __NR_sync => status::sync, ();
    __NR_syncfs => status::syncfs, (0);
    __NR_fsync => status::fsync, (0);
    __NR_fdatasync => status::fsync, (0);
    __NR_sync_file_range => status::sync_file_range, (0 1 2 3);
    __NR_getdents => directories::getdents, (0 1 2);
    __NR_getdents64 => directories::getdents64, (0 1 2);
    __NR_getcwd => directories::getcwd, (0 1);
    __NR_chdir => directories::chdir, (0);
    __NR_fchdir => directories::fchdir, (0);
    __NR_chroot => directories::chroot, (0);
    __NR_umask => directories::umask, (0);
    __NR_mkdir => names::mkdir, (0 1);
    __NR_mkdirat => names::mkdirat, (0 1 2);
    __NR_mknod => names::mknod, (0 1 2);
    __NR_mknodat => names::mknodat, (0 1 2 3);
    __NR_symlink => names::symlink, (0 1);
    __NR_symlinkat => names::symlinkat, (0 1 2);
    __NR_link => names::link, (0 1);
    __NR_linkat => names::linkat, (0 1 2 3 4);
    __NR_unlink => names::unlink, (0);
    __NR_unlinkat => names::unlinkat, (0 1 2);
    __NR_rmdir => names::rmdir, (0);
    __NR_rename => names::rename, (0 1);
    __NR_renameat => names::renameat, (0 1 2 3);
    __NR_renameat2 => names::renameat2, (0 1 2 3 4);
    __NR_readlink => names::readlink, (0 1 2);
    __NR_readlinkat => names::readlinkat, (0 1 2 3);
    __NR_chmod => attributes::chmod, (0 1);
    __NR_fchmod => attributes::fchmod, (0 1);
    __NR_fchmodat => attributes::fchmodat, (0 1 2);
    __NR_fchmodat2 => attributes::fchmodat2, (0 1 2 3);
    __NR_chown => attributes::chown, (0 1 2);
    __NR_lchown => attributes::lchown, (0 1 2);
    __NR_fchown => attributes::fchown, (0 1 2);
    __NR_fchownat => attributes::fchownat, (0 1 2 3 4);
    __NR_utimensat => attributes::utimensat, (0 1 2 3);
    __NR_futimesat => attributes::futimesat, (0 1 2);
    __NR_utimes => attributes::utimes, (0 1);
    __NR_utime => attributes::utime, (0 1);
    __NR_truncate => size::truncate, (0 1);
    __NR_ftruncate => size::ftruncate, (0 1);
    __NR_fallocate => size::fallocate, (0 1 2 3);
    __NR_fadvise64 => size::fadvise64, (0 1 2 3);
    __NR_readahead => size::readahead, (0);
    __NR_dup => descriptors::dup, (0);
    __NR_dup2 => descriptors::dup2, (0 1);
    __NR_dup3 => descriptors::dup3, (0 1 2);
    __NR_fcntl => control::fcntl, (0 1 2);
    __NR_ioctl => control::ioctl, (0 1 2);
    __NR_flock => locks::flock, (0 1);
    __NR_sendfile => copy::sendfile, (0 1 2 3);
    __NR_splice => splice::splice, (0 1 2 3 4 5);
    __NR_tee => splice::tee, (0 1 2 3);
    __NR_vmsplice => splice::vmsplice, (0 1 2 3);
    __NR_copy_file_range => copy::copy_file_range, (0 1 2 3 4 5);
}

fn preadv(caller: &Caller<'_>, fd: i32, array: usize, count: usize, at: i64) -> Result<usize, Errno> {
    transfer::preadv(caller, fd, array, count, at, 0)
}

fn pwritev(caller: &Caller<'_>, fd: i32, array: usize, count: usize, at: i64) -> Result<usize, Errno> {
    transfer::pwritev(caller, fd, array, count, at, 0)
}

macro_rules! attribute_table {
    ($($target:path, $argument:ty: $get:ident $set:ident $list:ident $remove:ident;)*) => {
        /// The twelve calls on extended attributes are four, each on three sorts of target.
        const fn find_attribute(number: u32) -> Option<SystemCall> {
            Some(match number {
                $(
                    nr::$get => system_call!($get, |caller, [target, name, ..]| {
                        xattr::get(caller, $target(<$argument>::from_register(target)), name)
                    }),
                    nr::$set => system_call!($set, |caller, [target, name, _, size, flags, _]| {
                        let target = $target(<$argument>::from_register(target));
                        xattr::set(caller, target, name, size, u32::from_register(flags))
                    }),
                    nr::$list => system_call!($list, |caller, [target, ..]| {
                        xattr::list(caller, $target(<$argument>::from_register(target)))
                    }),
                    nr::$remove => system_call!($remove, |caller, [target, name, ..]| {
                        xattr::remove(caller, $target(<$argument>::from_register(target)), name)
                    }),
                )*
                _ => return None,
            })
        }
    };
}

attribute_table! {
    Target::Path, usize: __NR_getxattr __NR_setxattr __NR_listxattr __NR_removexattr;
    Target::Link, usize: __NR_lgetxattr __NR_lsetxattr __NR_llistxattr __NR_lremovexattr;
    Target::Descriptor, i32: __NR_fgetxattr __NR_fsetxattr __NR_flistxattr __NR_fremovexattr;
}
