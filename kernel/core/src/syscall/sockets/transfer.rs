//! `sendto(2)`, `recvfrom(2)`, and what all ways of sending and receiving share.

use super::names::{address, find, write_address};
use super::{file, socket_of};
use crate::error::Errno;
use crate::ipc::raise_broken_pipe;
use crate::ipc::unix::{Address, Ancillary, Kind, ReceiveFlags, Received, Socket};
use crate::syscall::Call;
use crate::syscall::fs::user_data::UserData;
use crate::vfs::{File, Sink};
use alloc::boxed::Box;
use alloc::sync::Arc;
use linux_raw_sys::net;

/// `sendto(2)`.
pub(in crate::syscall) fn sendto(
    call: &mut Call<'_>,
    [fd, from, count, flags, to, length]: [usize; 6],
) -> Result<usize, Errno> {
    let file = file(call, fd)?;
    let memory = call.memory();
    let mut data = UserData::new(&memory, from, count);
    let target = if to == 0 { None } else { Some((to, length)) };
    send(call, &file, &mut data, None, target, flags as u32)
}

/// Sends `data` to the address at `to` (with its length), or to the peer.
pub(super) fn send(
    call: &Call<'_>,
    file: &Arc<File>,
    data: &mut UserData<'_>,
    ancillary: Option<Box<Ancillary>>,
    to: Option<(usize, usize)>,
    flags: u32,
) -> Result<usize, Errno> {
    let socket = socket_of(file)?;
    if flags & net::MSG_OOB != 0 {
        return Err(call.missing("send with MSG_OOB on a Unix socket".into(), Errno::EOPNOTSUPP));
    }
    let target = target(call, socket, to)?;
    let nonblocking = file.is_nonblocking() || flags & net::MSG_DONTWAIT != 0;
    let sent = socket.send(data, ancillary, target.as_deref(), nonblocking);
    if sent == Err(Errno::EPIPE) && socket.kind == Kind::Stream && flags & net::MSG_NOSIGNAL == 0 {
        raise_broken_pipe();
    }
    sent
}

/// The socket at an address that was given to a sending call.
fn target(
    call: &Call<'_>,
    socket: &Socket,
    to: Option<(usize, usize)>,
) -> Result<Option<Arc<Socket>>, Errno> {
    let Some((to, length)) = to.filter(|(_, length)| *length as u32 != 0) else {
        return Ok(None);
    };
    match socket.kind {
        Kind::Stream if socket.peer_name().is_ok() => Err(Errno::EISCONN),
        Kind::Stream => Err(Errno::EOPNOTSUPP),
        Kind::SequencedPacket => Ok(None), // as on Linux, it is not looked at
        Kind::Datagram => find(call, socket, &address(call, to, length)?).map(Some),
    }
}

/// `recvfrom(2)`.
pub(in crate::syscall) fn recvfrom(
    call: &mut Call<'_>,
    [fd, to, count, flags, source, length]: [usize; 6],
) -> Result<usize, Errno> {
    let file = file(call, fd)?;
    let memory = call.memory();
    let mut data = UserData::new(&memory, to, count);
    let mut received = Received::default();
    let result = receive(call, &file, &mut data, flags as u32, &mut received)?;
    if source != 0 {
        write_address(call, received.source.as_deref(), source, length)?;
    }
    Ok(result)
}

/// Receives into `data`. The result is the length of the whole message with `MSG_TRUNC`.
pub(super) fn receive(
    call: &Call<'_>,
    file: &Arc<File>,
    data: &mut dyn Sink,
    flags: u32,
    received: &mut Received,
) -> Result<usize, Errno> {
    let socket = socket_of(file)?;
    if flags & net::MSG_OOB != 0 {
        return Err(call.missing("receive with MSG_OOB on a Unix socket".into(), Errno::EOPNOTSUPP));
    }
    if flags & net::MSG_ERRQUEUE != 0 {
        return Err(Errno::EAGAIN); // nothing is ever put there
    }
    let how = ReceiveFlags {
        peek: flags & net::MSG_PEEK != 0,
        wait_all: flags & net::MSG_WAITALL != 0,
    };
    let nonblocking = file.is_nonblocking() || flags & net::MSG_DONTWAIT != 0;
    let count = socket.receive(data, how, nonblocking, received)?;
    if socket.kind == Kind::Stream {
        received.source = socket.peer_name().ok().flatten();
    } else if flags & net::MSG_TRUNC != 0 {
        return Ok(received.length);
    }
    Ok(count)
}

const _: () = assert!(Address::MOST == 110, "struct sockaddr_un");
