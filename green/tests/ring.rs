//! io_uring behind its switch: what its calls have that others have not, and what happens where the kernel refuses it.
//!
//! That it behaves as epoll does show `io`, `net` and `faults`, which run in both configurations.

#![allow(unsafe_code, reason = "a filter of system calls")]

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream as StdStream;
use std::process::Command;
use std::time::Duration;

use threadbare::os::unix::net::UnixStream;
use threadbare::runtime;
use threadbare::thread;

/// A pair of connected streams, after one exchange: from then on the ring is there, or is known to be refused.
fn exchanged() -> (UnixStream, StdStream) {
    let _already = runtime::Builder::new().io_uring(true).install();
    let (near, far) = StdStream::pair().unwrap();
    let near = UnixStream::from(near);
    let mut far_again = far.try_clone().unwrap();
    let near = thread::spawn(move || {
        let sender = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(1));
            far_again.write_all(b"!").unwrap();
        });
        let mut byte = [0];
        (&near).read_exact(&mut byte).unwrap();
        sender.join().unwrap();
        near
    });
    (near.join().unwrap(), far)
}

/// Whether the kernel has what is needed; says so where it has not.
fn has_ring() -> bool {
    match runtime::why_epoll() {
        None => assert_eq!(runtime::reactor(), "io_uring"),
        Some(reason) => eprintln!("not tested: {reason}"),
    }
    runtime::why_epoll().is_none()
}

#[test]
fn a_read_that_takes_too_long_is_called_off_and_loses_nothing() {
    let (near, mut far) = exchanged();
    if !has_ring() {
        return;
    }
    let near = thread::spawn(move || {
        near.set_read_timeout(Some(Duration::from_millis(2))).unwrap();
        let mut buffer = [0; 8];
        for _ in 0..20 {
            let error = (&near).read(&mut buffer).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
        }
        assert_eq!(buffer, [0; 8]);
        near.set_read_timeout(None).unwrap();
        near
    });
    let near = near.join().unwrap();
    far.write_all(b"complete").unwrap();
    let read = thread::spawn(move || {
        let mut buffer = [0; 8];
        (&near).read_exact(&mut buffer).unwrap();
        buffer
    });
    assert_eq!(&read.join().unwrap(), b"complete");
}

#[test]
fn a_write_that_takes_too_long_is_called_off() {
    let (near, _far) = exchanged();
    if !has_ring() {
        return;
    }
    let writer = thread::spawn(move || {
        near.set_write_timeout(Some(Duration::from_millis(2))).unwrap();
        let buffer = vec![0; 1 << 16];
        loop {
            if let Err(error) = (&near).write(&buffer) {
                return error.kind();
            }
        }
    });
    assert_eq!(writer.join().unwrap(), ErrorKind::WouldBlock);
}

#[test]
fn a_file_that_others_set_to_not_wait_is_waited_for_all_the_same() {
    let (near, mut far) = exchanged();
    if !has_ring() {
        return;
    }
    let other: std::os::fd::OwnedFd = std::os::fd::AsFd::as_fd(&near).try_clone_to_owned().unwrap();
    StdStream::from(other).set_nonblocking(true).unwrap();
    let reader = thread::spawn(move || (&near).read(&mut [0; 4]).unwrap());
    while !runtime::dump().contains(": reading on descriptor") {
        std::thread::yield_now();
    }
    far.write_all(b"four").unwrap();
    assert_eq!(reader.join().unwrap(), 4);
}

#[test]
fn thousands_of_calls_at_once_all_end() {
    let many = descriptors() / 3;
    let (_near, _far) = exchanged();
    if !has_ring() {
        return;
    }
    let readers: Vec<_> = (0..many)
        .map(|_| {
            let (near, mut far) = UnixStream::pair().unwrap();
            let reader = thread::spawn(move || (&near).read(&mut [0; 4]).unwrap());
            (
                reader,
                thread::spawn(move || {
                    thread::yield_now();
                    far.write(b"it").unwrap()
                }),
            )
        })
        .collect();
    for (reader, writer) in readers {
        assert_eq!(writer.join().unwrap(), 2);
        assert_eq!(reader.join().unwrap(), 2);
    }
}

/// How many this process may have, raised as far as it may be; up to 9,000.
fn descriptors() -> usize {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the limit is valid for the calls.
    unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit), 0);
        limit.rlim_cur = limit.rlim_max.min(9000);
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit), 0);
    }
    usize::try_from(limit.rlim_cur).unwrap()
}

/// Has the kernel answer io_uring_setup(2) with EPERM, as containers do (seccomp(2)).
fn forbid_io_uring() {
    const LOAD_NUMBER: libc::sock_filter = libc::sock_filter {
        code: 0x20,
        jt: 0,
        jf: 0,
        k: 0,
    };
    let is_setup = libc::sock_filter {
        code: 0x15,
        jt: 0,
        jf: 1,
        k: u32::try_from(libc::SYS_io_uring_setup).unwrap(),
    };
    let answer = |k| libc::sock_filter {
        code: 0x06,
        jt: 0,
        jf: 0,
        k,
    };
    let refuse = libc::SECCOMP_RET_ERRNO | u32::try_from(libc::EPERM).unwrap();
    let mut filter = [
        LOAD_NUMBER,
        is_setup,
        answer(refuse),
        answer(libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog {
        len: u16::try_from(filter.len()).unwrap(),
        filter: filter.as_mut_ptr(),
    };
    // SAFETY: the program is valid, and only refuses a call.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        let installed = libc::prctl(
            libc::PR_SET_SECCOMP,
            libc::SECCOMP_MODE_FILTER,
            &raw const program,
        );
        assert_eq!(installed, 0);
    }
}

#[test]
fn where_io_uring_is_forbidden_epoll_does_it_and_the_reason_is_told() {
    const NAME: &str = "where_io_uring_is_forbidden_epoll_does_it_and_the_reason_is_told";
    if std::env::var_os("THREADBARE_TEST_CHILD").is_none() {
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", NAME, "--test-threads", "1"])
            .env("THREADBARE_TEST_CHILD", NAME)
            .status();
        assert!(status.unwrap().success());
        return;
    }
    forbid_io_uring();
    let (near, mut far) = exchanged();
    assert_eq!(runtime::reactor(), "epoll");
    let reason = runtime::why_epoll().unwrap();
    assert!(reason.contains("forbidden"), "{reason}");
    far.write_all(b"on").unwrap();
    let read = thread::spawn(move || (&near).read(&mut [0; 4]).unwrap());
    assert_eq!(read.join().unwrap(), 2);
}
