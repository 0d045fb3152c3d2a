//! Conversions from and to descriptors, which are the same for all sockets and pipes.

/// Lends the descriptor of a type with a field `watched`.
macro_rules! share_descriptor {
    ($type:ty) => {
        impl std::os::fd::AsFd for $type {
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                self.watched.inner().as_fd()
            }
        }

        impl std::os::fd::AsRawFd for $type {
            fn as_raw_fd(&self) -> std::os::fd::RawFd {
                self.watched.inner().as_raw_fd()
            }
        }

        impl std::os::fd::IntoRawFd for $type {
            fn into_raw_fd(self) -> std::os::fd::RawFd {
                self.watched.into_inner().into_raw_fd()
            }
        }

        impl From<$type> for std::os::fd::OwnedFd {
            fn from(ours: $type) -> std::os::fd::OwnedFd {
                ours.watched.into_inner().into()
            }
        }
    };
}

/// Takes over descriptors, and std's type of the same name, for a type with a function `adopt` that takes the latter.
macro_rules! convert_descriptor {
    ($type:ty, $std:ty) => {
        #[allow(
            unsafe_code,
            reason = "fenced: the trait's method is unsafe, and hands its duty on"
        )]
        impl std::os::fd::FromRawFd for $type {
            unsafe fn from_raw_fd(fd: std::os::fd::RawFd) -> $type {
                // SAFETY: the caller's promise is the same.
                Self::adopt(unsafe { <$std>::from_raw_fd(fd) })
            }
        }

        impl From<std::os::fd::OwnedFd> for $type {
            fn from(fd: std::os::fd::OwnedFd) -> $type {
                Self::adopt(fd.into())
            }
        }

        /// Takes over a socket of std.
        impl From<$std> for $type {
            fn from(theirs: $std) -> $type {
                Self::adopt(theirs)
            }
        }

        /// Hands the socket out, for code that knows only std's.
        impl From<$type> for $std {
            fn from(ours: $type) -> $std {
                ours.watched.into_inner()
            }
        }
    };
}

/// Reads through a shared reference.
macro_rules! delegate_read {
    ($type:ty) => {
        impl std::io::Read for $type {
            #[inline]
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                (&*self).read(buffer)
            }

            fn read_vectored(&mut self, buffers: &mut [std::io::IoSliceMut<'_>]) -> std::io::Result<usize> {
                (&*self).read_vectored(buffers)
            }
        }
    };
}

/// Writes through a shared reference.
macro_rules! delegate_write {
    ($type:ty) => {
        impl std::io::Write for $type {
            #[inline]
            fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
                (&*self).write(buffer)
            }

            fn write_vectored(&mut self, buffers: &[std::io::IoSlice<'_>]) -> std::io::Result<usize> {
                (&*self).write_vectored(buffers)
            }

            #[inline]
            fn flush(&mut self) -> std::io::Result<()> {
                (&*self).flush()
            }
        }
    };
}

pub(crate) use {convert_descriptor, delegate_read, delegate_write, share_descriptor};
