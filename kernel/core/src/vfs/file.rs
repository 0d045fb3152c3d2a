//! [`File`]: an open file description (`open(2)`), and [`FileOperations`], what stands behind it.

use alloc::sync::Arc;
use core::any::Any;
use core::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

use linux_raw_sys::general as linux;

use super::{
    Anonymous, FileType, Inode, Name, Observers, OpenFlags, Place, Readiness, Sink, Source, Watchers,
};
use crate::error::Errno;
use crate::ipc::Told;
use crate::syscall::memory::UserMemory;
use threadbare_machine::sync::SpinLock;

/// What an offset means to an open file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offsets {
    /// Nothing: a pipe, a socket, a terminal. `lseek` and `pread` are `ESPIPE`.
    None,
    /// Any is taken and none counts: `/dev/null`.
    Ignored,
    /// Where bytes are.
    Bytes,
}

/// What reads, writes and waits behind a [`File`].
///
/// Reading and writing may block until there is something to do, unless [`File::is_nonblocking`]; then they are
/// `EAGAIN`. They move as much as is there at once, and at most what the [`Sink`] or [`Source`] has room for. An error
/// after some bytes have moved is not reported; the count is.
pub trait FileOperations: Any + Send + Sync {
    /// What offsets mean: always the same.
    fn offsets(&self) -> Offsets {
        Offsets::None
    }

    /// Reads from `offset`. 0 is the end of the file.
    ///
    /// # Errors
    /// What `read(2)` says of the type of file.
    fn read(&self, file: &File, offset: u64, sink: &mut dyn Sink) -> Result<usize, Errno> {
        let _ = (file, offset, sink);
        Err(Errno::EINVAL)
    }

    /// Writes at `offset`.
    ///
    /// # Errors
    /// What `write(2)` says of the type of file.
    fn write(&self, file: &File, offset: u64, source: &mut dyn Source) -> Result<usize, Errno> {
        let _ = (file, offset, source);
        Err(Errno::EINVAL)
    }

    /// What is ready now. Files that are always ready need not say so.
    fn poll(&self, file: &File) -> Readiness {
        let _ = file;
        Readiness::READ | Readiness::WRITE
    }

    /// Who is told when what [`poll`](FileOperations::poll) says may have changed. Files that are always ready have
    /// nobody.
    fn watchers(&self, file: &File) -> Option<&Watchers> {
        let _ = file;
        None
    }

    /// An `ioctl(2)` of its own; the ones that all files have were handled.
    ///
    /// # Errors
    /// `ENOTTY` for a request that it does not know.
    fn ioctl(
        &self,
        file: &File,
        request: u32,
        argument: usize,
        memory: &dyn UserMemory,
    ) -> Result<usize, Errno> {
        let _ = (file, request, argument, memory);
        Err(Errno::ENOTTY)
    }

    /// Whether `poll(2)`, `select(2)` and `epoll(7)` may wait for it: `epoll_ctl` refuses others (`EPERM`).
    fn can_wait(&self) -> bool {
        self.offsets() == Offsets::None
    }

    /// How many bytes a pipe holds (`F_GETPIPE_SZ`); `None` for what is no pipe.
    fn pipe_size(&self) -> Option<usize> {
        None
    }

    /// Sets how many bytes a pipe holds (`F_SETPIPE_SZ`), rounded up as need be, and returns it.
    ///
    /// # Errors
    /// `EBUSY` if it holds more already; `EPERM` beyond the limit for who is not `privileged`; `EINVAL`, `ENOMEM`.
    fn set_pipe_size(&self, size: usize, privileged: bool) -> Result<usize, Errno> {
        let _ = (size, privileged);
        Err(Errno::EBADF)
    }

    /// The last handle of `file` is gone.
    fn closed(&self, file: &File) {
        let _ = file;
    }
}

/// What stands behind a file opened with `O_PATH`, and behind directories: no data.
#[derive(Debug)]
pub struct PathOnly;

impl FileOperations for PathOnly {
    fn offsets(&self) -> Offsets {
        Offsets::Bytes
    }

    fn read(&self, _: &File, _: u64, _: &mut dyn Sink) -> Result<usize, Errno> {
        Err(Errno::EISDIR)
    }
}

/// An open file description: shared by all descriptors that `dup(2)` and `fork(2)` make of one.
pub struct File {
    place: Place,
    operations: Arc<dyn FileOperations>,
    /// What the operations say of offsets, which they always do.
    offsets: Offsets,
    /// The access mode and the status flags; only [`OpenFlags::CHANGEABLE`] ever changes.
    flags: AtomicU32,
    /// Where the next `read` or `write` goes, and where a listing goes on.
    offset: AtomicU64,
    /// Who is told when it is closed.
    observers: Observers,
    /// Who is told by a signal when it becomes ready, once that was asked for.
    told: SpinLock<Option<Arc<Told>>>,
}

impl File {
    /// Opens what stands at `place`.
    pub fn new(place: Place, operations: Arc<dyn FileOperations>, flags: OpenFlags) -> Arc<File> {
        if let Some(writers) = writers(&place, flags) {
            writers.fetch_add(1, Ordering::Relaxed);
        }
        let flags = AtomicU32::new(flags.of_open_file().bits());
        Arc::new(File {
            place,
            offsets: operations.offsets(),
            operations,
            flags,
            offset: AtomicU64::new(0),
            observers: Observers::new(),
            told: SpinLock::new(None),
        })
    }

    /// Opens what has no path: a pipe, a socket, an event counter. `/proc/<pid>/fd` shows `label`.
    pub fn anonymous(
        inode: Arc<dyn Inode>,
        label: Name,
        operations: Arc<dyn FileOperations>,
        flags: OpenFlags,
    ) -> Arc<File> {
        File::new(Place::anonymous(inode, label), operations, flags)
    }

    /// Opens what is a file only in having a descriptor; `label` is `anon_inode:` and what it is.
    pub fn untyped(label: &'static [u8], operations: Arc<dyn FileOperations>, flags: OpenFlags) -> Arc<File> {
        File::anonymous(
            Anonymous::shared().clone(),
            Name::Static(label),
            operations,
            flags,
        )
    }

    /// Where it was opened.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The file itself.
    pub fn inode(&self) -> &Arc<dyn Inode> {
        self.place.inode()
    }

    /// What stands behind it.
    pub fn operations(&self) -> &Arc<dyn FileOperations> {
        &self.operations
    }

    /// What stands behind it, if that is a `T`.
    pub fn operations_as<T: FileOperations>(&self) -> Option<&T> {
        let operations: &dyn Any = &*self.operations;
        operations.downcast_ref()
    }

    /// The access mode and status flags.
    pub fn flags(&self) -> OpenFlags {
        OpenFlags::internal(self.flags.load(Ordering::Relaxed))
    }

    /// Sets the flags that may change (`F_SETFL`), and leaves the others.
    pub fn set_flags(&self, bits: u32) {
        let kept = self.flags.load(Ordering::Relaxed) & !OpenFlags::CHANGEABLE;
        self.flags
            .store(kept | (bits & OpenFlags::CHANGEABLE), Ordering::Relaxed);
    }

    /// Who is told by a signal when it becomes ready, if that was ever asked for.
    pub fn told(&self) -> Option<Arc<Told>> {
        self.told.lock().clone()
    }

    /// The same, asked for now.
    pub fn make_told(&self) -> Arc<Told> {
        self.told.lock().get_or_insert_default().clone()
    }

    /// Whether reads and writes fail rather than wait.
    pub fn is_nonblocking(&self) -> bool {
        self.flags().has(linux::O_NONBLOCK)
    }

    /// Who is told when its last handle is gone.
    pub fn observers(&self) -> &Observers {
        &self.observers
    }

    /// Whether bytes have offsets in it.
    pub fn has_bytes(&self) -> bool {
        self.offsets == Offsets::Bytes
    }

    /// Whether it is only a place (`O_PATH`).
    pub fn is_path_only(&self) -> bool {
        self.flags().has(linux::O_PATH)
    }

    /// The offset of the next `read` or `write`.
    pub fn offset(&self) -> u64 {
        self.offset.load(Ordering::Relaxed)
    }

    /// Sets the offset of the next `read` or `write`.
    pub fn set_offset(&self, offset: u64) {
        self.offset.store(offset, Ordering::Relaxed);
    }

    /// Reads at the offset, and moves it.
    ///
    /// # Errors
    /// `EBADF` if it is not open for reading, `EINVAL` for what would reach past the largest offset, and as
    /// [`FileOperations::read`].
    pub fn read(&self, sink: &mut dyn Sink) -> Result<usize, Errno> {
        if self.offsets != Offsets::Bytes {
            self.check_readable()?;
            return self.operations.read(self, 0, sink);
        }
        let offset = self.offset();
        let count = self.read_from(offset, sink)?;
        self.advance(offset, count);
        Ok(count)
    }

    /// Writes at the offset, or at the end with `O_APPEND`, and moves it.
    ///
    /// # Errors
    /// `EBADF` if it is not open for writing, `EINVAL` for what would reach past the largest offset, and as
    /// [`FileOperations::write`].
    pub fn write(&self, source: &mut dyn Source) -> Result<usize, Errno> {
        if self.offsets != Offsets::Bytes {
            self.check_writable()?;
            return self.operations.write(self, 0, source);
        }
        let (offset, count) = self.write_to(self.offset(), source)?;
        self.advance(offset, count);
        Ok(count)
    }

    /// Reads at `offset` (`pread(2)`).
    ///
    /// # Errors
    /// As [`read`](File::read), and `ESPIPE` if offsets mean nothing.
    pub fn read_at(&self, offset: u64, sink: &mut dyn Sink) -> Result<usize, Errno> {
        self.check_offsets()?;
        self.read_from(offset, sink)
    }

    /// Writes at `offset` (`pwrite(2)`); at the end with `O_APPEND`, as Linux does.
    ///
    /// # Errors
    /// As [`write`](File::write), and `ESPIPE` if offsets mean nothing.
    pub fn write_at(&self, offset: u64, source: &mut dyn Source) -> Result<usize, Errno> {
        self.check_offsets()?;
        self.write_to(offset, source).map(|(_, count)| count)
    }

    /// Checks that it is open for reading.
    ///
    /// # Errors
    /// `EBADF` if not.
    pub fn check_readable(&self) -> Result<(), Errno> {
        if self.flags().readable() {
            Ok(())
        } else {
            Err(Errno::EBADF)
        }
    }

    /// Checks that it is open for writing.
    ///
    /// # Errors
    /// `EBADF` if not.
    pub fn check_writable(&self) -> Result<(), Errno> {
        if self.flags().writable() {
            Ok(())
        } else {
            Err(Errno::EBADF)
        }
    }

    /// Checks that offsets mean something.
    ///
    /// # Errors
    /// `ESPIPE` if not; `EBADF` for a mere place.
    pub fn check_offsets(&self) -> Result<(), Errno> {
        if self.is_path_only() {
            return Err(Errno::EBADF);
        }
        if self.offsets == Offsets::None {
            Err(Errno::ESPIPE)
        } else {
            Ok(())
        }
    }

    fn read_from(&self, offset: u64, sink: &mut dyn Sink) -> Result<usize, Errno> {
        self.check_readable()?;
        self.check_end(offset, sink.remaining())?;
        self.operations.read(self, offset, sink)
    }

    /// Writes, and returns where and how much.
    fn write_to(&self, offset: u64, source: &mut dyn Source) -> Result<(u64, usize), Errno> {
        self.check_writable()?;
        self.check_end(offset, source.remaining())?;
        let offset = self.write_offset(offset);
        Ok((offset, self.operations.write(self, offset, source)?))
    }

    /// Refuses what would reach past the largest offset.
    fn check_end(&self, offset: u64, count: usize) -> Result<(), Errno> {
        let fits = || i64::try_from(offset.checked_add(count as u64)?).ok();
        if self.offsets == Offsets::Bytes && fits().is_none() {
            Err(Errno::EINVAL)
        } else {
            Ok(())
        }
    }

    fn write_offset(&self, offset: u64) -> u64 {
        if !self.flags().has(linux::O_APPEND) {
            return offset;
        }
        match self.inode().contents() {
            Some(contents) => contents.size(),
            None if self.inode().kind() == FileType::Regular => self.inode().metadata().size,
            None => offset,
        }
    }

    fn advance(&self, offset: u64, count: usize) {
        if self.offsets == Offsets::Bytes {
            self.set_offset(offset.saturating_add(count as u64));
        }
    }
}

/// The count of those who write the file, if an open file with these flags is one of them.
fn writers(place: &Place, flags: OpenFlags) -> Option<&AtomicUsize> {
    if flags.writable() && !flags.has(linux::O_PATH) {
        place.inode().writers()
    } else {
        None
    }
}

impl Drop for File {
    fn drop(&mut self) {
        if let Some(writers) = writers(&self.place, self.flags()) {
            writers.fetch_sub(1, Ordering::Relaxed);
        }
        self.observers.tell(self);
        self.operations.clone().closed(self);
    }
}
