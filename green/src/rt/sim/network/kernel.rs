//! Descriptors of the kernel's, in a run.

#![allow(unsafe_code, reason = "fenced: system calls")]

use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::sync::Once;

use crate::rt::reactor::Interest;

/// Whether a call would not wait now.
pub(super) fn is_ready(fd: RawFd, interest: Interest) -> bool {
    let events = match interest {
        Interest::Read => libc::POLLIN,
        Interest::Write => libc::POLLOUT,
    };
    let mut asked = libc::pollfd {
        fd,
        events,
        revents: 0,
    };
    // SAFETY: one entry, valid for reading and writing.
    unsafe { libc::poll(&raw mut asked, 1, 0) > 0 }
}

/// A socket that is never used for more than its options.
pub(super) fn socket(is_v4: bool, kind: libc::c_int) -> io::Result<OwnedFd> {
    // What runs leave behind keeps its descriptors.
    static MORE: Once = Once::new();
    MORE.call_once(allow_more_descriptors);
    let family = if is_v4 { libc::AF_INET } else { libc::AF_INET6 };
    // SAFETY: no memory is involved; a descriptor that is returned is ours.
    unsafe {
        match libc::socket(family, kind | libc::SOCK_CLOEXEC, 0) {
            -1 => Err(io::Error::last_os_error()),
            fd => Ok(OwnedFd::from_raw_fd(fd)),
        }
    }
}

/// As many as the process may ask for. Where that fails there are as many as there were.
fn allow_more_descriptors() {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the limit is valid for writing and reading.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) == 0 {
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
        }
    }
}
