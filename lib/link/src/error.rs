//! What can be wrong with bytes from the other side.

use core::fmt;

/// Why bytes could not become a message, or a message bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Error {
    /// A frame announces a payload longer than the decoder's limit.
    TooLong {
        /// The length that was announced.
        length: u32,
        /// The longest that is accepted.
        limit: u32,
    },
    /// A payload, or the text of a run specification, is not what its type's encoding can be.
    Malformed,
    /// A payload goes on after its message.
    TrailingBytes,
    /// A run specification was written by another version.
    Version {
        /// The version found.
        found: u32,
    },
    /// No memory for a frame.
    OutOfMemory,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::TooLong { length, limit } => {
                write!(
                    f,
                    "a frame of {length} bytes was announced, more than the {limit} that are allowed"
                )
            }
            Error::Malformed => f.write_str("a message cannot be decoded"),
            Error::TrailingBytes => f.write_str("a message is followed by bytes that do not belong to it"),
            Error::Version { found } => {
                write!(
                    f,
                    "the other side speaks version {found} of the link, this side version {}",
                    crate::VERSION
                )
            }
            Error::OutOfMemory => f.write_str("there is no memory for a message"),
        }
    }
}

impl core::error::Error for Error {}
