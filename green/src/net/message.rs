//! The stream calls of sockets that must not wait (recv(2), send(2)): std's would.

#![allow(unsafe_code, reason = "fenced: system calls")]

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use super::calls::ask_simulated;
use crate::rt::call::call;
#[cfg(feature = "sim")]
use crate::rt::sim::network::calls as simulated;

/// As readv(2): more slices than this are left for the next call.
const SLICES: usize = 1024;

pub(super) fn check(result: impl TryInto<usize>) -> io::Result<usize> {
    result.try_into().map_err(|_| io::Error::last_os_error())
}

/// recv(2).
#[inline]
pub(crate) fn receive(fd: BorrowedFd<'_>, buffer: &mut [u8], flags: libc::c_int) -> io::Result<usize> {
    ask_simulated!(simulated::receive(fd, buffer, flags & libc::MSG_PEEK != 0));
    // SAFETY: the buffer is valid for writing, and no address is asked for.
    unsafe {
        call(
            libc::SYS_recvfrom,
            [
                number(fd),
                buffer.as_mut_ptr().expose_provenance(),
                buffer.len(),
                bits(flags | libc::MSG_DONTWAIT),
                0,
                0,
            ],
        )
    }
}

/// send(2).
#[inline]
pub(crate) fn send(fd: BorrowedFd<'_>, buffer: &[u8]) -> io::Result<usize> {
    ask_simulated!(simulated::send(fd, buffer));
    // SAFETY: the buffer is valid for reading, and no address is given.
    unsafe {
        call(
            libc::SYS_sendto,
            [
                number(fd),
                buffer.as_ptr().expose_provenance(),
                buffer.len(),
                bits(libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL),
                0,
                0,
            ],
        )
    }
}

/// A descriptor as an argument of a system call.
fn number(fd: BorrowedFd<'_>) -> usize {
    bits(fd.as_raw_fd())
}

/// An `int` as an argument of a system call, which looks at no more than its bits.
fn bits(int: libc::c_int) -> usize {
    int.cast_unsigned() as usize
}

/// How many slices one call takes, in the type that the C library has for it.
#[cfg(not(target_env = "musl"))]
fn count(slices: usize) -> usize {
    slices.min(SLICES)
}

#[cfg(target_env = "musl")]
fn count(slices: usize) -> libc::c_int {
    libc::c_int::try_from(slices.min(SLICES)).unwrap_or(libc::c_int::MAX)
}

pub(crate) fn receive_vectored(fd: BorrowedFd<'_>, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
    ask_simulated!({
        // As a short read.
        let room = buffers.iter_mut().find(|buffer| !buffer.is_empty());
        simulated::receive(fd, room.map_or(&mut [], |buffer| &mut **buffer), false)
    });
    // SAFETY: an all-zero header is an empty one; `IoSliceMut` has the layout of an iovec, valid for writing.
    check(unsafe {
        let mut header: libc::msghdr = std::mem::zeroed();
        header.msg_iov = buffers.as_mut_ptr().cast();
        header.msg_iovlen = count(buffers.len());
        libc::recvmsg(fd.as_raw_fd(), &raw mut header, libc::MSG_DONTWAIT)
    })
}

pub(crate) fn send_vectored(fd: BorrowedFd<'_>, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
    ask_simulated!(simulated::send(
        fd,
        &buffers
            .iter()
            .flat_map(|buffer| &**buffer)
            .copied()
            .collect::<Vec<u8>>()
    ));
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    // SAFETY: an all-zero header is an empty one; `IoSlice` has the layout of an iovec, valid for reading, and the kernel does
    // not write to it.
    check(unsafe {
        let mut header: libc::msghdr = std::mem::zeroed();
        header.msg_iov = buffers.as_ptr().cast_mut().cast();
        header.msg_iovlen = count(buffers.len());
        libc::sendmsg(fd.as_raw_fd(), &raw const header, flags)
    })
}

/// How many bytes the slices have that one call takes.
pub(crate) fn total(lengths: impl Iterator<Item = usize>) -> usize {
    lengths.take(SLICES).fold(0, usize::saturating_add)
}

/// Lets as many connections wait to be accepted as the system allows (`net.core.somaxconn`). std's limit is 128, and with more than that at
/// once, which is what green threads are for, the kernel drops some: their clients try again after a second.
pub(super) fn listen_for_many(fd: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: no memory is involved.
    check(unsafe { libc::listen(fd.as_raw_fd(), libc::c_int::MAX) }).map(drop)
}

/// A socket on its way to `address`, and whether it is there already. Calls on it do not wait.
///
/// # Errors
/// Of socket(2) and connect(2).
pub(crate) fn start_connecting(address: &SocketAddr) -> io::Result<(TcpStream, bool)> {
    let family = if address.is_ipv4() {
        libc::AF_INET
    } else {
        libc::AF_INET6
    };
    let kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    // SAFETY: no memory is involved; a descriptor that is returned is ours.
    let fd = unsafe {
        let fd = libc::socket(family, kind, 0);
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        OwnedFd::from_raw_fd(fd)
    };
    let result = match address {
        SocketAddr::V4(address) => connect(&fd, &native_v4(address)),
        SocketAddr::V6(address) => connect(&fd, &native_v6(address)),
    };
    match result {
        Ok(()) => Ok((fd.into(), true)),
        Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => Ok((fd.into(), false)),
        Err(error) => Err(error),
    }
}

fn connect<A>(fd: &OwnedFd, address: &A) -> io::Result<()> {
    let length = libc::socklen_t::try_from(size_of::<A>()).expect("addresses are small");
    // SAFETY: the address is valid for reading.
    let result = unsafe { libc::connect(fd.as_raw_fd(), std::ptr::from_ref(address).cast(), length) };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

fn family(number: libc::c_int) -> libc::sa_family_t {
    libc::sa_family_t::try_from(number).expect("families are small")
}

fn native_v4(address: &std::net::SocketAddrV4) -> libc::sockaddr_in {
    libc::sockaddr_in {
        sin_family: family(libc::AF_INET),
        sin_port: address.port().to_be(),
        sin_addr: libc::in_addr {
            s_addr: u32::from_ne_bytes(address.ip().octets()),
        },
        sin_zero: [0; 8],
    }
}

fn native_v6(address: &std::net::SocketAddrV6) -> libc::sockaddr_in6 {
    libc::sockaddr_in6 {
        sin6_family: family(libc::AF_INET6),
        sin6_port: address.port().to_be(),
        sin6_flowinfo: address.flowinfo(),
        sin6_addr: libc::in6_addr {
            s6_addr: address.ip().octets(),
        },
        sin6_scope_id: address.scope_id(),
    }
}
