//! Ancillary data as programs write and read it (`cmsg(3)`, `unix(7)`).

use crate::error::Errno;
use crate::ipc::unix::{Ancillary, Rights, UserCredentials};
use crate::process;
use crate::syscall::Call;
use crate::syscall::install::install;
use crate::syscall::memory::UserMemory;
use crate::vfs::Capability;
use alloc::boxed::Box;
use alloc::vec::Vec;
use linux_raw_sys::net;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// `struct cmsghdr`.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct Header {
    /// With the header.
    length: usize,
    level: u32,
    kind: u32,
}

/// `SOL_SOCKET`
const LEVEL: u32 = 1;

/// The most bytes of ancillary data that one message may bring (`net.core.optmem_max`).
const BYTES_MOST: usize = 20480;

/// What a control message takes, with its header and up to the next.
fn aligned(length: usize) -> usize {
    length.saturating_add(7) & !7
}

/// Reads what is to travel along.
///
/// # Errors
/// `ENOBUFS` for too much; `EINVAL`, `EBADF`, `EPERM`, `ESRCH`, `ETOOMANYREFS`, `EFAULT`, `ENOMEM`.
pub(super) fn read(call: &Call<'_>, at: usize, length: usize) -> Result<Option<Box<Ancillary>>, Errno> {
    if length > BYTES_MOST {
        return Err(Errno::ENOBUFS);
    }
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length)?;
    bytes.resize(length, 0);
    call.memory().read_bytes(at, &mut bytes)?;
    let mut ancillary = Ancillary::default();
    let mut files = Vec::new();
    let mut rest = bytes.as_slice();
    while let Ok((header, _)) = Header::read_from_prefix(rest) {
        let data = rest
            .get(size_of::<Header>()..header.length)
            .ok_or(Errno::EINVAL)?;
        match (header.level, header.kind) {
            (LEVEL, net::SCM_RIGHTS) => take_files(call, data, &mut files)?,
            (LEVEL, net::SCM_CREDENTIALS) => {
                let claimed = UserCredentials::read_from_bytes(data).map_err(|_| Errno::EINVAL)?;
                ancillary.credentials = Some(check(call, claimed)?);
            }
            (LEVEL, _) => return Err(Errno::EINVAL),
            _ => {}
        }
        rest = rest.get(aligned(header.length)..).unwrap_or_default();
    }
    if !files.is_empty() {
        let limit = call.process().limits.lock().open_files() as usize;
        ancillary.rights = Some(Rights::new(files, limit)?);
    }
    let some = ancillary.rights.is_some() || ancillary.credentials.is_some();
    Ok(some.then(|| Box::new(ancillary)))
}

fn take_files(
    call: &Call<'_>,
    data: &[u8],
    files: &mut Vec<alloc::sync::Arc<crate::vfs::File>>,
) -> Result<(), Errno> {
    for number in data.chunks_exact(size_of::<u32>()) {
        if files.len() == Rights::MOST {
            return Err(Errno::EINVAL);
        }
        let fd = u32::read_from_bytes(number).map_err(|_| Errno::EINVAL)?;
        let file = call.file(fd as usize)?;
        files.try_reserve(1)?;
        files.push(file);
    }
    Ok(())
}

/// Who a program says it is must be true, unless it may say anything.
fn check(call: &Call<'_>, claimed: UserCredentials) -> Result<UserCredentials, Errno> {
    let process = call.process();
    let credentials = process.credentials();
    let own_user = credentials.can(Capability::Setuid)
        || [credentials.uid, credentials.euid, credentials.suid].contains(&claimed.uid);
    let own_group = credentials.can(Capability::Setgid)
        || [credentials.gid, credentials.egid, credentials.sgid].contains(&claimed.gid);
    let own_pid = claimed.pid == process.pid || credentials.can(Capability::SysAdmin);
    if !(own_pid && own_user && own_group) {
        return Err(Errno::EPERM);
    }
    if claimed.pid != process.pid && process::find(claimed.pid).is_none() {
        return Err(Errno::ESRCH);
    }
    Ok(claimed)
}

/// Where ancillary data is to be written.
#[derive(Clone, Copy)]
pub(super) struct Room {
    pub(super) at: usize,
    pub(super) length: usize,
    /// `MSG_CMSG_CLOEXEC`
    pub(super) close_on_exec: bool,
}

/// Writes what came along: credentials if they are `wanted`, and files under new descriptors. Returns how many bytes, and
/// whether something is lost for want of room.
///
/// # Errors
/// `EFAULT`.
pub(super) fn write(
    call: &Call<'_>,
    ancillary: Option<Box<Ancillary>>,
    wanted: bool,
    room: Room,
) -> Result<(usize, bool), Errno> {
    let ancillary = ancillary.unwrap_or_default();
    let mut used = 0;
    let mut lost = false;
    if wanted {
        let credentials = ancillary.credentials.unwrap_or(UserCredentials::NOBODY);
        let length = size_of::<Header>() + size_of::<UserCredentials>();
        if length <= room.length {
            put(call, room.at, net::SCM_CREDENTIALS, credentials.as_bytes())?;
            used = aligned(length).min(room.length);
        } else {
            lost = true;
        }
    }
    if let Some(rights) = &ancillary.rights {
        let left = room.length - used;
        let fit = left.saturating_sub(size_of::<Header>()) / size_of::<u32>();
        let (length, all) = write_files(call, rights, room.at.wrapping_add(used), fit, room.close_on_exec)?;
        used = used.saturating_add(aligned(length).min(left));
        lost |= !all;
    }
    Ok((used, lost))
}

/// Installs up to `fit` files and tells their numbers. Returns the length of the control message, and whether that was
/// all of them.
fn write_files(
    call: &Call<'_>,
    rights: &Rights,
    at: usize,
    fit: usize,
    close_on_exec: bool,
) -> Result<(usize, bool), Errno> {
    let mut numbers = Vec::new();
    for file in rights.files().iter().take(fit) {
        numbers.try_reserve(1)?;
        match install(call, file.clone(), close_on_exec) {
            Ok(fd) => numbers.push(fd),
            Err(_) => break,
        }
    }
    let all = numbers.len() == rights.files().len();
    if numbers.is_empty() {
        return Ok((0, all));
    }
    put(call, at, net::SCM_RIGHTS, numbers.as_slice().as_bytes())?;
    Ok((size_of::<Header>() + numbers.len() * size_of::<u32>(), all))
}

fn put(call: &Call<'_>, at: usize, kind: u32, data: &[u8]) -> Result<(), Errno> {
    let header = Header {
        length: size_of::<Header>() + data.len(),
        level: LEVEL,
        kind,
    };
    call.write(at, &header)?;
    call.memory()
        .write_bytes(at.wrapping_add(size_of::<Header>()), data)
}
