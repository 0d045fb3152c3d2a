//! What a descriptor is, for humans. It may be closed, or another's, by the time one asks: then the answer is about that.

#![allow(
    unsafe_code,
    reason = "fenced: asks about descriptors that somebody else owns"
)]

use std::mem::ManuallyDrop;
use std::os::fd::{FromRawFd, RawFd};

/// Such as `from descriptor 7, a connection of 127.0.0.1:80 with 127.0.0.1:3456`.
pub(super) fn describe(fd: RawFd) -> String {
    #[cfg(feature = "sim")]
    if let Some(simulated) = super::sim::network::calls::describe(fd) {
        return simulated;
    }
    // SAFETY: nothing is done with it but questions that fail for a descriptor that is closed or no socket, and it is not dropped.
    let socket = ManuallyDrop::new(unsafe { std::net::TcpStream::from_raw_fd(fd) });
    match (socket.local_addr(), socket.peer_addr()) {
        (Ok(local), Ok(peer)) => format!("on descriptor {fd}, a connection of {local} with {peer}"),
        (Ok(local), Err(_)) => format!("on descriptor {fd}, a socket at {local}"),
        _ => match std::fs::read_link(format!("/proc/self/fd/{fd}")) {
            Ok(target) => format!("on descriptor {fd}, {}", target.display()),
            Err(_) => format!("on descriptor {fd}"),
        },
    }
}
