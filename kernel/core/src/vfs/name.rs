//! [`Name`]: one component of a path, cheap to clone.

use alloc::sync::Arc;
use core::borrow::Borrow;
use core::fmt;
use core::ops::Deref;

use crate::error::Errno;

/// A file name: any bytes but `/` and NUL. Names of the initial RAM disk are used where they lie.
#[derive(Clone)]
pub enum Name {
    /// Part of the kernel or of the initial RAM disk.
    Static(&'static [u8]),
    /// Given by a program.
    Shared(Arc<[u8]>),
    /// Given by a program, and short enough to lie here.
    Short(ShortName),
}

/// As many bytes as fit without making a [`Name`] larger.
const SHORT: usize = 22;

/// A name of at most 22 bytes.
#[derive(Clone, Copy)]
pub struct ShortName {
    length: u8,
    bytes: [u8; SHORT],
}

impl ShortName {
    fn copy(name: &[u8]) -> Option<ShortName> {
        let mut bytes = [0; SHORT];
        bytes.get_mut(..name.len())?.copy_from_slice(name);
        let length = u8::try_from(name.len()).ok()?;
        Some(ShortName { length, bytes })
    }

    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }
}

impl Name {
    /// The longest name (`NAME_MAX`).
    pub const MAX: usize = 255;

    /// A copy of `bytes`.
    ///
    /// # Errors
    /// `ENAMETOOLONG` if they are more than [`Name::MAX`]. The copy is small, so it comes out of the kernel's reserve.
    pub fn copy(bytes: &[u8]) -> Result<Name, Errno> {
        match ShortName::copy(bytes) {
            Some(name) => Ok(Name::Short(name)),
            None if bytes.len() > Name::MAX => Err(Errno::ENAMETOOLONG),
            None => Ok(Name::Shared(Arc::from(bytes))),
        }
    }
}

impl Deref for Name {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Name::Static(bytes) => bytes,
            Name::Shared(bytes) => bytes,
            Name::Short(name) => name.as_bytes(),
        }
    }
}

impl Borrow<[u8]> for Name {
    fn borrow(&self) -> &[u8] {
        self
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Name {}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        (**self).cmp(&**other)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.escape_ascii(), formatter)
    }
}

const _: () = assert!(size_of::<Name>() == 24);

#[cfg(test)]
mod tests {
    use super::Name;
    use crate::error::Errno;

    #[test]
    fn names_of_all_lengths_are_what_they_were_copied_from() {
        let bytes = [b'n'; Name::MAX + 1];
        for length in 0..=Name::MAX {
            let name = Name::copy(&bytes[..length]).unwrap();
            assert_eq!((&*name, &*name.clone()), (&bytes[..length], &bytes[..length]));
        }
        assert_eq!(Name::copy(&bytes).err(), Some(Errno::ENAMETOOLONG));
    }
}
