//! What the engine asks of the operating system, each as a safe function.

#![allow(unsafe_code, reason = "fenced: system calls")]

use std::sync::atomic::AtomicU32;
use std::time::Duration;

/// Waits until woken, if `*word == expected`. Returns early for a timeout, a signal or no reason.
pub(crate) fn futex_wait(word: &AtomicU32, expected: u32, timeout: Option<Duration>) {
    let timespec = timeout.map(|timeout| libc::timespec {
        tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: timeout.subsec_nanos().into(),
    });
    let pointer = timespec.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: the word is valid for the call, and the timeout is null or valid.
    unsafe {
        let operation = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
        libc::syscall(libc::SYS_futex, word.as_ptr(), operation, expected, pointer);
    }
}

/// Wakes one waiter of `word`.
pub(crate) fn futex_wake(word: &AtomicU32) {
    futex_wake_up_to(word, 1);
}

/// Wakes all waiters of `word`.
pub(crate) fn futex_wake_all(word: &AtomicU32) {
    futex_wake_up_to(word, i32::MAX);
}

fn futex_wake_up_to(word: &AtomicU32, count: i32) {
    // SAFETY: the kernel uses the address as a key only.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG,
            count,
        );
    }
}

/// The lowest address and the size of the calling operating-system thread's stack.
pub(crate) fn stack_of_this_thread() -> (usize, usize) {
    let (mut bottom, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: the attributes are written by the first call, read by the second, and destroyed.
    unsafe {
        let mut attributes = std::mem::zeroed();
        if libc::pthread_getattr_np(libc::pthread_self(), &raw mut attributes) == 0 {
            libc::pthread_attr_getstack(&raw const attributes, &raw mut bottom, &raw mut size);
            libc::pthread_attr_destroy(&raw mut attributes);
        }
    }
    (bottom as usize, size)
}

/// The kernel's id of the calling operating-system thread.
pub(crate) fn thread_id() -> i32 {
    // SAFETY: no preconditions.
    unsafe { libc::gettid() }
}

/// Whether user programs may execute `wrfsbase` (Linux 5.9+ on a CPU that has it).
#[cfg(all(
    target_os = "linux",
    any(target_env = "gnu", all(target_env = "musl", target_feature = "crt-static")),
    target_arch = "x86_64",
    not(any(feature = "baton", miri))
))]
pub(crate) fn has_fsgsbase() -> bool {
    const HWCAP2_FSGSBASE: u64 = 1 << 1;
    // SAFETY: no preconditions.
    unsafe { libc::getauxval(libc::AT_HWCAP2) & HWCAP2_FSGSBASE != 0 }
}

/// Whether the CPU checks returns against a shadow stack, which this runtime does not switch.
#[cfg(not(miri))]
pub(crate) fn has_shadow_stack() -> bool {
    const ARCH_SHSTK_STATUS: libc::c_ulong = 0x5005;
    let mut features: libc::c_ulong = 0;
    // SAFETY: the kernel writes one word to `features`, or fails on kernels without the operation.
    let result = unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_SHSTK_STATUS, &raw mut features) };
    result == 0 && features & 1 != 0
}

/// Writes `text` to standard error without buffers, locks or allocation: usable in a signal handler.
pub(crate) fn write_stderr(text: &[u8]) {
    let mut rest = text;
    while !rest.is_empty() {
        // SAFETY: the slice is valid for reading.
        let written = unsafe { libc::write(2, rest.as_ptr().cast(), rest.len()) };
        match usize::try_from(written) {
            Ok(written) if written > 0 => rest = &rest[written.min(rest.len())..],
            _ => return,
        }
    }
}
