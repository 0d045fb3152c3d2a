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
}

impl Name {
    /// The longest name (`NAME_MAX`).
    pub const MAX: usize = 255;

    /// A copy of `bytes`.
    ///
    /// # Errors
    /// `ENAMETOOLONG` if they are more than [`Name::MAX`]. The copy is small, so it comes out of the kernel's reserve.
    pub fn copy(bytes: &[u8]) -> Result<Name, Errno> {
        if bytes.len() > Name::MAX {
            return Err(Errno::ENAMETOOLONG);
        }
        Ok(Name::Shared(Arc::from(bytes)))
    }
}

impl Deref for Name {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Name::Static(bytes) => bytes,
            Name::Shared(bytes) => bytes,
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
