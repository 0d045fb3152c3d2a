//! A stack that is a mapping of its own, with a guard page below.
//!
//! Plain and slow to make (a few microseconds): for coroutines that live long, tests and examples. Runtimes with
//! many stacks bring a pool of their own.

use std::io;

use crate::Stack;

/// An anonymous mapping used as a stack; its lowest page is a guard.
#[derive(Debug)]
pub struct MappedStack {
    mapping: *mut libc::c_void,
    length: usize,
    guard: usize,
}

// SAFETY: the mapping is owned by the value, whichever thread holds it.
unsafe impl Send for MappedStack {}
// SAFETY: a shared reference gives out two numbers and nothing else.
unsafe impl Sync for MappedStack {}

impl MappedStack {
    /// Maps a stack of at least `size` usable bytes.
    ///
    /// # Errors
    /// What `mmap` or `mprotect` report: `ENOMEM` when memory or mappings run out.
    pub fn new(size: usize) -> io::Result<Self> {
        // SAFETY: sysconf has no preconditions.
        let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096);
        let usable = size.max(1).checked_next_multiple_of(page);
        let length = usable.and_then(|usable| usable.checked_add(page));
        let Some(length) = length else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_STACK;
        // SAFETY: a fresh anonymous mapping touches no existing memory.
        let mapping = unsafe {
            libc::mmap(
                core::ptr::null_mut(),
                length,
                libc::PROT_READ | libc::PROT_WRITE,
                flags,
                -1,
                0,
            )
        };
        if mapping == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let stack = MappedStack {
            mapping,
            length,
            guard: page,
        };
        // SAFETY: the lowest page belongs to the mapping just made.
        if unsafe { libc::mprotect(mapping, page, libc::PROT_NONE) } != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(stack)
    }
}

impl Drop for MappedStack {
    fn drop(&mut self) {
        // SAFETY: the value owns the mapping, and the trait's user promised that nothing runs on it any more.
        unsafe { libc::munmap(self.mapping, self.length) };
    }
}

// SAFETY: (1) the mapping is private to the value and unmapped in its drop; (2) its end is page-aligned;
// (3) the page below `limit` is PROT_NONE.
unsafe impl Stack for MappedStack {
    fn base(&self) -> usize {
        self.mapping as usize + self.length
    }

    fn limit(&self) -> usize {
        self.mapping as usize + self.guard
    }
}
