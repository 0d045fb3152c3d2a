//! What only some systems have, as in `std::os`.

pub use std::os::fd;

/// What Unix has, as in [`std::os::unix`].
pub mod unix {
    pub use crate::fs::unix as fs;
    pub use crate::net::unix as net;
    pub use std::os::unix::{ffi, io, prelude, process};
}

/// What Linux has, as in [`std::os::linux`].
pub mod linux {
    pub use std::os::linux::fs;

    /// Sockets, as in [`std::os::linux::net`].
    pub mod net {
        use std::io;

        pub use std::os::linux::net::SocketAddrExt;

        /// What TCP streams can do on Linux. As [`std::os::linux::net::TcpStreamExt`], which only std's own implements.
        pub trait TcpStreamExt {
            /// Whether what arrives is acknowledged at once (`TCP_QUICKACK`). The kernel may go back on it.
            ///
            /// # Errors
            /// As [`std::os::linux::net::TcpStreamExt::set_quickack`].
            fn set_quickack(&self, quickack: bool) -> io::Result<()>;

            /// Whether what arrives is acknowledged at once.
            ///
            /// # Errors
            /// As [`std::os::linux::net::TcpStreamExt::quickack`].
            fn quickack(&self) -> io::Result<bool>;
        }
    }
}
