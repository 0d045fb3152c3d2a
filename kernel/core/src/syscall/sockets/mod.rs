//! The system calls on sockets (`socket(2)`, `unix(7)`). Other families than Unix' are not there yet and are reported.

mod control;
mod message;
mod names;
mod options;
mod transfer;

pub(super) use message::{recvmmsg, recvmsg, sendmmsg, sendmsg};
pub(super) use names::{accept, accept4, bind, connect, getpeername, getsockname, listen};
pub(super) use options::{getsockopt, setsockopt};
pub(super) use transfer::{recvfrom, sendto};

use super::Call;
use super::install::{install, install_pair};
use crate::error::Errno;
use crate::ipc::unix::{self, Direction, Kind, Socket, UserCredentials};
use crate::vfs::File;
use alloc::format;
use alloc::sync::Arc;
use linux_raw_sys::{general as linux, net};

/// `SOCK_CLOEXEC` and `SOCK_NONBLOCK`, which are the flags of `open(2)`.
const FLAGS: u32 = linux::O_CLOEXEC | linux::O_NONBLOCK;

/// A socket as the arguments of `socket(2)` describe it.
fn kind(call: &Call<'_>, family: u32, kind: u32, protocol: u32) -> Result<Kind, Errno> {
    if family != net::AF_UNIX {
        return Err(call.missing(format!("socket of address family {family}"), Errno::EAFNOSUPPORT));
    }
    if !matches!(protocol, 0 | net::AF_UNIX) {
        return Err(Errno::EPROTONOSUPPORT);
    }
    Kind::from_number(kind & !FLAGS).ok_or(Errno::ESOCKTNOSUPPORT)
}

/// `socket(2)`.
pub(super) fn socket(call: &mut Call<'_>, [family, flags, protocol, ..]: [usize; 6]) -> Result<usize, Errno> {
    let flags = flags as u32;
    let kind = kind(call, family as u32, flags, protocol as u32)?;
    let file = Socket::new(kind).open(flags & linux::O_NONBLOCK != 0)?;
    Ok(install(call, file, flags & linux::O_CLOEXEC != 0)? as usize)
}

/// `socketpair(2)`.
pub(super) fn socketpair(
    call: &mut Call<'_>,
    [family, flags, protocol, to, ..]: [usize; 6],
) -> Result<usize, Errno> {
    let flags = flags as u32;
    let kind = kind(call, family as u32, flags, protocol as u32)?;
    let nonblocking = flags & linux::O_NONBLOCK != 0;
    let [first, second] = unix::pair(kind, owner(call));
    let files = [first.open(nonblocking)?, second.open(nonblocking)?];
    install_pair(call, files, flags & linux::O_CLOEXEC != 0, to)
}

/// `shutdown(2)`.
pub(super) fn shutdown(call: &mut Call<'_>, [fd, how, ..]: [usize; 6]) -> Result<usize, Errno> {
    let file = file(call, fd)?;
    let direction = match how as u32 {
        linux_shutdown::RECEIVE => Direction {
            receive: true,
            send: false,
        },
        linux_shutdown::SEND => Direction {
            receive: false,
            send: true,
        },
        linux_shutdown::BOTH => Direction {
            receive: true,
            send: true,
        },
        _ => return Err(Errno::EINVAL),
    };
    socket_of(&file)?.shut_down(direction);
    Ok(0)
}

/// `SHUT_*`
mod linux_shutdown {
    pub(super) const RECEIVE: u32 = 0;
    pub(super) const SEND: u32 = 1;
    pub(super) const BOTH: u32 = 2;
}

/// The open file of a descriptor.
fn file(call: &Call<'_>, fd: usize) -> Result<Arc<File>, Errno> {
    Some(call.file(fd)?)
        .filter(|file| !file.is_path_only())
        .ok_or(Errno::EBADF)
}

/// The socket behind an open file.
fn socket_of(file: &File) -> Result<&Socket, Errno> {
    file.operations_as::<Socket>().ok_or(Errno::ENOTSOCK)
}

/// Whom others see behind a connection that the caller makes (`SO_PEERCRED`).
fn owner(call: &Call<'_>) -> UserCredentials {
    let credentials = call.process().credentials();
    UserCredentials {
        pid: call.process().pid,
        uid: credentials.euid,
        gid: credentials.egid,
    }
}
