//! What only some systems have, as in `std::os`.

/// What Unix has, as in [`std::os::unix`].
pub mod unix {
    pub use crate::net::unix as net;
    pub use std::os::unix::{ffi, fs, process};
}
