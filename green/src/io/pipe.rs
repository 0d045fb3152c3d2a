//! Anonymous pipes. Used for the standard streams of child processes too.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::process::Stdio;

use crate::net::{delegate_read, delegate_write, total};
use crate::rt::State;
use crate::rt::reactor::Watched;

/// Makes a pipe. As [`std::io::pipe`].
///
/// # Errors
/// As [`std::io::pipe`].
///
/// ```
/// use std::io::{Read, Write};
/// use threadbare::{io, thread};
///
/// let (mut reader, mut writer) = io::pipe()?;
/// thread::spawn(move || writer.write_all(b"through the pipe"));
/// let mut text = String::new();
/// reader.read_to_string(&mut text)?;
/// assert_eq!(text, "through the pipe");
/// # Ok::<(), io::Error>(())
/// ```
pub fn pipe() -> io::Result<(PipeReader, PipeWriter)> {
    let (reader, writer) = io::pipe()?;
    let reader = Watched::new(reader).force()?;
    let writer = Watched::new(writer).force()?;
    Ok((PipeReader { watched: reader }, PipeWriter { watched: writer }))
}

/// The end of a pipe that is read. As [`std::io::PipeReader`].
pub struct PipeReader {
    watched: Watched<io::PipeReader>,
}

/// The end of a pipe that is written. As [`std::io::PipeWriter`].
pub struct PipeWriter {
    watched: Watched<io::PipeWriter>,
}

impl Read for &PipeReader {
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut reader = self.watched.inner();
        self.watched.read_bytes(buffer.len(), || reader.read(buffer))
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let mut reader = self.watched.inner();
        let wanted = total(buffers.iter().map(|buffer| buffer.len()));
        self.watched.read_bytes(wanted, || reader.read_vectored(buffers))
    }
}

impl Write for &PipeWriter {
    #[inline]
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let mut writer = self.watched.inner();
        self.watched.write(State::Writing, || writer.write(buffer))
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut writer = self.watched.inner();
        self.watched
            .write(State::Writing, || writer.write_vectored(buffers))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

delegate_read!(PipeReader);
delegate_write!(PipeWriter);

macro_rules! end_of_pipe {
    ($type:ident) => {
        impl $type {
            fn adopt(inner: io::$type) -> $type {
                $type {
                    watched: Watched::adopt(inner).force_or_fail_later(),
                }
            }

            /// Another handle of the same end.
            ///
            /// # Errors
            /// When there are too many descriptors.
            pub fn try_clone(&self) -> io::Result<$type> {
                let watched = self.watched.try_clone(io::$type::try_clone)?;
                Ok($type { watched })
            }
        }

        crate::net::share_descriptor!($type);
        crate::net::convert_descriptor!($type, io::$type);

        impl From<$type> for Stdio {
            fn from(ours: $type) -> Stdio {
                ours.watched.into_inner().into()
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.watched.inner().fmt(formatter)
            }
        }
    };
}

end_of_pipe!(PipeReader);
end_of_pipe!(PipeWriter);
