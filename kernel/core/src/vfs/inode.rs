//! [`Inode`]: a file, by whatever name; and what directories and regular files can do beyond.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::any::Any;
use core::ops::Range;

use linux_raw_sys::general::S_ISGID;
use threadbare_machine::memory::Frame;

use super::{
    AttributeChange, Credentials, DeviceNumber, FileOperations, FileType, Metadata, Name, OpenFlags, Place,
    Timestamp,
};
use crate::error::Errno;
use core::sync::atomic::{AtomicUsize, Ordering};

/// A file of any type. A file system hands out the same allocation for its root every time.
pub trait Inode: Any + Send + Sync {
    /// Its type, which never changes.
    fn kind(&self) -> FileType;

    /// Its number, which no other file of its file system has at the same time: places are compared by it.
    fn number(&self) -> u64 {
        self.metadata().inode
    }

    /// Both at once, which path resolution asks for.
    fn kind_and_number(&self) -> (FileType, u64) {
        (self.kind(), self.number())
    }

    /// What `stat(2)` tells.
    fn metadata(&self) -> Metadata;

    /// Changes what `stat(2)` tells. Whether the caller may was checked.
    ///
    /// # Errors
    /// `EPERM` where attributes are fixed.
    fn change(&self, change: &AttributeChange) -> Result<(), Errno>;

    /// Opens it: what reads, writes and waits. Not called for directories and symbolic links.
    ///
    /// # Errors
    /// `ENXIO` if nothing stands behind it, and what a driver says.
    fn open(self: Arc<Self>, flags: OpenFlags) -> Result<Arc<dyn FileOperations>, Errno>;

    /// It as a directory; present for exactly those of [`FileType::Directory`].
    fn directory(&self) -> Option<&dyn Directory> {
        None
    }

    /// The file of that name in it: [`Directory::lookup`].
    ///
    /// # Errors
    /// `ENOTDIR`; `ENOENT` if there is none.
    fn lookup(&self, name: &[u8]) -> Result<Arc<dyn Inode>, Errno> {
        self.directory().ok_or(Errno::ENOTDIR)?.lookup(name)
    }

    /// How many open files write it, if that is counted: what is written is not executed.
    fn writers(&self) -> Option<&AtomicUsize> {
        None
    }

    /// Its content, if it is a regular file that can be cut and mapped.
    fn contents(&self) -> Option<&dyn Contents> {
        None
    }

    /// Where a symbolic link leads.
    ///
    /// # Errors
    /// `EINVAL` if it is none.
    fn link_target(&self) -> Result<LinkTarget, Errno> {
        Err(Errno::EINVAL)
    }
}

/// Where a symbolic link leads.
pub enum LinkTarget {
    /// To a path.
    Path(Vec<u8>),
    /// To a place, whatever path it has, if any: the links in `/proc/<pid>/fd`.
    Place(Place),
}

/// A file to be created.
#[derive(Clone, Debug)]
pub struct NewInode<'a> {
    /// Its type, and what only that type has.
    pub kind: NewKind<'a>,
    /// Permission bits with the umask already applied.
    pub permissions: u32,
    /// The owner.
    pub uid: u32,
    /// The group.
    pub gid: u32,
}

/// The type of a file to be created.
#[derive(Clone, Copy, Debug)]
pub enum NewKind<'a> {
    /// An empty regular file.
    Regular,
    /// An empty directory.
    Directory,
    /// A symbolic link to this path.
    Symlink(&'a [u8]),
    /// A named pipe.
    Fifo,
    /// A Unix socket.
    Socket,
    /// A character device.
    CharacterDevice(DeviceNumber),
    /// A block device.
    BlockDevice(DeviceNumber),
}

/// What a rename does with the new name (`renameat2(2)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenameMode {
    /// Replaces a file that has it.
    Replace,
    /// Fails if a file has it.
    NoReplace,
    /// Gives that file the old name.
    Exchange,
}

/// One name in a directory.
#[derive(Clone, Copy, Debug)]
pub struct DirectoryEntry<'a> {
    /// Where a listing goes on after this entry. At least 1; smaller ones never become larger.
    pub next: u64,
    /// The number of the inode.
    pub inode: u64,
    /// Its type.
    pub kind: FileType,
    /// The name.
    pub name: &'a [u8],
}

impl dyn Inode {
    /// Whether somebody has it open for writing (`execve(2)`, ETXTBSY).
    pub fn is_being_written(&self) -> bool {
        self.writers()
            .is_some_and(|writers| writers.load(Ordering::Relaxed) > 0)
    }
}

/// The names in a directory. Names given to it are neither empty, `.` nor `..`, hold no `/`, and are at most
/// [`Name::MAX`] long. Permissions, including those of the directory itself, were checked.
pub trait Directory: Send + Sync {
    /// The file of that name.
    ///
    /// # Errors
    /// `ENOENT` if there is none.
    fn lookup(&self, name: &[u8]) -> Result<Arc<dyn Inode>, Errno>;

    /// Gives entries to `emit`, in a stable order, until it returns false: from the start for `from` 0, else
    /// after the entry whose `next` was `from`. `.` and `..` are not among them. A lock may be held meanwhile: `emit`
    /// touches no file system and no user memory.
    ///
    /// # Errors
    /// Whatever keeps it from being listed.
    fn list(&self, from: u64, emit: &mut dyn FnMut(&DirectoryEntry<'_>) -> bool) -> Result<(), Errno>;

    /// The directory that holds this one; `None` for the root of a file system and for a removed directory.
    fn parent(&self) -> Option<Arc<dyn Inode>>;

    /// The name that `parent` has for it; `None` as there.
    fn name(&self) -> Option<Name>;

    /// Creates a file.
    ///
    /// # Errors
    /// `EEXIST` if the name is taken; `ENOENT` if this directory has been removed; `ENOSPC` or `ENOMEM`.
    fn create(&self, name: &[u8], new: &NewInode<'_>) -> Result<Arc<dyn Inode>, Errno> {
        let _ = (name, new);
        Err(Errno::EPERM)
    }

    /// Creates a regular file without a name, in the file system of this directory (`O_TMPFILE`).
    ///
    /// # Errors
    /// `EOPNOTSUPP` where there is no such thing.
    fn create_unnamed(&self, new: &NewInode<'_>) -> Result<Arc<dyn Inode>, Errno> {
        let _ = new;
        Err(Errno::EOPNOTSUPP)
    }

    /// Gives a file of the same file system, which is no directory, another name.
    ///
    /// # Errors
    /// `EEXIST`, `ENOENT` as [`create`](Directory::create); `EMLINK` if it has too many; `ENOENT` also if the file
    /// had a name and has none left.
    fn link(&self, name: &[u8], inode: &Arc<dyn Inode>) -> Result<(), Errno> {
        let _ = (name, inode);
        Err(Errno::EPERM)
    }

    /// Takes a name away from a file.
    ///
    /// # Errors
    /// `ENOENT`; `EISDIR` for a directory.
    fn unlink(&self, name: &[u8]) -> Result<(), Errno> {
        let _ = name;
        Err(Errno::EPERM)
    }

    /// Removes an empty directory.
    ///
    /// # Errors
    /// `ENOENT`; `ENOTDIR`; `ENOTEMPTY`.
    fn remove_directory(&self, name: &[u8]) -> Result<(), Errno> {
        let _ = name;
        Err(Errno::EPERM)
    }

    /// Moves a name to a directory of the same file system (perhaps this one).
    ///
    /// # Errors
    /// As `rename(2)` says: `ENOENT`, `EEXIST`, `EISDIR`, `ENOTDIR`, `ENOTEMPTY`, and `EINVAL` if a directory would
    /// come to lie within itself.
    fn rename(&self, name: &[u8], to: &dyn Inode, to_name: &[u8], mode: RenameMode) -> Result<(), Errno> {
        let _ = (name, to, to_name, mode);
        Err(Errno::EPERM)
    }
}

/// What a page of a file is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageUse {
    /// To be read, or copied before it is written (`MAP_PRIVATE`): the frame is not to be written through.
    Private,
    /// To show what others write and to be written through (`MAP_SHARED`).
    Shared,
}

/// The content of a regular file.
pub trait Contents: Send + Sync {
    /// The size in bytes.
    fn size(&self) -> u64;

    /// The page that holds bytes `index * 4096..`, zero past the end of the file.
    ///
    /// # Errors
    /// `ENOMEM`. A page wholly past the end is `EFAULT`: touching it is `SIGBUS`.
    fn page(&self, index: u64, page_use: PageUse) -> Result<Frame, Errno>;

    /// Shows the pages of `range`, in any order, that [`page`](Self::page) would give without making any. Whoever
    /// has none at hand shows none.
    fn pages_in_memory(&self, range: Range<u64>, page_use: PageUse, show: &mut dyn FnMut(u64, Frame)) {
        let _ = (range, page_use, show);
    }

    /// Cuts or extends the file with zeroes.
    ///
    /// # Errors
    /// `EFBIG`; `EPERM` where the size is fixed or sealed.
    fn truncate(&self, size: u64) -> Result<(), Errno>;

    /// Makes sure that writing to `range` finds memory (`fallocate(2)`, mode 0); does not change the size.
    ///
    /// # Errors
    /// `ENOSPC`.
    fn allocate(&self, range: Range<u64>) -> Result<(), Errno>;

    /// Zeroes `range` and frees the pages within it (`FALLOC_FL_PUNCH_HOLE`).
    ///
    /// # Errors
    /// `ENOMEM`.
    fn punch(&self, range: Range<u64>) -> Result<(), Errno>;

    /// The first offset at or after `from` that holds data (`data`) or does not, below the size.
    fn seek_extent(&self, from: u64, data: bool) -> Option<u64>;

    /// The seals set on it (`F_GET_SEALS`); `None` where there is no such thing.
    fn seals(&self) -> Option<u32> {
        None
    }

    /// Adds seals (`F_ADD_SEALS`).
    ///
    /// # Errors
    /// `EINVAL` where there is no such thing; `EPERM` if `F_SEAL_SEAL` is set.
    fn add_seals(&self, seals: u32) -> Result<(), Errno> {
        let _ = seals;
        Err(Errno::EINVAL)
    }

    /// Takes seals back that were added although they may not.
    fn withdraw_seals(&self, seals: u32) {
        let _ = seals;
    }

    /// Notes that the content was read at `now`.
    fn accessed(&self, now: Timestamp) {
        let _ = now;
    }
}

impl<'a> NewInode<'a> {
    /// A file that `credentials` create in a directory: with set-group-ID there, the group is the directory's, and
    /// new directories get the bit, too (`inode(7)`).
    pub fn owned_by(
        kind: NewKind<'a>,
        permissions: u32,
        credentials: &Credentials,
        directory: &Metadata,
    ) -> NewInode<'a> {
        let inherits = directory.permissions & S_ISGID != 0;
        let set_gid = if inherits && matches!(kind, NewKind::Directory) {
            S_ISGID
        } else {
            0
        };
        let gid = if inherits {
            directory.gid
        } else {
            credentials.fs_gid
        };
        NewInode {
            kind,
            permissions: permissions | set_gid,
            uid: credentials.fs_uid,
            gid,
        }
    }
}
