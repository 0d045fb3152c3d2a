//! From what users write to addresses. Names go to the C library, on a thread that may wait.

use std::io;
use std::net::{
    IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, ToSocketAddrs as Standard,
};
use std::{iter, option, slice, vec};

use super::calls::in_runs;
use crate::rt::blocking;
#[cfg(feature = "sim")]
use crate::rt::sim::network::calls as simulated;

/// Anything that names socket addresses. As [`std::net::ToSocketAddrs`].
pub trait ToSocketAddrs {
    /// The addresses, one after the other.
    type Iter: Iterator<Item = SocketAddr>;

    /// Finds the addresses. A name is looked up, which takes its time.
    ///
    /// # Errors
    /// When the name is not to be found, or is none.
    fn to_socket_addrs(&self) -> io::Result<Self::Iter>;
}

/// Types whose addresses std finds without a look-up.
macro_rules! one_address {
    ($($type:ty),*) => {$(
        impl ToSocketAddrs for $type {
            type Iter = option::IntoIter<SocketAddr>;
            fn to_socket_addrs(&self) -> io::Result<option::IntoIter<SocketAddr>> {
                Standard::to_socket_addrs(self)
            }
        }
    )*};
}

one_address!(
    SocketAddr,
    SocketAddrV4,
    SocketAddrV6,
    (IpAddr, u16),
    (Ipv4Addr, u16),
    (Ipv6Addr, u16)
);

fn look_up<A: Standard<Iter = vec::IntoIter<SocketAddr>> + Sync + ?Sized>(
    name: &A,
) -> io::Result<vec::IntoIter<SocketAddr>> {
    blocking::run(|| Standard::to_socket_addrs(name))
}

impl ToSocketAddrs for (&str, u16) {
    type Iter = vec::IntoIter<SocketAddr>;

    fn to_socket_addrs(&self) -> io::Result<vec::IntoIter<SocketAddr>> {
        match self.0.parse::<IpAddr>() {
            Ok(address) => Ok(vec![SocketAddr::new(address, self.1)].into_iter()),
            Err(_) => {
                in_runs!(simulated::look_up(self.0, self.1).map(|address| vec![address].into_iter()));
                look_up(self)
            }
        }
    }
}

impl ToSocketAddrs for (String, u16) {
    type Iter = vec::IntoIter<SocketAddr>;

    fn to_socket_addrs(&self) -> io::Result<vec::IntoIter<SocketAddr>> {
        ToSocketAddrs::to_socket_addrs(&(&*self.0, self.1))
    }
}

impl ToSocketAddrs for str {
    type Iter = vec::IntoIter<SocketAddr>;

    fn to_socket_addrs(&self) -> io::Result<vec::IntoIter<SocketAddr>> {
        match self.parse::<SocketAddr>() {
            Ok(address) => Ok(vec![address].into_iter()),
            Err(_) => {
                #[cfg(feature = "sim")]
                if let Some((name, port)) = self.rsplit_once(':')
                    && let Ok(port) = port.parse::<u16>()
                {
                    in_runs!(simulated::look_up(name, port).map(|address| vec![address].into_iter()));
                }
                look_up(self)
            }
        }
    }
}

impl ToSocketAddrs for String {
    type Iter = vec::IntoIter<SocketAddr>;

    fn to_socket_addrs(&self) -> io::Result<vec::IntoIter<SocketAddr>> {
        ToSocketAddrs::to_socket_addrs(&**self)
    }
}

impl<'a> ToSocketAddrs for &'a [SocketAddr] {
    type Iter = iter::Cloned<slice::Iter<'a, SocketAddr>>;

    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        Ok(self.iter().cloned())
    }
}

impl<T: ToSocketAddrs + ?Sized> ToSocketAddrs for &T {
    type Iter = T::Iter;

    fn to_socket_addrs(&self) -> io::Result<T::Iter> {
        (**self).to_socket_addrs()
    }
}

/// The first success of `attempt`, or the last failure.
///
/// # Errors
/// When no address succeeds, or there is none.
pub(super) fn each_address<A: ToSocketAddrs, T>(
    address: A,
    mut attempt: impl FnMut(&SocketAddr) -> io::Result<T>,
) -> io::Result<T> {
    let mut last = None;
    for address in address.to_socket_addrs()? {
        match attempt(&address) {
            Ok(done) => return Ok(done),
            Err(error) => last = Some(error),
        }
    }
    Err(last
        .unwrap_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "could not resolve to any addresses")))
}
