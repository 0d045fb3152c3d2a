//! [`Address`]: a name of a socket, as `struct sockaddr_un` writes it.

use crate::error::Errno;
use alloc::vec::Vec;
use linux_raw_sys::net::AF_UNIX;

/// A name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// None: what `bind(2)` takes for "choose one".
    Unnamed,
    /// A file.
    Path(Vec<u8>),
    /// A name beside the file system, which may hold any bytes.
    Abstract(Vec<u8>),
}

/// The bytes of the family.
const FAMILY: usize = 2;

/// The bytes of a name.
const NAME_MOST: usize = 108;

impl Address {
    /// The longest one, in bytes.
    pub const MOST: usize = FAMILY + NAME_MOST;

    /// Understands a `struct sockaddr_un`, of which a path may lack its NUL.
    ///
    /// # Errors
    /// `EINVAL` for a length that is none, or another family; `ENOMEM`.
    pub fn decode(bytes: &[u8]) -> Result<Address, Errno> {
        if bytes.len() > Address::MOST {
            return Err(Errno::EINVAL);
        }
        let (family, name) = bytes.split_first_chunk::<FAMILY>().ok_or(Errno::EINVAL)?;
        if u32::from(u16::from_ne_bytes(*family)) != AF_UNIX {
            return Err(Errno::EINVAL);
        }
        Ok(match name {
            [] => Address::Unnamed,
            [0, name @ ..] => Address::Abstract(copy(name)?),
            path => Address::Path(copy(path.split(|&byte| byte == 0).next().unwrap_or_default())?),
        })
    }

    /// Writes it as a `struct sockaddr_un`, and returns its length: a path's includes its NUL.
    pub fn encode(&self, into: &mut [u8; Address::MOST + 1]) -> usize {
        let family = u16::try_from(AF_UNIX).unwrap_or_default().to_ne_bytes();
        let (start, name, end): (&[u8], &[u8], &[u8]) = match self {
            Address::Unnamed => (&[], &[], &[]),
            Address::Path(path) => (&[], path, &[0]),
            Address::Abstract(name) => (&[0], name, &[]),
        };
        let bytes = family.iter().chain(start).chain(name).chain(end);
        into.iter_mut().zip(bytes).map(|(to, from)| *to = *from).count()
    }
}

fn copy(bytes: &[u8]) -> Result<Vec<u8>, Errno> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(bytes.len())?;
    copy.extend_from_slice(bytes);
    Ok(copy)
}
