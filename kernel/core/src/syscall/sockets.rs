//! Sockets, as far as a machine without peers can mean them: a Unix stream socket can be made and finds nobody to connect
//! to. C libraries try that at every look-up of a user's name (`nscd`). All else is not there yet and is reported.

use super::Call;
use super::memory::UserMemory;
use crate::error::Errno;
use crate::vfs::{
    Anonymous, Descriptor, File, FileOperations, FileType, Name, OpenFlags, Readiness, Resolver,
    SymlinkPolicy, Timestamp,
};
use alloc::format;
use alloc::sync::Arc;
use linux_raw_sys::{general as linux, net};

/// A Unix socket that is not connected.
#[derive(Debug)]
struct UnixSocket;

impl FileOperations for UnixSocket {
    fn read(&self, _: &File, _: u64, _: &mut dyn crate::vfs::Sink) -> Result<usize, Errno> {
        Err(Errno::EINVAL)
    }

    fn write(&self, _: &File, _: u64, _: &mut dyn crate::vfs::Source) -> Result<usize, Errno> {
        Err(Errno::ENOTCONN)
    }

    fn poll(&self, _: &File) -> Readiness {
        Readiness::WRITE | Readiness::HANG_UP
    }
}

/// `SOCK_CLOEXEC` and `SOCK_NONBLOCK`, which are the flags of `open(2)`.
const FLAGS: u32 = linux::O_CLOEXEC | linux::O_NONBLOCK;

/// `socket(2)`.
pub(super) fn socket(call: &mut Call<'_>, [family, kind, protocol, ..]: [usize; 6]) -> Result<usize, Errno> {
    let (family, kind) = (family as u32, kind as u32);
    if family != net::AF_UNIX {
        return Err(call.missing(format!("socket of address family {family}"), Errno::EAFNOSUPPORT));
    }
    if kind & !FLAGS != net::SOCK_STREAM {
        return Err(call.missing(
            format!("Unix socket of type {}", kind & !FLAGS),
            Errno::ESOCKTNOSUPPORT,
        ));
    }
    if !matches!(protocol as u32, 0 | net::AF_UNIX) {
        return Err(Errno::EPROTONOSUPPORT);
    }
    let inode = Anonymous::new(FileType::Socket, 0o777, Timestamp::default());
    let label = Name::copy(format!("socket:[{}]", inode.number()).as_bytes())?;
    let flags = OpenFlags::internal(linux::O_RDWR | kind & linux::O_NONBLOCK);
    let file = File::anonymous(inode, label, Arc::new(UnixSocket), flags);
    let descriptor = Descriptor {
        file,
        close_on_exec: kind & linux::O_CLOEXEC != 0,
    };
    let limit = call.process().limits.lock().open_files();
    let inserted = call.process().files.lock().insert(descriptor, 0, limit);
    inserted.map(|fd| fd as usize)
}

/// The open file of a descriptor, which must be a socket.
fn socket_of(call: &Call<'_>, fd: usize) -> Result<Arc<File>, Errno> {
    let file = call.process().files.lock().get(fd as u32)?.file.clone();
    if file.operations_as::<UnixSocket>().is_some() {
        Ok(file)
    } else {
        Err(Errno::ENOTSOCK)
    }
}

/// `connect(2)`: nobody listens in this machine.
pub(super) fn connect(call: &mut Call<'_>, [fd, address, length, ..]: [usize; 6]) -> Result<usize, Errno> {
    /// `struct sockaddr_un`: the family, then the path.
    const PATH: usize = 2;
    const PATH_MOST: usize = 108;
    socket_of(call, fd)?;
    let length = length as u32 as usize;
    let mut bytes = [0; PATH + PATH_MOST];
    let given = bytes
        .get_mut(..length)
        .filter(|given| given.len() > PATH)
        .ok_or(Errno::EINVAL)?;
    call.memory().read_bytes(address, given)?;
    let (family, path) = bytes.split_at(PATH);
    if u32::from(u16::from_le_bytes([family[0], family[1]])) != net::AF_UNIX {
        return Err(Errno::EAFNOSUPPORT);
    }
    let path = path.split(|&byte| byte == 0).next().unwrap_or_default();
    if path.is_empty() {
        return Err(Errno::ECONNREFUSED); // an abstract name that nobody has
    }
    let credentials = call.process().credentials();
    let fs = &call.process().fs;
    Resolver::new(fs, &credentials).lookup(fs.working_directory(), path, SymlinkPolicy::Follow)?;
    Err(Errno::ECONNREFUSED)
}

/// `getpeername(2)` and `getsockname(2)` of a socket that has no peer.
pub(super) fn peer_name(call: &mut Call<'_>, [fd, ..]: [usize; 6]) -> Result<usize, Errno> {
    socket_of(call, fd)?;
    Err(Errno::ENOTCONN)
}
