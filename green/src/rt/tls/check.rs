//! The check at start: a trial block, made as every thread's will be, is put in place and used.

#![allow(unsafe_code, reason = "fenced: runs on a trial block")]

use std::arch::asm;
use std::cell::Cell;

use super::glibc::{Tls, thread_pointer};
use super::vector;

std::thread_local! {
    static CHECK: Cell<u64> = const { Cell::new(0x7472_6561) };
}

impl Tls {
    /// Runs a few things on a trial block, from the calling thread.
    pub(super) fn check(&self) -> Result<(), String> {
        let length = (self.reserved() + 2 * self.align.max(64)).next_multiple_of(4096);
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: a fresh mapping; it is never unmapped, since the library keeps caches that belong to the block.
        let memory = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                length,
                libc::PROT_READ | libc::PROT_WRITE,
                flags,
                -1,
                0,
            )
        };
        if memory == libc::MAP_FAILED {
            return Err("no memory for the check of the thread-local layout".to_owned());
        }
        let trial =
            (memory.expose_provenance() + vector::SIZE + self.below).next_multiple_of(self.align.max(64));
        // SAFETY: the mapping is zeroed and ours.
        unsafe { self.fill(trial) }.map_err(|error| error.to_string())?;
        let own = thread_pointer();
        CHECK.set(1);
        // SAFETY: FSGSBASE was checked; the trial block is complete, and ours alone.
        let (problem, here) = unsafe {
            asm!("wrfsbase {}", in(reg) trial, options(nostack, preserves_flags));
            let observed = observe(self.init_ctype, trial, trial + self.keys_used);
            asm!("wrfsbase {}", in(reg) own, options(nostack, preserves_flags));
            observed
        };
        let mine = CHECK.with(|cell| std::ptr::from_ref(cell) as usize);
        if CHECK.get() != 1 || own.wrapping_sub(mine) != trial.wrapping_sub(here) {
            return Err("a trial block's thread-locals are not its own".to_owned());
        }
        match problem {
            None => Ok(()),
            Some(problem) => Err(format!("a trial block failed the check: {problem}")),
        }
    }
}

/// Exercises the block that is in place: thread-locals, errno, malloc, keys, `pthread_self`.
///
/// # Safety
/// The FS base is a complete block.
#[inline(never)]
unsafe fn observe(
    init_ctype: unsafe extern "C" fn(),
    trial: usize,
    keys_used: usize,
) -> (Option<&'static str>, usize) {
    let here = CHECK.with(|cell| std::ptr::from_ref(cell) as usize);
    if CHECK.get() != 0x7472_6561 {
        return (Some("initial value"), here);
    }
    CHECK.set(2);
    // SAFETY: ordinary calls of the library; the memory and the key are released again.
    unsafe {
        init_ctype();
        if usize::try_from(libc::pthread_self()) != Ok(trial) {
            return (Some("pthread_self"), here);
        }
        let memory = libc::malloc(100);
        libc::free(memory);
        let mut key = 0;
        if libc::pthread_key_create(&raw mut key, None) != 0 {
            return (Some("pthread_key_create"), here);
        }
        let flag = std::ptr::with_exposed_provenance::<u8>(keys_used);
        let before = flag.read_volatile();
        libc::pthread_setspecific(key, std::ptr::without_provenance(7));
        if before != 0 || flag.read_volatile() != 1 {
            return (Some("the flag of used keys"), here);
        }
        let read = libc::pthread_getspecific(key) as usize;
        libc::pthread_setspecific(key, std::ptr::null());
        libc::pthread_key_delete(key);
        if read != 7 {
            return (Some("pthread_setspecific"), here);
        }
        *libc::__errno_location() = 77;
        if libc::close(-1) != -1 || *libc::__errno_location() != libc::EBADF {
            return (Some("errno"), here);
        }
    }
    (None, here)
}
