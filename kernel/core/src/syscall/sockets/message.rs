//! `sendmsg(2)`, `recvmsg(2)`, `sendmmsg(2)`, `recvmmsg(2)`.

use super::names::put_address;
use super::transfer::{receive, send};
use super::{control, file, socket_of};
use crate::clock;
use crate::error::Errno;
use crate::ipc::unix::Received;
use crate::syscall::Call;
use crate::syscall::fs::user_data::UserData;
use crate::syscall::times::read_timespec;
use crate::vfs::File;
use alloc::sync::Arc;
use linux_raw_sys::net;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// How many pieces one message takes (`UIO_MAXIOV`).
const PIECES_MOST: usize = 1024;

/// How many messages one call takes.
const MESSAGES_MOST: usize = 1024;

/// `MSG_WAITFORONE`
const WAIT_FOR_ONE: u32 = 0x10000;

/// `struct msghdr`.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct Header {
    name: usize,
    name_length: u32,
    _unused: u32,
    pieces: usize,
    piece_count: usize,
    control: usize,
    control_length: usize,
    flags: u32,
    _unused_too: u32,
}

/// Where the members that a call writes stand.
const NAME_LENGTH: usize = 8;
const CONTROL_LENGTH: usize = 40;
const FLAGS: usize = 48;

/// The bytes of a `struct mmsghdr`, and where its count stands.
const MANY: usize = 64;
const MANY_COUNT: usize = 56;

/// `sendmsg(2)`.
pub(in crate::syscall) fn sendmsg(
    call: &mut Call<'_>,
    [fd, message, flags, ..]: [usize; 6],
) -> Result<usize, Errno> {
    let file = file(call, fd)?;
    send_one(call, &file, message, flags as u32)
}

fn read_header(call: &Call<'_>, message: usize) -> Result<Header, Errno> {
    let header: Header = call.read(message)?;
    if header.piece_count > PIECES_MOST {
        return Err(Errno::EMSGSIZE);
    }
    if header.name_length > i32::MAX as u32 {
        return Err(Errno::EINVAL);
    }
    Ok(header)
}

fn send_one(call: &Call<'_>, file: &Arc<File>, message: usize, flags: u32) -> Result<usize, Errno> {
    socket_of(file)?;
    let header = read_header(call, message)?;
    let memory = call.memory();
    let mut data = UserData::vector(&memory, header.pieces, header.piece_count)?;
    let ancillary = if header.control == 0 || header.control_length == 0 {
        None
    } else {
        control::read(call, header.control, header.control_length)?
    };
    let to = (header.name != 0).then_some((header.name, header.name_length as usize));
    send(call, file, &mut data, ancillary, to, flags)
}

/// `recvmsg(2)`.
pub(in crate::syscall) fn recvmsg(
    call: &mut Call<'_>,
    [fd, message, flags, ..]: [usize; 6],
) -> Result<usize, Errno> {
    let file = file(call, fd)?;
    receive_one(call, &file, message, flags as u32)
}

fn receive_one(call: &Call<'_>, file: &Arc<File>, message: usize, flags: u32) -> Result<usize, Errno> {
    let socket = socket_of(file)?;
    let header = read_header(call, message)?;
    let memory = call.memory();
    let mut data = UserData::vector(&memory, header.pieces, header.piece_count)?;
    let mut received = Received::default();
    let result = receive(call, file, &mut data, flags, &mut received)?;
    let mut told = flags & net::MSG_CMSG_CLOEXEC;
    if received.truncated {
        told |= net::MSG_TRUNC;
    }
    if header.name != 0 {
        let length = put_address(
            call,
            received.source.as_deref(),
            header.name,
            header.name_length as usize,
        )?;
        call.write(message.wrapping_add(NAME_LENGTH), &length)?;
    }
    let room = control::Room {
        at: header.control,
        length: if header.control == 0 {
            0
        } else {
            header.control_length
        },
        close_on_exec: flags & net::MSG_CMSG_CLOEXEC != 0,
    };
    let wants = socket.wants_credentials();
    let (length, truncated) = control::write(call, received.ancillary.take(), wants, room)?;
    if truncated {
        told |= net::MSG_CTRUNC;
    }
    call.write(message.wrapping_add(CONTROL_LENGTH), &length)?;
    call.write(message.wrapping_add(FLAGS), &told)?;
    Ok(result)
}

/// `sendmmsg(2)`.
pub(in crate::syscall) fn sendmmsg(
    call: &mut Call<'_>,
    [fd, messages, count, flags, ..]: [usize; 6],
) -> Result<usize, Errno> {
    let file = file(call, fd)?;
    let count = (count as u32 as usize).min(MESSAGES_MOST);
    each(call, messages, count, |call, _, message| {
        send_one(call, &file, message, flags as u32)
    })
}

/// `recvmmsg(2)`. As on Linux, the timeout is only looked at after each message.
pub(in crate::syscall) fn recvmmsg(
    call: &mut Call<'_>,
    [fd, messages, count, flags, timeout, _]: [usize; 6],
) -> Result<usize, Errno> {
    let deadline = if timeout == 0 {
        u64::MAX
    } else {
        clock::monotonic().saturating_add(read_timespec(call, timeout)?)
    };
    let file = file(call, fd)?;
    let count = (count as u32 as usize).min(MESSAGES_MOST);
    let flags = flags as u32;
    let all = flags & !WAIT_FOR_ONE;
    each(call, messages, count, |call, at, message| {
        if at > 0 && clock::monotonic() >= deadline {
            return Err(Errno::EAGAIN);
        }
        let waits = at == 0 || flags & WAIT_FOR_ONE == 0;
        receive_one(
            call,
            &file,
            message,
            if waits { all } else { all | net::MSG_DONTWAIT },
        )
    })
}

/// Does something with each message of an array, until one fails: an error only if it is the first.
fn each(
    call: &Call<'_>,
    messages: usize,
    count: usize,
    mut with: impl FnMut(&Call<'_>, usize, usize) -> Result<usize, Errno>,
) -> Result<usize, Errno> {
    for at in 0..count {
        let message = messages.wrapping_add(at.wrapping_mul(MANY));
        let done = with(call, at, message).and_then(|bytes| {
            let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
            call.write(message.wrapping_add(MANY_COUNT), &bytes)
        });
        match done {
            Ok(()) => {}
            Err(error) if at == 0 => return Err(error),
            Err(_) => return Ok(at),
        }
    }
    Ok(count)
}
