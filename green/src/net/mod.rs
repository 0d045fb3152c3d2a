//! Networking with the interface of `std::net`.
//!
//! What is here behaves as documented for [`std::net`]; a green thread that waits for the network lets others run on its worker. All of it
//! also works from operating-system threads, which wait in the kernel. Crates that are generic over [`Read`](std::io::Read) and
//! [`Write`](std::io::Write), or take anything [`AsFd`](std::os::fd::AsFd), work with these sockets unchanged.
//!
//! ```
//! use std::io::{Read, Write};
//! use threadbare::net::{TcpListener, TcpStream};
//! use threadbare::thread;
//!
//! let listener = TcpListener::bind("127.0.0.1:0")?;
//! let address = listener.local_addr()?;
//! let server = thread::spawn(move || -> std::io::Result<()> {
//!     let (mut stream, _peer) = listener.accept()?;
//!     stream.write_all(b"hello")
//! });
//! let mut text = String::new();
//! TcpStream::connect(address)?.read_to_string(&mut text)?;
//! assert_eq!(text, "hello");
//! server.join().unwrap()?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Differences, all of them:
//! - Names are resolved by the C library on an operating-system thread of a pool.
//! - Listeners and datagram sockets have the kernel's non-blocking flag set while they are here, which shows through
//!   [`AsRawFd`](std::os::fd::AsRawFd). `into_raw_fd` and `OwnedFd::from` hand them out as std would, unless there are clones left.
//! - [`TcpStream::linger`] and [`TcpStream::set_linger`] are here though std has them only as unstable functions.
//! - A flag or timeout that somebody sets through the raw descriptor is not noticed.

mod addresses;
mod calls;
mod descriptors;
pub(crate) mod linger;
mod message;
mod tcp_listener;
mod tcp_stream;
mod timeouts;
mod udp;
#[doc(hidden)]
pub mod unix;

pub use addresses::ToSocketAddrs;
pub(crate) use descriptors::{convert_descriptor, delegate_read, delegate_write, share_descriptor};
pub(crate) use message::total;
pub use std::net::{
    AddrParseError, IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, SocketAddrV4, SocketAddrV6,
};
pub use tcp_listener::{Incoming, TcpListener};
pub use tcp_stream::TcpStream;
pub(crate) use timeouts::timeouts;
pub use udp::UdpSocket;
