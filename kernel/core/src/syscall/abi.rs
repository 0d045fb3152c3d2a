//! The structures that system calls exchange with programs, laid out as Linux has them on x86-64. Every one has no
//! padding that is not named, so that nothing of the kernel leaks and any bytes are a value.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use crate::vfs::Timestamp;

/// `struct timespec` (`clock_gettime(2)`).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Timespec {
    /// Seconds.
    pub seconds: i64,
    /// Nanoseconds, or one of the special values of `utimensat(2)`.
    pub nanoseconds: i64,
}

impl From<Timestamp> for Timespec {
    fn from(time: Timestamp) -> Self {
        Timespec {
            seconds: time.seconds,
            nanoseconds: i64::from(time.nanoseconds),
        }
    }
}

/// `struct timeval` (`gettimeofday(2)`).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Timeval {
    /// Seconds.
    pub seconds: i64,
    /// Microseconds.
    pub microseconds: i64,
}

/// `struct utimbuf` (`utime(2)`).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Utimbuf {
    /// Last read, in seconds.
    pub accessed: i64,
    /// Last change of the content, in seconds.
    pub modified: i64,
}

/// `struct iovec` (`readv(2)`).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct IoVec {
    /// Where the piece begins.
    pub base: usize,
    /// How many bytes it has.
    pub length: usize,
}

/// `struct stat` (`stat(2)`).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Stat {
    /// `st_dev`
    pub device: u64,
    /// `st_ino`
    pub inode: u64,
    /// `st_nlink`
    pub links: u64,
    /// `st_mode`
    pub mode: u32,
    /// `st_uid`
    pub uid: u32,
    /// `st_gid`
    pub gid: u32,
    /// Nothing.
    pub padding: u32,
    /// `st_rdev`
    pub node: u64,
    /// `st_size`
    pub size: i64,
    /// `st_blksize`
    pub block_size: i64,
    /// `st_blocks`
    pub blocks: i64,
    /// `st_atim`
    pub accessed: Timespec,
    /// `st_mtim`
    pub modified: Timespec,
    /// `st_ctim`
    pub changed: Timespec,
    /// Nothing.
    pub reserved: [i64; 3],
}

/// `struct statx_timestamp`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct StatxTimestamp {
    /// Seconds.
    pub seconds: i64,
    /// Nanoseconds.
    pub nanoseconds: u32,
    /// Nothing.
    pub reserved: i32,
}

impl From<Timestamp> for StatxTimestamp {
    fn from(time: Timestamp) -> Self {
        StatxTimestamp {
            seconds: time.seconds,
            nanoseconds: time.nanoseconds,
            reserved: 0,
        }
    }
}

/// `struct statx` (`statx(2)`).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Statx {
    /// Which fields are filled in.
    pub mask: u32,
    /// `stx_blksize`
    pub block_size: u32,
    /// `stx_attributes`
    pub attributes: u64,
    /// `stx_nlink`
    pub links: u32,
    /// `stx_uid`
    pub uid: u32,
    /// `stx_gid`
    pub gid: u32,
    /// `stx_mode`
    pub mode: u16,
    /// Nothing.
    pub padding: u16,
    /// `stx_ino`
    pub inode: u64,
    /// `stx_size`
    pub size: u64,
    /// `stx_blocks`
    pub blocks: u64,
    /// Which attributes mean something.
    pub attributes_mask: u64,
    /// `stx_atime`
    pub accessed: StatxTimestamp,
    /// `stx_btime`
    pub created: StatxTimestamp,
    /// `stx_ctime`
    pub changed: StatxTimestamp,
    /// `stx_mtime`
    pub modified: StatxTimestamp,
    /// `stx_rdev_major`
    pub node_major: u32,
    /// `stx_rdev_minor`
    pub node_minor: u32,
    /// `stx_dev_major`
    pub device_major: u32,
    /// `stx_dev_minor`
    pub device_minor: u32,
    /// `stx_mnt_id`
    pub mount: u64,
    /// Nothing.
    pub reserved: [u64; 13],
}

/// `struct statfs` (`statfs(2)`).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Statfs {
    /// `f_type`
    pub magic: u64,
    /// `f_bsize`
    pub block_size: u64,
    /// `f_blocks`
    pub blocks: u64,
    /// `f_bfree`
    pub free_blocks: u64,
    /// `f_bavail`
    pub available_blocks: u64,
    /// `f_files`
    pub inodes: u64,
    /// `f_ffree`
    pub free_inodes: u64,
    /// `f_fsid`
    pub id: u64,
    /// `f_namelen`
    pub name_length: u64,
    /// `f_frsize`
    pub fragment_size: u64,
    /// `f_flags`
    pub flags: u64,
    /// Nothing.
    pub reserved: [u64; 4],
}

/// What precedes the name in a `struct linux_dirent64` (`getdents64(2)`), unaligned.
#[repr(C, packed)]
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct DirentHeader {
    /// `d_ino`
    pub inode: u64,
    /// `d_off`
    pub next: i64,
    /// `d_reclen`
    pub length: u16,
    /// `d_type`
    pub kind: u8,
}

/// What precedes the name in a `struct linux_dirent` (`getdents(2)`), unaligned; the type follows the name.
#[repr(C, packed)]
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct OldDirentHeader {
    /// `d_ino`
    pub inode: u64,
    /// `d_off`
    pub next: i64,
    /// `d_reclen`
    pub length: u16,
}

/// `struct flock` (`fcntl(2)`).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Flock {
    /// `l_type`
    pub kind: u16,
    /// `l_whence`
    pub whence: u16,
    /// Nothing.
    pub padding: u32,
    /// `l_start`
    pub start: i64,
    /// `l_len`
    pub length: i64,
    /// `l_pid`
    pub pid: u32,
    /// Nothing.
    pub reserved: u32,
}

/// `struct open_how` (`openat2(2)`).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct OpenHow {
    /// `O_*`
    pub flags: u64,
    /// The mode of a file that is created.
    pub mode: u64,
    /// `RESOLVE_*`
    pub resolve: u64,
}

const _: () = assert!(size_of::<Stat>() == 144 && size_of::<Statx>() == 256 && size_of::<Statfs>() == 120);
const _: () = assert!(size_of::<DirentHeader>() == 19 && size_of::<OldDirentHeader>() == 18);
const _: () = assert!(size_of::<Flock>() == 32 && size_of::<IoVec>() == 16);
