//! Frames: a length, then a payload.

use crate::Error;
use alloc::vec::Vec;
use core::ops::{Index, IndexMut};
use postcard::ser_flavors::Flavor;
use serde::{Deserialize, Serialize};

/// Bytes in front of each payload: its length, little-endian.
pub const HEADER: usize = 4;

/// The longest payload that either side may send. The longest that exists is a [`crate::Crash`] with its stack.
pub const MAX_PAYLOAD: u32 = 1 << 20;

/// Appends `message` to `out` as one frame. On an error `out` is as it was.
pub(crate) fn append<T: Serialize>(message: &T, out: &mut Vec<u8>) -> Result<(), Error> {
    let start = out.len();
    let framed = payload_after_header(message, out, start);
    if framed.is_err() {
        out.truncate(start);
    }
    framed
}

fn payload_after_header<T: Serialize>(message: &T, out: &mut Vec<u8>, start: usize) -> Result<(), Error> {
    out.try_reserve(HEADER).map_err(|_| Error::OutOfMemory)?;
    out.extend_from_slice(&[0; HEADER]);
    append_plain(message, out)?;
    let length = u32::try_from(out.len() - start - HEADER).unwrap_or(u32::MAX);
    if length > MAX_PAYLOAD {
        return Err(Error::TooLong {
            length,
            limit: MAX_PAYLOAD,
        });
    }
    out[start..start + HEADER].copy_from_slice(&length.to_le_bytes());
    Ok(())
}

/// Appends `message` to `out` without a header.
pub(crate) fn append_plain<T: Serialize>(message: &T, out: &mut Vec<u8>) -> Result<(), Error> {
    postcard::serialize_with_flavor(message, Appender(out)).map_err(|error| match error {
        postcard::Error::SerializeBufferFull => Error::OutOfMemory,
        _ => Error::Malformed,
    })
}

/// The message that `payload` is, all of it.
pub(crate) fn parse<'a, T: Deserialize<'a>>(payload: &'a [u8]) -> Result<T, Error> {
    match postcard::take_from_bytes(payload) {
        Ok((message, [])) => Ok(message),
        Ok(_) => Err(Error::TrailingBytes),
        Err(_) => Err(Error::Malformed),
    }
}

/// A growing buffer for postcard that admits to being out of memory.
struct Appender<'a>(&'a mut Vec<u8>);

impl Flavor for Appender<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.try_extend(&[byte])
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0
            .try_reserve(bytes.len())
            .map_err(|_| postcard::Error::SerializeBufferFull)?;
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

impl Index<usize> for Appender<'_> {
    type Output = u8;

    fn index(&self, index: usize) -> &u8 {
        &self.0[index]
    }
}

impl IndexMut<usize> for Appender<'_> {
    fn index_mut(&mut self, index: usize) -> &mut u8 {
        &mut self.0[index]
    }
}

/// Cuts a byte stream into payloads, however the bytes arrive.
///
/// ```
/// # use threadbare_link::{Decoder, ExitStatus, GuestMessage};
/// let mut wire = Vec::new();
/// GuestMessage::Exit(ExitStatus::Exited(42)).append_to(&mut wire)?;
/// let mut decoder = Decoder::new();
/// for byte in &wire[..wire.len() - 1] {
///     decoder.push(&[*byte])?;
///     assert_eq!(decoder.next_payload()?, None);
/// }
/// decoder.push(&wire[wire.len() - 1..])?;
/// let payload = decoder.next_payload()?.expect("all bytes are here");
/// assert_eq!(GuestMessage::decode(payload)?, GuestMessage::Exit(ExitStatus::Exited(42)));
/// # Ok::<(), threadbare_link::Error>(())
/// ```
///
/// Call [`next_payload`](Self::next_payload) until it says `None` before pushing more: then no more is ever held than
/// one frame and what arrived with its end. After an error the place of the next frame is unknown, so the error
/// repeats for ever.
#[derive(Debug)]
pub struct Decoder {
    buffer: Vec<u8>,
    /// Bytes at the front of `buffer` that were handed out already.
    consumed: usize,
    limit: u32,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder that accepts payloads of up to [`MAX_PAYLOAD`] bytes.
    pub const fn new() -> Self {
        Self::with_limit(MAX_PAYLOAD)
    }

    /// A decoder that accepts payloads of up to `limit` bytes.
    pub const fn with_limit(limit: u32) -> Self {
        Self {
            buffer: Vec::new(),
            consumed: 0,
            limit,
        }
    }

    /// Takes bytes that arrived.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.buffer.drain(..self.consumed);
        self.consumed = 0;
        self.buffer
            .try_reserve(bytes.len())
            .map_err(|_| Error::OutOfMemory)?;
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    /// The next whole payload, or `None` while its end has not arrived.
    pub fn next_payload(&mut self) -> Result<Option<&[u8]>, Error> {
        let rest = &self.buffer[self.consumed..];
        let Some((header, rest)) = rest.split_first_chunk::<HEADER>() else {
            return Ok(None);
        };
        let length = u32::from_le_bytes(*header);
        if length > self.limit {
            return Err(Error::TooLong {
                length,
                limit: self.limit,
            });
        }
        let Some(payload) = usize::try_from(length).ok().and_then(|length| rest.get(..length)) else {
            return Ok(None);
        };
        self.consumed += HEADER + payload.len();
        Ok(Some(payload))
    }

    /// Whether bytes of an unfinished frame are held: at the end of the stream, that the other side was cut off.
    pub fn has_partial_frame(&self) -> bool {
        self.consumed < self.buffer.len()
    }
}
