//! Open files.

use std::fmt;
use std::fs::{FileTimes, Metadata, Permissions, TryLockError};
use std::io::{self, IoSlice, IoSliceMut, IsTerminal, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Stdio;
use std::time::SystemTime;

use super::OpenOptions;
use crate::rt::blocking::{self, in_place};

/// An open file. As [`std::fs::File`].
pub struct File {
    inner: std::fs::File,
}

impl File {
    /// Opens a file for reading.
    ///
    /// # Errors
    /// As [`std::fs::File::open`].
    pub fn open<P: AsRef<Path>>(path: P) -> io::Result<File> {
        in_place(|| std::fs::File::open(path)).map(File::from)
    }

    /// Opens a file for writing, empty.
    ///
    /// # Errors
    /// As [`std::fs::File::create`].
    pub fn create<P: AsRef<Path>>(path: P) -> io::Result<File> {
        in_place(|| std::fs::File::create(path)).map(File::from)
    }

    /// Makes a file, which must be missing, for reading and writing.
    ///
    /// # Errors
    /// As [`std::fs::File::create_new`].
    pub fn create_new<P: AsRef<Path>>(path: P) -> io::Result<File> {
        in_place(|| std::fs::File::create_new(path)).map(File::from)
    }

    /// How else to open a file.
    #[must_use]
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    /// Waits until all that was written is on the disk.
    ///
    /// # Errors
    /// As [`std::fs::File::sync_all`].
    pub fn sync_all(&self) -> io::Result<()> {
        in_place(|| self.inner.sync_all())
    }

    /// Waits until all bytes that were written are on the disk.
    ///
    /// # Errors
    /// As [`std::fs::File::sync_data`].
    pub fn sync_data(&self) -> io::Result<()> {
        in_place(|| self.inner.sync_data())
    }

    /// Cuts it off, or extends it with zeros.
    ///
    /// # Errors
    /// As [`std::fs::File::set_len`].
    pub fn set_len(&self, size: u64) -> io::Result<()> {
        in_place(|| self.inner.set_len(size))
    }

    /// What is known of the file.
    ///
    /// # Errors
    /// As [`std::fs::File::metadata`].
    pub fn metadata(&self) -> io::Result<Metadata> {
        in_place(|| self.inner.metadata())
    }

    /// Changes who may do what.
    ///
    /// # Errors
    /// As [`std::fs::File::set_permissions`].
    pub fn set_permissions(&self, permissions: Permissions) -> io::Result<()> {
        in_place(|| self.inner.set_permissions(permissions))
    }

    /// Changes when it was read and written.
    ///
    /// # Errors
    /// As [`std::fs::File::set_times`].
    pub fn set_times(&self, times: FileTimes) -> io::Result<()> {
        in_place(|| self.inner.set_times(times))
    }

    /// Changes when it was written.
    ///
    /// # Errors
    /// As [`std::fs::File::set_modified`].
    pub fn set_modified(&self, time: SystemTime) -> io::Result<()> {
        in_place(|| self.inner.set_modified(time))
    }

    /// Waits until nobody else has the file locked, and locks it.
    ///
    /// # Errors
    /// As [`std::fs::File::lock`].
    pub fn lock(&self) -> io::Result<()> {
        blocking::run(|| self.inner.lock())
    }

    /// Waits until nobody has the file locked for himself, and locks it with others.
    ///
    /// # Errors
    /// As [`std::fs::File::lock_shared`].
    pub fn lock_shared(&self) -> io::Result<()> {
        blocking::run(|| self.inner.lock_shared())
    }

    /// Locks the file unless somebody else has.
    ///
    /// # Errors
    /// As [`std::fs::File::try_lock`].
    pub fn try_lock(&self) -> Result<(), TryLockError> {
        in_place(|| self.inner.try_lock())
    }

    /// Locks the file with others unless somebody has it for himself.
    ///
    /// # Errors
    /// As [`std::fs::File::try_lock_shared`].
    pub fn try_lock_shared(&self) -> Result<(), TryLockError> {
        in_place(|| self.inner.try_lock_shared())
    }

    /// Gives the lock back.
    ///
    /// # Errors
    /// As [`std::fs::File::unlock`].
    pub fn unlock(&self) -> io::Result<()> {
        in_place(|| self.inner.unlock())
    }

    /// Whether it is a terminal. [`IsTerminal`] itself is std's alone to implement.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.inner.is_terminal()
    }

    /// Another handle of the same open file, with the same position.
    ///
    /// # Errors
    /// As [`std::fs::File::try_clone`].
    pub fn try_clone(&self) -> io::Result<File> {
        self.inner.try_clone().map(File::from)
    }
}

impl Read for &File {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        in_place(|| (&self.inner).read(buffer))
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        in_place(|| (&self.inner).read_vectored(buffers))
    }

    fn read_to_end(&mut self, bytes: &mut Vec<u8>) -> io::Result<usize> {
        in_place(|| (&self.inner).read_to_end(bytes))
    }

    fn read_to_string(&mut self, text: &mut String) -> io::Result<usize> {
        in_place(|| (&self.inner).read_to_string(text))
    }
}

impl Write for &File {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        in_place(|| (&self.inner).write(buffer))
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        in_place(|| (&self.inner).write_vectored(buffers))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for &File {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        (&self.inner).seek(position)
    }
}

impl Read for File {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buffer)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        (&*self).read_vectored(buffers)
    }

    fn read_to_end(&mut self, bytes: &mut Vec<u8>) -> io::Result<usize> {
        (&*self).read_to_end(bytes)
    }

    fn read_to_string(&mut self, text: &mut String) -> io::Result<usize> {
        (&*self).read_to_string(text)
    }
}

crate::net::delegate_write!(File);

impl Seek for File {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        (&*self).seek(position)
    }
}

impl FileExt for File {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        in_place(|| self.inner.read_at(buffer, offset))
    }

    fn write_at(&self, buffer: &[u8], offset: u64) -> io::Result<usize> {
        in_place(|| self.inner.write_at(buffer, offset))
    }
}

impl From<std::fs::File> for File {
    fn from(inner: std::fs::File) -> File {
        File { inner }
    }
}

impl From<File> for std::fs::File {
    fn from(ours: File) -> std::fs::File {
        ours.inner
    }
}

impl From<OwnedFd> for File {
    fn from(fd: OwnedFd) -> File {
        File { inner: fd.into() }
    }
}

impl From<File> for OwnedFd {
    fn from(ours: File) -> OwnedFd {
        ours.inner.into()
    }
}

impl From<File> for Stdio {
    fn from(ours: File) -> Stdio {
        ours.inner.into()
    }
}

impl AsFd for File {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_fd()
    }
}

impl AsRawFd for File {
    fn as_raw_fd(&self) -> RawFd {
        self.inner.as_raw_fd()
    }
}

impl IntoRawFd for File {
    fn into_raw_fd(self) -> RawFd {
        self.inner.into_raw_fd()
    }
}

#[allow(
    unsafe_code,
    reason = "fenced: the trait's method is unsafe, and hands its duty on"
)]
impl FromRawFd for File {
    unsafe fn from_raw_fd(fd: RawFd) -> File {
        // SAFETY: the caller's promise is the same.
        File::from(unsafe { std::fs::File::from_raw_fd(fd) })
    }
}

impl fmt::Debug for File {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(formatter)
    }
}
