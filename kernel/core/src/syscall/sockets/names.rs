//! Names and connections: `bind(2)`, `listen(2)`, `connect(2)`, `accept(2)`, `getsockname(2)`, `getpeername(2)`.

use super::{file, owner, socket_of};
use crate::error::Errno;
use crate::ipc::unix::{Address, Socket};
use crate::syscall::Call;
use crate::syscall::fs::adapter::with_caller;
use crate::syscall::fs::names::make_socket;
use crate::syscall::install::install;
use crate::syscall::memory::UserMemory;
use crate::vfs::{Access, FileType, Resolver, SymlinkPolicy};
use alloc::sync::Arc;
use linux_raw_sys::{general as linux, net};

/// Reads the bytes of an address.
///
/// # Errors
/// `EINVAL` for a length that no address has; `EFAULT`.
fn read_address<'b>(
    call: &Call<'_>,
    from: usize,
    length: usize,
    buffer: &'b mut [u8; Address::MOST],
) -> Result<&'b [u8], Errno> {
    let bytes = buffer.get_mut(..length as u32 as usize).ok_or(Errno::EINVAL)?;
    call.memory().read_bytes(from, bytes)?;
    Ok(bytes)
}

/// Reads an address.
pub(super) fn address(call: &Call<'_>, from: usize, length: usize) -> Result<Address, Errno> {
    Address::decode(read_address(call, from, length, &mut [0; Address::MOST])?)
}

/// `bind(2)`.
pub(in crate::syscall) fn bind(
    call: &mut Call<'_>,
    [fd, from, length, ..]: [usize; 6],
) -> Result<usize, Errno> {
    let file = file(call, fd)?;
    let socket = socket_of(&file)?;
    match address(call, from, length)? {
        Address::Unnamed => socket.bind_abstract(None)?,
        Address::Abstract(name) => socket.bind_abstract(Some(&name))?,
        Address::Path(path) => bind_path(call, socket, path)?,
    }
    Ok(0)
}

fn bind_path(call: &Call<'_>, socket: &Socket, path: alloc::vec::Vec<u8>) -> Result<(), Errno> {
    let in_use = |error| {
        if error == Errno::EEXIST {
            Errno::EADDRINUSE
        } else {
            error
        }
    };
    if socket.is_bound() {
        let taken = with_caller(call, |caller| {
            let start = || Ok(caller.fs.working_directory());
            caller.resolver().lookup(start, &path, SymlinkPolicy::Keep)
        });
        return Err(if taken.is_ok() {
            Errno::EADDRINUSE
        } else {
            Errno::EINVAL
        });
    }
    let place = with_caller(call, |caller| make_socket(caller, &path)).map_err(in_use)?;
    socket.bind_file(&place, Address::Path(path))
}

/// `listen(2)`. As on Linux, a negative backlog is a large one.
pub(in crate::syscall) fn listen(call: &mut Call<'_>, [fd, backlog, ..]: [usize; 6]) -> Result<usize, Errno> {
    let file = file(call, fd)?;
    socket_of(&file)?.listen(backlog as u32 as usize, owner(call))?;
    Ok(0)
}

/// `connect(2)`.
pub(in crate::syscall) fn connect(
    call: &mut Call<'_>,
    [fd, from, length, ..]: [usize; 6],
) -> Result<usize, Errno> {
    let file = file(call, fd)?;
    let socket = socket_of(&file)?;
    let mut buffer = [0; Address::MOST];
    let bytes = read_address(call, from, length, &mut buffer)?;
    if is_unspecified(bytes) && !socket.kind.connects() {
        socket.unaim();
        return Ok(0);
    }
    let target = find(call, socket, &Address::decode(bytes)?)?;
    socket.connect(&target, owner(call), file.is_nonblocking())?;
    Ok(0)
}

/// Whether an address is of the family `AF_UNSPEC`.
fn is_unspecified(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0, 0])
}

/// The socket that has this name.
///
/// # Errors
/// `ECONNREFUSED` if none has; `EINVAL` for no name; `EPROTOTYPE`, `EACCES`; as `path_resolution(7)` says.
pub(super) fn find(call: &Call<'_>, socket: &Socket, address: &Address) -> Result<Arc<Socket>, Errno> {
    let path = match address {
        Address::Unnamed => return Err(Errno::EINVAL),
        Address::Abstract(name) => return socket.find_abstract(name),
        Address::Path(path) => path,
    };
    let credentials = call.process().credentials();
    let fs = &call.process().fs;
    let place =
        Resolver::new(fs, &credentials).lookup(|| Ok(fs.working_directory()), path, SymlinkPolicy::Follow)?;
    credentials.check(&place.inode().metadata(), Access::WRITE)?;
    if place.inode().kind() != FileType::Socket {
        return Err(Errno::ECONNREFUSED);
    }
    socket.find_file(&place)
}

/// `accept(2)`.
pub(in crate::syscall) fn accept(
    call: &mut Call<'_>,
    [fd, to, length, ..]: [usize; 6],
) -> Result<usize, Errno> {
    accept4(call, [fd, to, length, 0, 0, 0])
}

/// `accept4(2)`.
pub(in crate::syscall) fn accept4(
    call: &mut Call<'_>,
    [fd, to, length, flags, ..]: [usize; 6],
) -> Result<usize, Errno> {
    let flags = flags as u32;
    if flags & !super::FLAGS != 0 {
        return Err(Errno::EINVAL);
    }
    let file = file(call, fd)?;
    let accepted = socket_of(&file)?.accept(file.is_nonblocking())?;
    let peer = accepted.peer_name().ok().flatten();
    let new = accepted.open(flags & linux::O_NONBLOCK != 0)?;
    if to != 0 {
        write_address(
            call,
            Some(peer.as_deref().unwrap_or(&Address::Unnamed)),
            to,
            length,
        )?;
    }
    Ok(install(call, new, flags & linux::O_CLOEXEC != 0)? as usize)
}

/// `getsockname(2)`.
pub(in crate::syscall) fn getsockname(
    call: &mut Call<'_>,
    [fd, to, length, ..]: [usize; 6],
) -> Result<usize, Errno> {
    let file = file(call, fd)?;
    let name = socket_of(&file)?.name();
    write_address(
        call,
        Some(name.as_deref().unwrap_or(&Address::Unnamed)),
        to,
        length,
    )?;
    Ok(0)
}

/// `getpeername(2)`.
pub(in crate::syscall) fn getpeername(
    call: &mut Call<'_>,
    [fd, to, length, ..]: [usize; 6],
) -> Result<usize, Errno> {
    let file = file(call, fd)?;
    let name = socket_of(&file)?.peer_name()?;
    write_address(
        call,
        Some(name.as_deref().unwrap_or(&Address::Unnamed)),
        to,
        length,
    )?;
    Ok(0)
}

/// Writes an address where there is room for so many bytes as stands at `length`, and there its true length: 0 for
/// none.
///
/// # Errors
/// `EFAULT`; `EINVAL` for a negative room.
pub(super) fn write_address(
    call: &Call<'_>,
    address: Option<&Address>,
    to: usize,
    length: usize,
) -> Result<(), Errno> {
    let room = usize::try_from(call.read::<i32>(length)?).map_err(|_| Errno::EINVAL)?;
    let written = put_address(call, address, to, room)?;
    call.write(length, &written)
}

/// Writes what fits of an address, and returns its true length.
pub(super) fn put_address(
    call: &Call<'_>,
    address: Option<&Address>,
    to: usize,
    room: usize,
) -> Result<u32, Errno> {
    let mut bytes = [0; Address::MOST + 1];
    let length = address.map_or(0, |address| address.encode(&mut bytes));
    let fits = bytes.get(..length.min(room)).unwrap_or_default();
    call.memory().write_bytes(to, fits)?;
    Ok(u32::try_from(length).unwrap_or_default())
}

const _: () = assert!(net::AF_UNSPEC == 0);
