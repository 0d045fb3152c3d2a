//! The check at start: a trial block, made as every thread's will be, is put in place and used.

#![allow(unsafe_code, reason = "fenced: runs on a trial block")]

use std::arch::asm;
use std::cell::Cell;

use super::{Tls, thread_pointer};

const INITIAL: u64 = 0x7472_6561;

std::thread_local! {
    static CHECK: Cell<u64> = const { Cell::new(INITIAL) };
}

/// A problem that a block in place showed.
type Problem = Option<&'static str>;

impl Tls {
    /// Runs a few things on a trial block, from the calling thread.
    pub(super) fn check(&self) -> Result<(), String> {
        let length = self.reserved().next_multiple_of(4096);
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
        // SAFETY: the mapping is zeroed and ours.
        let trial = unsafe { self.make(memory.expose_provenance()) }.map_err(|error| error.to_string())?;
        let own = thread_pointer();
        CHECK.set(1);
        // SAFETY: FSGSBASE was checked; the trial block is complete, and ours alone.
        let (problem, here) = unsafe {
            asm!("wrfsbase {}", in(reg) trial, options(nostack, preserves_flags));
            let observed = self.observe(trial);
            asm!("wrfsbase {}", in(reg) own, options(nostack, preserves_flags));
            observed
        };
        let mine = CHECK.with(|cell| std::ptr::from_ref(cell) as usize);
        if CHECK.get() != 1 || own.wrapping_sub(mine) != trial.wrapping_sub(here) {
            return Err("a trial block's thread-locals are not its own".to_owned());
        }
        match problem {
            None => {
                self.keep(trial);
                Ok(())
            }
            Some(problem) => Err(format!("a trial block failed the check: {problem}")),
        }
    }

    /// Exercises the block that is in place, `trial`: thread-locals, errno, malloc, keys, `pthread_self`.
    ///
    /// # Safety
    /// The FS base is a complete block.
    #[inline(never)]
    unsafe fn observe(&self, trial: usize) -> (Problem, usize) {
        let here = CHECK.with(|cell| std::ptr::from_ref(cell) as usize);
        if CHECK.get() != INITIAL {
            return (Some("initial value"), here);
        }
        CHECK.set(2);
        self.begin(true);
        #[allow(
            clippy::cast_possible_truncation,
            reason = "a number in one library, a pointer in the other"
        )]
        // SAFETY: no preconditions.
        let pthread_self = unsafe { libc::pthread_self() } as usize;
        if pthread_self != trial {
            return (Some("pthread_self"), here);
        }
        // SAFETY: ordinary calls of the library, whose memory is released again.
        unsafe {
            let memory = libc::malloc(100);
            libc::free(memory);
            *libc::__errno_location() = 77;
            if libc::close(-1) != -1 || *libc::__errno_location() != libc::EBADF {
                return (Some("errno"), here);
            }
        }
        (self.observe_keys(trial), here)
    }

    fn observe_keys(&self, trial: usize) -> Problem {
        // SAFETY: ordinary calls of the library, whose key is released again.
        unsafe {
            let mut key = 0;
            if libc::pthread_key_create(&raw mut key, None) != 0 {
                return Some("pthread_key_create");
            }
            if self.notes_used_keys(trial) {
                return Some("the flag of used keys, before");
            }
            libc::pthread_setspecific(key, std::ptr::without_provenance(7));
            if !self.notes_used_keys(trial) {
                return Some("the flag of used keys, after");
            }
            let read = libc::pthread_getspecific(key) as usize;
            libc::pthread_setspecific(key, std::ptr::null());
            libc::pthread_key_delete(key);
            (read != 7).then_some("pthread_setspecific")
        }
    }
}
