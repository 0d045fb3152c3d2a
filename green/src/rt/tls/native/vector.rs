//! A block's vector of modules (dtv): where the code of shared libraries looks up its thread-locals.
//!
//! ```text
//!   start + 8            its length, in modules
//!   start + 24           generation         <- the descriptor's `dtv` points here
//!   start + 24 + 16 m    module m: (address or "not yet", what to free)
//! ```
//!
//! The library would take it from `malloc`, some 300 bytes a thread. Here it lies below the block, on a page that the thread touches
//! anyway, with room for [`ROOM`] modules.
//!
//! Invariant: a vector in a slot is never too short for the modules that there are, so the library never reallocates it. Its room is
//! for what is loaded at start and for what may come; when half of it has come, vectors are taken from `malloc` ([`is_crowded`]), for
//! new slots at once, for used ones when their next thread starts. A thread that was there before and uses a library loaded after another
//! thirty ends the process: malloc reports an invalid pointer, for the vector's length lies at an address that `malloc` never
//! returns.
//!
//! [`is_crowded`]: Vectors::is_crowded

#![allow(unsafe_code, reason = "fenced: lays out what the dynamic linker reads")]

use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicBool, Ordering};

use super::glibc::DTV;
use super::word_at;

/// Modules that a vector in a slot has room for.
const ROOM: usize = 64;

/// Bytes of a vector in a slot: a multiple of 64, so that blocks stay aligned.
pub(super) const SIZE: usize = ((ROOM + 2) * 16_usize).next_multiple_of(64);

/// Which kind of vector blocks get.
pub(super) struct Vectors {
    /// Objects loaded at start, and how many may come until half of the room is used.
    loaded: u64,
    spare: u64,
    crowded: AtomicBool,
}

impl Vectors {
    /// `modules`: the highest module number now.
    pub(super) fn new(modules: usize) -> Vectors {
        Vectors {
            loaded: objects_loaded(),
            spare: u64::try_from(ROOM.saturating_sub(modules) / 2).unwrap_or(0),
            crowded: AtomicBool::new(modules >= ROOM),
        }
    }

    /// Whether so many objects have been loaded that a vector in a slot may be too short soon. As of the last [`look`](Self::look).
    pub(super) fn is_crowded(&self) -> bool {
        self.crowded.load(Ordering::Relaxed)
    }

    /// Notes whether it is crowded now. Each object counts as one with thread-locals.
    pub(super) fn look(&self) {
        if objects_loaded() - self.loaded > self.spare {
            self.crowded.store(true, Ordering::Relaxed);
        }
    }
}

/// Objects that the dynamic linker has loaded since the process started.
fn objects_loaded() -> u64 {
    /// # Safety
    /// `data` points to the caller's number.
    unsafe extern "C" fn first(info: *mut libc::dl_phdr_info, _size: usize, data: *mut c_void) -> c_int {
        // SAFETY: the dynamic linker passes a valid report, and the caller its number.
        unsafe { data.cast::<u64>().write((*info).dlpi_adds) };
        1
    }
    let mut count = 0_u64;
    // SAFETY: the callback gets the number that it expects, and runs before this call returns.
    unsafe { libc::dl_iterate_phdr(Some(first), (&raw mut count).cast()) };
    count
}

/// Gives the block at `tp` an empty vector in the `SIZE` bytes at `start`.
///
/// # Safety
/// The bytes are zeroed and the block's alone; `start` is a multiple of 16.
pub(super) unsafe fn install(tp: usize, start: usize) {
    // SAFETY: the caller's promise: both words lie in memory that is the block's.
    unsafe {
        word_at(start + 8).write(ROOM);
        word_at(tp + DTV).write(start + 24);
    }
}

/// Gives the block at `tp` a vector of its own from `malloc` in the place of the one in its slot. False when there is no memory.
///
/// # Safety
/// The block is complete, its vector is the one at `start`, and no thread uses it.
pub(super) unsafe fn move_to_heap(tp: usize, start: usize) -> bool {
    // SAFETY: the caller's promise; both areas hold `ROOM + 2` pairs, of which the first is half used.
    unsafe {
        if word_at(tp + DTV).read() != start + 24 {
            return true;
        }
        let memory = libc::calloc(ROOM + 2, 16);
        if memory.is_null() {
            return false;
        }
        let from = std::ptr::with_exposed_provenance::<u8>(start + 8);
        std::ptr::copy_nonoverlapping(from, memory.cast::<u8>(), (ROOM + 1) * 16);
        word_at(tp + DTV).write(memory.expose_provenance() + 16);
    }
    true
}

/// The generation of the vector of the block at `tp`: which loads it knows about.
///
/// # Safety
/// The block is complete.
pub(super) unsafe fn generation(tp: usize) -> usize {
    // SAFETY: the caller's promise; the word is the vector's first.
    unsafe { word_at(word_at(tp + DTV).read()).read() }
}

/// Frees the thread-locals of libraries that were loaded at run time; the next thread gets fresh ones.
///
/// # Safety
/// Runs on the block at `tp`, whose thread ends.
pub(super) unsafe fn free_dynamic(tp: usize) {
    // SAFETY: the layout above; a pair that has something to free came from the dynamic linker's malloc, which is the program's.
    unsafe {
        let vector = word_at(tp + DTV).read();
        let length = word_at(vector - 16).read();
        for module in 1..=length.min(4096) {
            let pair = vector + module * 16;
            let owned = word_at(pair + 8).read();
            if owned != 0 {
                word_at(pair).write(usize::MAX);
                word_at(pair + 8).write(0);
                libc::free(std::ptr::with_exposed_provenance_mut(owned));
            }
        }
    }
}
