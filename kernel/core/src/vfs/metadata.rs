//! What is known about a file without opening it (`inode(7)`).

use crate::clock;
use linux_raw_sys::general;

/// The type of a file: the upper bits of `st_mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileType {
    /// A regular file.
    Regular,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A named pipe.
    Fifo,
    /// A Unix socket.
    Socket,
    /// A character device.
    CharacterDevice,
    /// A block device.
    BlockDevice,
    /// No type at all: an event counter, an epoll instance, and their like (`anon_inode`).
    Untyped,
}

impl FileType {
    /// The `S_IFMT` bits.
    pub const fn mode_bits(self) -> u32 {
        match self {
            FileType::Regular => general::S_IFREG,
            FileType::Directory => general::S_IFDIR,
            FileType::Symlink => general::S_IFLNK,
            FileType::Fifo => general::S_IFIFO,
            FileType::Socket => general::S_IFSOCK,
            FileType::CharacterDevice => general::S_IFCHR,
            FileType::BlockDevice => general::S_IFBLK,
            FileType::Untyped => 0,
        }
    }

    /// The type that the `S_IFMT` bits of `mode` say.
    pub const fn from_mode(mode: u32) -> Option<FileType> {
        Some(match mode & general::S_IFMT {
            general::S_IFREG => FileType::Regular,
            general::S_IFDIR => FileType::Directory,
            general::S_IFLNK => FileType::Symlink,
            general::S_IFIFO => FileType::Fifo,
            general::S_IFSOCK => FileType::Socket,
            general::S_IFCHR => FileType::CharacterDevice,
            general::S_IFBLK => FileType::BlockDevice,
            _ => return None,
        })
    }

    /// `d_type` of a directory entry (`readdir(3)`): the `S_IFMT` bits moved down.
    #[expect(clippy::cast_possible_truncation, reason = "S_IFMT >> 12 is below 16")]
    pub const fn entry_type(self) -> u8 {
        (self.mode_bits() >> 12) as u8
    }
}

/// The number of a device (`makedev(3)`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeviceNumber {
    /// Which driver.
    pub major: u32,
    /// Which of its devices.
    pub minor: u32,
}

impl DeviceNumber {
    /// The device `major:minor`.
    pub const fn new(major: u32, minor: u32) -> Self {
        DeviceNumber { major, minor }
    }

    /// `dev_t` as system calls carry it.
    pub const fn encode(self) -> u64 {
        ((self.minor & 0xff) | (self.major & 0xfff) << 8 | (self.minor & 0xf_ff00) << 12) as u64
    }

    /// The device that a `dev_t` of 32 bits names.
    pub const fn decode(number: u32) -> Self {
        DeviceNumber {
            major: (number >> 8) & 0xfff,
            minor: (number & 0xff) | (number >> 12 & 0xf_ff00),
        }
    }
}

/// A moment: seconds since 1970 and nanoseconds below 10⁹.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp {
    /// Whole seconds since 1970.
    pub seconds: i64,
    /// The rest, below 1,000,000,000.
    pub nanoseconds: u32,
}

impl Timestamp {
    /// The moment so many nanoseconds after the beginning of 1970.
    pub fn from_nanoseconds(nanoseconds: u64) -> Timestamp {
        const SECOND: u64 = 1_000_000_000;
        Timestamp {
            seconds: i64::try_from(nanoseconds / SECOND).unwrap_or(i64::MAX),
            nanoseconds: u32::try_from(nanoseconds % SECOND).unwrap_or_default(),
        }
    }

    /// The wall clock.
    pub fn now() -> Timestamp {
        Timestamp::from_nanoseconds(clock::realtime())
    }
}

/// What `stat(2)` tells.
#[derive(Clone, Copy, Debug)]
pub struct Metadata {
    /// Its number in its file system.
    pub inode: u64,
    /// The type.
    pub kind: FileType,
    /// Permission bits with set-user-ID, set-group-ID and sticky: the lower twelve bits of `st_mode`.
    pub permissions: u32,
    /// How many names it has.
    pub links: u32,
    /// The owner.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// For a device node, the device.
    pub node: DeviceNumber,
    /// The size in bytes.
    pub size: u64,
    /// Memory used, in units of 512 bytes.
    pub blocks: u64,
    /// Last read.
    pub accessed: Timestamp,
    /// Last change of the content.
    pub modified: Timestamp,
    /// Last change of anything in here.
    pub changed: Timestamp,
    /// When it was created.
    pub created: Timestamp,
}

impl Metadata {
    /// `st_mode`.
    pub fn mode(&self) -> u32 {
        self.kind.mode_bits() | self.permissions
    }
}

/// Changes to what `stat(2)` tells; each one that is `None` stays. The time of change is always set.
#[derive(Clone, Copy, Debug, Default)]
pub struct AttributeChange {
    /// The lower twelve bits of `st_mode`.
    pub permissions: Option<u32>,
    /// The owner.
    pub uid: Option<u32>,
    /// The group.
    pub gid: Option<u32>,
    /// Last read.
    pub accessed: Option<Timestamp>,
    /// Last change of the content.
    pub modified: Option<Timestamp>,
}
