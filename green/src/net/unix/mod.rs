//! Unix sockets with the interface of `std::os::unix::net`.
//!
//! ```
//! use std::io::{Read, Write};
//! use threadbare::os::unix::net::UnixStream;
//! use threadbare::thread;
//!
//! let (mut near, mut far) = UnixStream::pair()?;
//! thread::spawn(move || far.write_all(b"hello"));
//! let mut text = String::new();
//! near.read_to_string(&mut text)?;
//! assert_eq!(text, "hello");
//! # Ok::<(), std::io::Error>(())
//! ```

mod datagram;
mod listener;
mod stream;

pub use datagram::UnixDatagram;
pub use listener::{Incoming, UnixListener};
pub use std::os::unix::net::SocketAddr;
pub use stream::UnixStream;
