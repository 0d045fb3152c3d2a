//! `getsockopt(2)`, `setsockopt(2)` (`socket(7)`, `unix(7)`).

use super::{file, socket_of};
use crate::error::Errno;
use crate::ipc::unix::{Socket, Timeout, UserCredentials};
use crate::syscall::Call;
use crate::syscall::memory::UserMemory;
use alloc::format;
use linux_raw_sys::net;
use zerocopy::IntoBytes;

/// `SOL_SOCKET`
const LEVEL: u32 = 1;

const SECOND: u64 = 1_000_000_000;

/// `getsockopt(2)`.
pub(in crate::syscall) fn getsockopt(
    call: &mut Call<'_>,
    [fd, level, option, to, length, _]: [usize; 6],
) -> Result<usize, Errno> {
    let file = file(call, fd)?;
    let socket = socket_of(&file)?;
    let room = usize::try_from(call.read::<i32>(length)?).map_err(|_| Errno::EINVAL)?;
    if level as u32 != LEVEL {
        return Err(Errno::EOPNOTSUPP);
    }
    let mut value = [0; 16];
    let size = get(call, socket, option as u32, &mut value)?;
    let told = value.get(..size.min(room)).unwrap_or_default();
    call.memory().write_bytes(to, told)?;
    call.write(length, &(told.len() as u32))?;
    Ok(0)
}

/// Puts the value of an option into `value`, and returns its size.
fn get(call: &Call<'_>, socket: &Socket, option: u32, value: &mut [u8; 16]) -> Result<usize, Errno> {
    let options = &socket.options;
    let number = match option {
        net::SO_TYPE => socket.kind.number(),
        net::SO_DOMAIN => net::AF_UNIX,
        net::SO_PROTOCOL => 0,
        net::SO_ERROR => socket.take_error().map_or(0, number_of),
        net::SO_ACCEPTCONN => u32::from(socket.is_listening()),
        net::SO_PASSCRED => u32::from(socket.wants_credentials()),
        net::SO_SNDBUF => options.send_buffer() as u32,
        net::SO_RCVBUF => options.receive_buffer() as u32,
        net::SO_RCVLOWAT | net::SO_SNDLOWAT => 1,
        net::SO_PRIORITY => options.priority(),
        kept if is_kept(kept) => u32::from(options.is_set(kept)),
        net::SO_LINGER => return Ok(put(value, options.linger().as_bytes())),
        net::SO_RCVTIMEO | net::SO_RCVTIMEO_NEW => {
            return Ok(put(value, timeval(options.timeout(Timeout::Receive)).as_bytes()));
        }
        net::SO_SNDTIMEO | net::SO_SNDTIMEO_NEW => {
            return Ok(put(value, timeval(options.timeout(Timeout::Send)).as_bytes()));
        }
        net::SO_PEERCRED => {
            const NONE: UserCredentials = UserCredentials {
                pid: 0,
                uid: u32::MAX,
                gid: u32::MAX,
            };
            return Ok(put(value, socket.peer_credentials().unwrap_or(NONE).as_bytes()));
        }
        unknown => return Err(missing(call, "getsockopt", unknown)),
    };
    Ok(put(value, &number.to_ne_bytes()))
}

fn missing(call: &Call<'_>, which: &str, option: u32) -> Errno {
    // What Linux itself lacks there without a security module, or only has for other families, is no news.
    match option {
        net::SO_PEERSEC => Errno::ENOPROTOOPT,
        _ => call.missing(
            format!("{which}: option {option} of SOL_SOCKET"),
            Errno::ENOPROTOOPT,
        ),
    }
}

#[expect(clippy::cast_sign_loss, reason = "an error's number is positive")]
fn number_of(error: Errno) -> u32 {
    -error.result() as u32
}

fn put(value: &mut [u8; 16], bytes: &[u8]) -> usize {
    value.iter_mut().zip(bytes).map(|(to, from)| *to = *from).count()
}

fn timeval(nanoseconds: u64) -> [u64; 2] {
    [nanoseconds / SECOND, nanoseconds % SECOND / 1000]
}

/// Options that mean nothing to a Unix socket, and are only kept.
fn is_kept(option: u32) -> bool {
    matches!(
        option,
        net::SO_DEBUG
            | net::SO_REUSEADDR
            | net::SO_REUSEPORT
            | net::SO_DONTROUTE
            | net::SO_BROADCAST
            | net::SO_KEEPALIVE
            | net::SO_OOBINLINE
            | net::SO_TIMESTAMP
            | net::SO_TIMESTAMPNS
    )
}

/// `setsockopt(2)`.
pub(in crate::syscall) fn setsockopt(
    call: &mut Call<'_>,
    [fd, level, option, from, length, _]: [usize; 6],
) -> Result<usize, Errno> {
    let file = file(call, fd)?;
    let socket = socket_of(&file)?;
    if level as u32 != LEVEL {
        return Err(Errno::EOPNOTSUPP);
    }
    let length = usize::try_from((length as u32).cast_signed()).map_err(|_| Errno::EINVAL)?;
    if length < size_of::<u32>() {
        return Err(Errno::EINVAL);
    }
    set(call, socket, option as u32, from, length)?;
    Ok(0)
}

fn set(call: &Call<'_>, socket: &Socket, option: u32, from: usize, length: usize) -> Result<(), Errno> {
    let options = &socket.options;
    let value: u32 = call.read(from)?;
    match option {
        net::SO_PASSCRED => socket.set_wants_credentials(value != 0),
        net::SO_SNDBUF | net::SO_SNDBUFFORCE => options.set_send_buffer(value as usize),
        net::SO_RCVBUF | net::SO_RCVBUFFORCE => options.set_receive_buffer(value as usize),
        net::SO_RCVLOWAT => {}
        net::SO_PRIORITY => options.set_priority(value),
        kept if is_kept(kept) => options.set(kept, value != 0),
        net::SO_LINGER => {
            if length < size_of::<[u32; 2]>() {
                return Err(Errno::EINVAL);
            }
            options.set_linger(call.read(from)?);
        }
        net::SO_RCVTIMEO | net::SO_RCVTIMEO_NEW => {
            options.set_timeout(Timeout::Receive, read_timeout(call, from, length)?);
        }
        net::SO_SNDTIMEO | net::SO_SNDTIMEO_NEW => {
            options.set_timeout(Timeout::Send, read_timeout(call, from, length)?);
        }
        net::SO_TYPE | net::SO_DOMAIN | net::SO_PROTOCOL | net::SO_ERROR | net::SO_ACCEPTCONN => {
            return Err(Errno::ENOPROTOOPT);
        }
        unknown => return Err(missing(call, "setsockopt", unknown)),
    }
    Ok(())
}

/// Reads a `struct timeval` as nanoseconds: 0 for none, and a negative one is over at once.
fn read_timeout(call: &Call<'_>, from: usize, length: usize) -> Result<u64, Errno> {
    if length < size_of::<[i64; 2]>() {
        return Err(Errno::EINVAL);
    }
    let [seconds, microseconds] = call.read::<[i64; 2]>(from)?;
    let microseconds = u64::try_from(microseconds)
        .ok()
        .filter(|part| *part < 1_000_000)
        .ok_or(Errno::EDOM)?;
    let Ok(seconds) = u64::try_from(seconds) else {
        return Ok(1);
    };
    Ok(seconds.saturating_mul(SECOND).saturating_add(microseconds * 1000))
}
