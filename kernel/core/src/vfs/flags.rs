//! [`OpenFlags`]: how a file is opened (`open(2)`).

use linux_raw_sys::general as linux;

use super::Access;
use crate::error::Errno;

/// The `O_*` flags of a call or of an open file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenFlags(u32);

impl OpenFlags {
    /// Flags that concern how the open file behaves and that `F_SETFL` may change.
    pub const CHANGEABLE: u32 =
        linux::O_APPEND | linux::O_NONBLOCK | linux::O_DIRECT | linux::O_NOATIME | linux::FASYNC;

    /// Flags that only steer the act of opening, and that `F_GETFL` does not show.
    const OPENING: u32 = linux::O_CREAT | linux::O_EXCL | linux::O_NOCTTY | linux::O_TRUNC | linux::O_CLOEXEC;

    const KNOWN: u32 = linux::O_ACCMODE
        | Self::CHANGEABLE
        | Self::OPENING
        | linux::O_SYNC
        | linux::O_LARGEFILE
        | linux::O_DIRECTORY
        | linux::O_NOFOLLOW
        | linux::O_PATH
        | linux::O_TMPFILE;

    /// What `O_PATH` leaves of the other flags.
    const PATH_KEEPS: u32 = linux::O_PATH | linux::O_DIRECTORY | linux::O_NOFOLLOW | linux::O_CLOEXEC;

    /// The flags of an `open(2)`: as Linux does, unknown ones are dropped, and those that `O_PATH` overrides.
    ///
    /// # Errors
    /// `EINVAL` for `O_CREAT` with `O_DIRECTORY`, and for `O_TMPFILE` without write access.
    pub fn new(bits: u32) -> Result<OpenFlags, Errno> {
        let mut flags = OpenFlags(bits & Self::KNOWN);
        if flags.has(linux::O_PATH) {
            flags.0 &= Self::PATH_KEEPS;
        }
        if flags.is_unnamed() {
            if !flags.writable() || flags.has(linux::O_CREAT) {
                return Err(Errno::EINVAL);
            }
        } else if flags.has(linux::O_CREAT | linux::O_DIRECTORY) || flags.has(linux::__O_TMPFILE) {
            return Err(Errno::EINVAL);
        }
        Ok(flags)
    }

    /// The flags of a file that is opened without a path.
    pub const fn internal(bits: u32) -> OpenFlags {
        OpenFlags(bits)
    }

    /// All bits.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether all of `bits` are set.
    pub const fn has(self, bits: u32) -> bool {
        self.0 & bits == bits
    }

    /// Whether this is `O_TMPFILE`: a file without a name.
    pub const fn is_unnamed(self) -> bool {
        self.has(linux::O_TMPFILE)
    }

    /// Whether the file may be read.
    pub const fn readable(self) -> bool {
        !self.has(linux::O_PATH) && matches!(self.0 & linux::O_ACCMODE, linux::O_RDONLY | linux::O_RDWR)
    }

    /// Whether the file may be written.
    pub const fn writable(self) -> bool {
        matches!(self.0 & linux::O_ACCMODE, linux::O_WRONLY | linux::O_RDWR)
    }

    /// The permissions that opening needs. As with Linux, the access mode 3 asks for both and grants neither.
    pub fn access(self) -> Access {
        let mode = match self.0 & linux::O_ACCMODE {
            linux::O_RDONLY => Access::READ,
            linux::O_WRONLY => Access::WRITE,
            _ => Access::READ.and(Access::WRITE),
        };
        if self.has(linux::O_TRUNC) {
            mode.and(Access::WRITE)
        } else {
            mode
        }
    }

    /// What `F_GETFL` shows of the opened file.
    #[must_use]
    pub const fn of_open_file(self) -> OpenFlags {
        OpenFlags(self.0 & !Self::OPENING)
    }
}
