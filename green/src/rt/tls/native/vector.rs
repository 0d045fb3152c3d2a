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
//! for what is loaded at start and for what may come; when half of that has come, vectors are taken from `malloc`
//! ([`Vectors::is_crowded`]): for new slots, and for used ones when their next thread starts. A thread that was there before, and uses a late
//! library when there are more modules than it has room for, ends the process: malloc reports an invalid pointer, for the vector's
//! length lies at an address that malloc never returns.
//!
//! How many modules there are is read from the dynamic linker's own list, which its tables for debuggers lead to.

#![allow(unsafe_code, reason = "fenced: lays out what the dynamic linker reads")]

use std::sync::atomic::{AtomicBool, Ordering};

use super::glibc::DTV;
#[cfg(not(target_feature = "crt-static"))]
use super::glibc::field;
#[cfg(not(target_feature = "crt-static"))]
use super::symbols::symbol;
use super::word_at;

/// Modules that a vector in a slot has room for.
const ROOM: usize = 64;

/// Bytes of a vector in a slot: a multiple of 64, so that blocks stay aligned.
pub(super) const SIZE: usize = ((ROOM + 2) * 16_usize).next_multiple_of(64);

/// The modules that there are now, and so which kind of vector blocks get.
pub(super) struct Vectors {
    /// The dynamic linker's variable that leads to its list of modules; none in a static program.
    list: Option<usize>,
    /// The highest module number at start.
    modules: usize,
    crowded: AtomicBool,
}

/// Pieces of the dynamic linker's list: its length, the next piece, then pairs of generation and module.
const LENGTH: usize = 0;
const NEXT: usize = 8;
const PAIRS: usize = 16;

impl Vectors {
    /// `modules`: the highest module number now.
    ///
    /// # Errors
    /// If the list of modules is not where and as it should be.
    pub(super) fn new(modules: usize) -> Result<Vectors, String> {
        let vectors = Vectors {
            list: list_of_modules()?,
            modules,
            crowded: AtomicBool::new(modules + 20 >= ROOM),
        };
        let known = (1..=modules).filter(|number| vectors.exists(*number)).count();
        if vectors.list.is_some() && (modules == 0 || known == 0 || vectors.has_newcomers()) {
            return Err("the list of modules is not as it should be".to_owned());
        }
        Ok(vectors)
    }

    /// Whether a module has this number.
    fn exists(&self, number: usize) -> bool {
        let Some(list) = self.list else { return false };
        let mut first = 0;
        // SAFETY: the list has at least one piece, pieces are never freed, and their words are written once or as a whole.
        unsafe {
            let mut piece = word_at(list).read_volatile();
            while piece != 0 {
                let length = word_at(piece + LENGTH).read();
                if number < first + length {
                    return word_at(piece + PAIRS + (number - first) * 16 + 8).read_volatile() != 0;
                }
                first += length;
                piece = word_at(piece + NEXT).read_volatile();
            }
        }
        false
    }

    /// Whether anything with thread-locals was loaded since the start.
    pub(super) fn has_newcomers(&self) -> bool {
        self.exists(self.modules + 1)
    }

    /// Whether so many modules have come that a vector in a slot may be too short soon.
    pub(super) fn is_crowded(&self) -> bool {
        if self.crowded.load(Ordering::Relaxed) {
            return true;
        }
        // Numbers are given from below, and given again after an unload: three are looked at, should one be free.
        let half = usize::midpoint(self.modules, ROOM);
        let crowded = [half, half + 5, half + 10]
            .iter()
            .any(|number| self.exists(*number));
        if crowded {
            self.crowded.store(true, Ordering::Relaxed);
        }
        crowded
    }
}

#[cfg(target_feature = "crt-static")]
fn list_of_modules() -> Result<Option<usize>, String> {
    Ok(None)
}

/// Where the dynamic linker keeps the address of its list of modules.
#[cfg(not(target_feature = "crt-static"))]
fn list_of_modules() -> Result<Option<usize>, String> {
    let [_, _, list] = field(c"_thread_db_rtld_global__dl_tls_dtv_slotinfo_list")?;
    let layout = [
        (field(c"_thread_db_dtv_slotinfo_list_len")?[2], LENGTH),
        (field(c"_thread_db_dtv_slotinfo_list_next")?[2], NEXT),
        (field(c"_thread_db_dtv_slotinfo_list_slotinfo")?[2], PAIRS),
        (field(c"_thread_db_dtv_slotinfo_map")?[2], 8),
    ];
    if layout.iter().any(|(found, expected)| found != expected) {
        return Err("the list of modules has an unexpected layout".to_owned());
    }
    Ok(Some(symbol(c"_rtld_global")? + list))
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
