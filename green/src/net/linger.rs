//! How long closing a socket may take (`SO_LINGER`, socket(7)).

#![allow(unsafe_code, reason = "fenced: std has these only as unstable functions")]

use std::io;
use std::os::fd::RawFd;
use std::time::Duration;

use super::message::check;

fn length() -> libc::socklen_t {
    libc::socklen_t::try_from(size_of::<libc::linger>()).expect("two numbers")
}

pub(crate) fn set(fd: RawFd, linger: Option<Duration>) -> io::Result<()> {
    let seconds = linger.unwrap_or_default().as_secs();
    let linger = libc::linger {
        l_onoff: linger.is_some().into(),
        l_linger: libc::c_int::try_from(seconds).unwrap_or(libc::c_int::MAX),
    };
    // SAFETY: the option is valid for reading.
    let result = unsafe {
        let value = (&raw const linger).cast();
        libc::setsockopt(fd, libc::SOL_SOCKET, libc::SO_LINGER, value, length())
    };
    check(result).map(drop)
}

pub(crate) fn get(fd: RawFd) -> io::Result<Option<Duration>> {
    let mut linger = libc::linger {
        l_onoff: 0,
        l_linger: 0,
    };
    let mut length = length();
    // SAFETY: the option, and its length, are valid for writing.
    let result = unsafe {
        let value = (&raw mut linger).cast();
        libc::getsockopt(fd, libc::SOL_SOCKET, libc::SO_LINGER, value, &raw mut length)
    };
    check(result)?;
    let seconds = u64::try_from(linger.l_linger).unwrap_or(0);
    Ok((linger.l_onoff != 0).then(|| Duration::from_secs(seconds)))
}
