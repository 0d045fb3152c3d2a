//! The system calls that every request makes, without the C library's wrappers.
//!
//! A wrapper tells errors by a thread-local: in mode isolated that lies on a page which nothing else in a request's path touches. Where it is
//! a cancellation point (pthreads(7)) it adds two atomic operations; green threads are not cancelled.

#![allow(unsafe_code, reason = "fenced: system calls")]

use std::io;

/// Makes the system call `number` (syscall(2)).
///
/// # Errors
/// The kernel's.
///
/// # Safety
/// What the kernel does with these arguments must be sound.
#[inline(always)]
pub(crate) unsafe fn call(number: libc::c_long, arguments: [usize; 6]) -> io::Result<usize> {
    /// Results from here on are negative error numbers.
    const ERRORS: usize = usize::MAX - 4094;
    // SAFETY: the caller's.
    let result = unsafe { enter(number, arguments) };
    if result < ERRORS {
        return Ok(result);
    }
    let number = i32::try_from(result.wrapping_neg()).unwrap_or(libc::EIO);
    Err(io::Error::from_raw_os_error(number))
}

/// # Safety
/// As of [`call`].
#[cfg(not(miri))]
#[inline(always)]
unsafe fn enter(number: libc::c_long, [a, b, c, d, e, f]: [usize; 6]) -> usize {
    let result;
    // SAFETY: the kernel's convention (System V ABI, appendix A.2): it changes rax, rcx and r11, and memory as the caller answers for.
    unsafe {
        std::arch::asm!(
            "syscall",
            inlateout("rax") number => result,
            in("rdi") a,
            in("rsi") b,
            in("rdx") c,
            in("r10") d,
            in("r8") e,
            in("r9") f,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    result
}

/// # Safety
/// As of [`call`].
#[cfg(miri)]
unsafe fn enter(number: libc::c_long, [a, b, c, d, e, f]: [usize; 6]) -> usize {
    // SAFETY: the caller's.
    let result = unsafe { libc::syscall(number, a, b, c, d, e, f) };
    match usize::try_from(result) {
        Ok(result) => result,
        Err(_) => {
            let error = io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO);
            usize::try_from(error).unwrap_or(0).wrapping_neg()
        }
    }
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;

    #[test]
    fn results_and_errors_are_told_apart() {
        // SAFETY: no memory is involved.
        let (own, closed) = unsafe {
            (
                call(libc::SYS_getpid, [0; 6]),
                call(libc::SYS_close, [usize::MAX, 0, 0, 0, 0, 0]),
            )
        };
        assert_eq!(own.unwrap(), std::process::id() as usize);
        assert_eq!(closed.unwrap_err().raw_os_error(), Some(libc::EBADF));
    }
}
