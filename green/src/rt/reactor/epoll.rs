//! The system calls of the reactor, each as a safe function (epoll(7), eventfd(2), poll(2)).

#![allow(unsafe_code, reason = "fenced: system calls")]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::rt::call::call;

/// One event: `events` is a set of `EPOLL*`, `u64` the token of the registration.
pub(super) type Event = libc::epoll_event;

pub(super) const NO_EVENT: Event = Event { events: 0, u64: 0 };

/// Everything that can happen, told once each time it happens.
pub(super) const ALL: u32 =
    bits(libc::EPOLLIN | libc::EPOLLOUT | libc::EPOLLRDHUP | libc::EPOLLPRI | libc::EPOLLET);

/// The set as the kernel has it: `EPOLLET` is the sign bit of libc's constant.
pub(super) const fn bits(events: i32) -> u32 {
    events.cast_unsigned()
}

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

fn owned(result: libc::c_int) -> io::Result<OwnedFd> {
    let fd = check(result)?;
    // SAFETY: the kernel has just made this descriptor for us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

pub(super) fn create() -> io::Result<OwnedFd> {
    // SAFETY: no preconditions.
    owned(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })
}

pub(super) fn create_eventfd() -> io::Result<OwnedFd> {
    // SAFETY: no preconditions.
    owned(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) })
}

/// Adds to the counter, which is an event even if nobody reads it. That it is full is one too.
pub(super) fn signal(eventfd: BorrowedFd<'_>) {
    let one = 1_u64;
    // SAFETY: eight bytes are valid for reading.
    let _ = unsafe { libc::write(eventfd.as_raw_fd(), (&raw const one).cast(), size_of::<u64>()) };
}

pub(super) fn add(epoll: BorrowedFd<'_>, fd: RawFd, events: u32, token: u64) -> io::Result<()> {
    let mut event = Event { events, u64: token };
    // SAFETY: the event is valid for the call.
    check(unsafe { libc::epoll_ctl(epoll.as_raw_fd(), libc::EPOLL_CTL_ADD, fd, &raw mut event) }).map(drop)
}

pub(super) fn delete(epoll: BorrowedFd<'_>, fd: RawFd) {
    // SAFETY: deleting needs no event (Linux 2.6.9 and later). It fails when the file is gone already, which is as good.
    unsafe { libc::epoll_ctl(epoll.as_raw_fd(), libc::EPOLL_CTL_DEL, fd, std::ptr::null_mut()) };
}

/// Waits for events until `timeout` (for ever without one); how many came. An interrupted wait is one without events.
pub(super) fn wait(epoll: BorrowedFd<'_>, events: &mut [Event], timeout: Option<Duration>) -> usize {
    static HAS_NANOSECONDS: AtomicBool = AtomicBool::new(true);
    let instance = epoll.as_raw_fd().cast_unsigned() as usize;
    let buffer = events.as_mut_ptr().expose_provenance();
    let precise = timeout.filter(|timeout| !timeout.is_zero() && HAS_NANOSECONDS.load(Ordering::Relaxed));
    if let Some(timeout) = precise {
        let timespec = timespec(timeout);
        // SAFETY: the buffer has room for so many events, the time is valid, and there is no signal mask.
        let result = unsafe {
            call(
                libc::SYS_epoll_pwait2,
                [
                    instance,
                    buffer,
                    events.len(),
                    (&raw const timespec).expose_provenance(),
                    0,
                    0,
                ],
            )
        };
        match result {
            // Before Linux 5.11.
            Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => {
                HAS_NANOSECONDS.store(false, Ordering::Relaxed);
            }
            waited => return waited.unwrap_or(0),
        }
    }
    let timeout = milliseconds(timeout).cast_unsigned() as usize;
    // SAFETY: the buffer has room for so many events.
    let result = unsafe {
        call(
            libc::SYS_epoll_wait,
            [instance, buffer, events.len(), timeout, 0, 0],
        )
    };
    result.unwrap_or(0)
}

/// Waits on the calling operating-system thread until `fd` has one of `events`, or is broken. False if `deadline` came first.
pub(super) fn wait_for_one(fd: BorrowedFd<'_>, events: libc::c_short, deadline: Option<Instant>) -> bool {
    let mut pollfd = libc::pollfd {
        fd: fd.as_raw_fd(),
        events,
        revents: 0,
    };
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let timespec = left.map(timespec);
        let pointer = timespec.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
        // SAFETY: one valid entry, a time that is null or valid, no signal mask.
        let result = unsafe { libc::ppoll(&raw mut pollfd, 1, pointer, std::ptr::null()) };
        if result > 0 {
            return true;
        }
        if left.is_some_and(|left| left.is_zero()) {
            return false;
        }
    }
}

fn timespec(duration: Duration) -> libc::timespec {
    libc::timespec {
        tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: duration.subsec_nanos().into(),
    }
}

/// Rounded up, so that nobody wakes before the time.
fn milliseconds(timeout: Option<Duration>) -> libc::c_int {
    match timeout {
        None => -1,
        Some(timeout) => {
            let rounded = timeout.saturating_add(Duration::from_nanos(999_999)).as_millis();
            libc::c_int::try_from(rounded).unwrap_or(libc::c_int::MAX)
        }
    }
}

/// Whether calls on the open file return rather than wait.
pub(super) fn is_nonblocking(fd: BorrowedFd<'_>) -> io::Result<bool> {
    // SAFETY: no memory is involved.
    let flags = check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFL) })?;
    Ok(flags & libc::O_NONBLOCK != 0)
}

/// Makes calls on the open file return rather than wait, or the other way round.
pub(super) fn set_nonblocking(fd: BorrowedFd<'_>, nonblocking: bool) -> io::Result<()> {
    let mut value = libc::c_int::from(nonblocking);
    // SAFETY: the request reads one integer.
    check(unsafe { libc::ioctl(fd.as_raw_fd(), libc::FIONBIO, &raw mut value) }).map(drop)
}

/// Whether a read would return at once.
pub(crate) fn is_readable(fd: BorrowedFd<'_>) -> bool {
    wait_for_one(fd, libc::POLLIN, Some(Instant::now()))
}

/// read(2), as the open file's flags have it.
pub(crate) fn read(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    // SAFETY: the buffer is valid for writing.
    let result = unsafe { libc::read(fd.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len()) };
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}
